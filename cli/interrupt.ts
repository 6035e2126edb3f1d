/**
 * Milliseconds in which a second signal is the same one: a terminal signals the launcher and this process,
 * and the launcher hands it on.
 */
const SAME_SIGNAL_MS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const underWay = new Set<AbortController>();
let isListening = false;
let interruptedAt: number | undefined;

/**
 * Lets Ctrl-C, SIGTERM and SIGHUP end `work` in order: it is told by the abort signal, and the user at once.
 * A second Ctrl-C after that ends the process at once. Whoever did not finish throws an `InterruptedCommand`:
 * exit code 130.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  // Listened to until the process ends: the same signal may come once more while it does so in order.
  if (!isListening) for (const signal of SIGNALS) process.on(signal, interrupt);
  isListening = true;
  const abort = new AbortController();
  if (interruptedAt !== undefined) abort.abort(INTERRUPTED);
  underWay.add(abort);
  try {
    return await work(abort.signal);
  } finally {
    underWay.delete(abort);
  }
}

const INTERRUPTED = new Error('interrupted');

function interrupt(): void {
  // Two signals of one terminal: the time between them is the machine's, whatever clock a command works by.
  const now = performance.now();
  if (interruptedAt !== undefined && now - interruptedAt < SAME_SIGNAL_MS) return;
  if (interruptedAt !== undefined || underWay.size === 0) process.exit(130);
  interruptedAt = now;
  console.error(
    'interrupted: nothing more is asked for, only what is on its way may come (again ends at once)',
  );
  for (const abort of underWay) abort.abort(INTERRUPTED);
}
