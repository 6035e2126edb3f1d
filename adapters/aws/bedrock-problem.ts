import type { ProviderProblem } from '../../core/ports/batch-provider.ts';
import { type AwsTrouble, awsTrouble, told } from './aws-failure.ts';

/** Of a network that did not even let us begin: nothing was sent. */
const NO_CONNECTION = /^E(?:CONNREFUSED|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)$/;

/**
 * What an error of the SDK means for a batch; undefined for one that is not of AWS or the network, which is
 * a bug. `isSubmit`: a job may have been made of the call. Its client token makes it safe to repeat, but
 * whoever repeats it should look first.
 */
export function bedrockProblem(
  error: unknown,
  action: string,
  isSubmit = false,
): ProviderProblem | undefined {
  const trouble = awsTrouble(error);
  if (trouble === undefined) return undefined;
  const message = `bedrock, ${action}: ${told(trouble)}`.replace(/\s+/g, ' ').slice(0, 500);
  return { kind: 'problem', cause: isSubmit ? causeOfSubmit(trouble) : causeOf(trouble), message };
}

function causeOfSubmit(trouble: AwsTrouble): ProviderProblem['cause'] {
  // A job of that name or token is there: it may be ours.
  if (trouble.name === 'ConflictException') return 'unclear';
  const cause = causeOf(trouble);
  if (cause === 'server') return 'unclear';
  if (cause === 'unreachable') return isNotSent(trouble) ? 'unreachable' : 'unclear';
  return cause === 'missing' ? 'refused' : cause;
}

/** True where not even a connection was made. */
export function isNotSent({ name }: AwsTrouble): boolean {
  return NO_CONNECTION.test(name);
}

function causeOf({ kind, name, status }: AwsTrouble): ProviderProblem['cause'] {
  if (kind === 'throttled' || name === 'ServiceQuotaExceededException') return 'rate-limited';
  if (kind === 'unclear') return status === undefined ? 'unreachable' : 'server';
  // A bucket that is not there is a wrong setting; a job or an object is gone.
  if (name === 'NoSuchBucket') return 'refused';
  return kind === 'missing' || status === 404 ? 'missing' : 'refused';
}

/** A call to AWS: what it answers, or the problem. Throws the signal's own reason, and bugs. */
export async function askAws<Output>(
  action: string,
  signal: AbortSignal | undefined,
  call: () => Promise<Output>,
  isSubmit = false,
): Promise<{ readonly kind: 'done'; readonly output: Output } | ProviderProblem> {
  signal?.throwIfAborted();
  try {
    return { kind: 'done', output: await call() };
  } catch (error) {
    // The SDK has an error of its own for it.
    signal?.throwIfAborted();
    const problem = bedrockProblem(error, action, isSubmit);
    if (problem === undefined) throw error;
    return problem;
  }
}

/** The same call is refused again. */
export function refusal(action: string, message: string): ProviderProblem {
  return { kind: 'problem', cause: 'refused', message: `bedrock, ${action}: ${message}` };
}
