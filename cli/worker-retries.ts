import { stepsText } from '../core/advice/render.ts';
import { FailureStore, nameOf } from '../core/failures/failure-store.ts';
import { decodeFailedItem } from '../core/failures/message.ts';
import { sendLostAgain } from '../core/failures/queue-failures.ts';
import type { ReceivedMessage } from '../core/ports/work-queue.ts';
import { forwardRecords } from '../core/publish-entities/forward.ts';
import type { RetryAnswer } from '../core/retry/claimed-retry.ts';
import { drain } from '../core/retry/drain.ts';
import type { LocalPlatform } from '../runtime/local.ts';
import { stoppable } from '../runtime/stoppable.ts';
import { adviseAt, type Place } from './advice.ts';
import { printLine } from './json.ts';
import { answerRecord } from './json-records.ts';
import { counted } from './list.ts';
import { cellText } from './print.ts';
import { answerText } from './retry-answer.ts';
import { Due, repeat, type WorkOptions } from './worker-loop.ts';
import { printWaiting, waitingIn, waitingText } from './worker-queues.ts';

/** Milliseconds between two looks at a queue that had nothing due: cool-downs are counted in minutes. */
const LOOK_EVERY_MS = 2000;
/**
 * Milliseconds between two looks for queued items whose message is lost: they are found an hour late anyway.
 */
const LOOK_FOR_LOST_EVERY_MS = 600_000;

/** Works the queue of failed items, and stays alive whatever happens to a single item. */
export async function workRetries(platform: LocalPlatform, options: WorkOptions): Promise<void> {
  const { once, json, place, signal } = options;
  console.error(
    `at first: ${await queueText(platform, place)}${once ? '' : '; waiting for what comes due (Ctrl-C ends it)'}`,
  );
  let recovered = 0;
  const onHandled = (message: ReceivedMessage, answer: RetryAnswer) => {
    if (answer.kind === 'recovered') recovered++;
    say(platform, message, answer, json);
  };
  const lost = new Due(platform.clock, LOOK_FOR_LOST_EVERY_MS);
  await repeat(platform, { ...options, everyMs: LOOK_EVERY_MS }, async () => {
    await lost.whenDue(async () => {
      for (const { name } of platform.sources) await sendLostAgain(platform, name);
    });
    await drain(stoppable(platform, signal), { mustStop: () => signal.aborted, onHandled });
    // What was recovered goes on to be enriched.
    if (recovered > 0) await forwardRecords(platform);
    recovered = 0;
  });
  console.error(`at the end: ${await queueText(platform, place)}`);
  if (once && json) printWaiting('retries', await waitingIn([platform.failedItems]));
}

async function queueText(platform: LocalPlatform, place: Place): Promise<string> {
  const waiting = await waitingIn([platform.failedItems]);
  let dead = 0;
  for (const { name } of platform.sources)
    for await (const { state } of new FailureStore(platform.state).list(name)) if (state === 'dead') dead++;
  const deadText =
    dead === 0
      ? ''
      : `, ${counted(dead, 'dead letter')} (${stepsText(adviseAt(place, { kind: 'ended', as: 'dead-letters' }))})`;
  const claimed = waiting.inFlight === 0 ? '' : ' (those of a process that died come back within 15 minutes)';
  return `${waitingText(waiting)}${claimed}${deadText}`;
}

function say({ clock }: LocalPlatform, { body }: ReceivedMessage, answer: RetryAnswer, json: boolean): void {
  const decoded = decodeFailedItem(body);
  const failure = decoded.kind === 'message' ? nameOf(decoded.key) : null;
  if (json) printLine({ failure, ...answerRecord(answer) });
  else console.log(cellText(`${failure ?? 'a message'} ${answerText(answer, clock.now())}`));
}
