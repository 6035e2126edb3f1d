import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepsText } from '../core/advice/render.ts';
import { FailureStore, nameOf } from '../core/failures/failure-store.ts';
import { decodeFailedItem } from '../core/failures/message.ts';
import { sendLostAgain } from '../core/failures/queue-failures.ts';
import type { ReceivedMessage } from '../core/ports/work-queue.ts';
import type { RetryAnswer } from '../core/retry/claimed-retry.ts';
import { drain } from '../core/retry/drain.ts';
import type { LocalPlatform } from '../runtime/local.ts';
import { isStack } from '../runtime/platform-for.ts';
import { stoppable } from '../runtime/stoppable.ts';
import { adviseAt, type Place } from './advice.ts';
import { examples, newCommand } from './command.ts';
import { globalOptions, withPlatform } from './context.ts';
import { UsageError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { printLine } from './json.ts';
import { answerRecord } from './json-records.ts';
import { counted } from './list.ts';
import { cellText } from './print.ts';
import { answerText, tellTrouble } from './retry-answer.ts';

/** Milliseconds between two looks at a queue that had nothing due: cool-downs are counted in minutes. */
const LOOK_EVERY_MS = 2000;
/**
 * Milliseconds between two looks for queued items whose message is lost: they are found an hour late anyway.
 */
const LOOK_FOR_LOST_EVERY_MS = 600_000;
/** Milliseconds to leave a store alone that was out of reach. */
const AFTER_TROUBLE_MS = 30_000;

export function workerCommand(): Command {
  return newCommand('worker')
    .option('--once', 'end when nothing is due, for cron')
    .addHelpText('after', examples('worker', 'worker --once', 'worker --once --json'))
    .action(async ({ once = false }: { once?: boolean }, command: Command) => {
      if (globalOptions(command).stack !== undefined)
        throw new UsageError(
          'a stack works its queue by itself (the function retry-items)',
          advise({ kind: 'ended', as: 'worker-of-a-stack' }),
        );
      await withPlatform(
        command,
        async (platform, { json = false, place }) => {
          if (isStack(platform)) return;
          await interruptible((signal) => work(platform, { once, json, place, signal }));
        },
        tellTrouble,
      );
    });
}

interface WorkOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly place: Place;
  readonly signal: AbortSignal;
}

/** Works the queue, and stays alive whatever happens to a single item. */
async function work(platform: LocalPlatform, { once, json, place, signal }: WorkOptions): Promise<void> {
  console.error(
    `at first: ${await queueText(platform, place)}${once ? '' : '; waiting for what comes due (Ctrl-C ends it)'}`,
  );
  const onHandled = (message: ReceivedMessage, answer: RetryAnswer) => say(platform, message, answer, json);
  let lookForLostAt = 0;
  while (!signal.aborted) {
    let pauseMs = LOOK_EVERY_MS;
    try {
      if (platform.clock.now() >= lookForLostAt) {
        for (const { name } of platform.sources) await sendLostAgain(platform, name);
        lookForLostAt = platform.clock.now() + LOOK_FOR_LOST_EVERY_MS;
      }
      await drain(stoppable(platform, signal), { mustStop: () => signal.aborted, onHandled });
    } catch (error) {
      if (once) throw error;
      console.error(`rescrape: ${(error as Error).message}; trying again in ${AFTER_TROUBLE_MS / 1000} s`);
      pauseMs = AFTER_TROUBLE_MS;
    }
    if (once) break;
    await platform.clock.sleep(pauseMs, signal).catch(() => undefined);
  }
  console.error(`at the end: ${await queueText(platform, place)}`);
}

async function queueText(platform: LocalPlatform, place: Place): Promise<string> {
  const { due, delayed, inFlight } = await platform.failedItems.depth();
  let dead = 0;
  for (const { name } of platform.sources)
    for await (const { state } of new FailureStore(platform.state).list(name)) if (state === 'dead') dead++;
  const deadText =
    dead === 0
      ? ''
      : `, ${counted(dead, 'dead letter')} (${stepsText(adviseAt(place, { kind: 'ended', as: 'dead-letters' }))})`;
  const claimed = inFlight === 0 ? '' : ' (those of a process that died come back within 15 minutes)';
  return `${due} due, ${delayed} waiting, ${inFlight} under way${claimed}${deadText}`;
}

function say({ clock }: LocalPlatform, { body }: ReceivedMessage, answer: RetryAnswer, json: boolean): void {
  const decoded = decodeFailedItem(body);
  const failure = decoded.kind === 'message' ? nameOf(decoded.key) : null;
  if (json) printLine({ failure, ...answerRecord(answer) });
  else console.log(cellText(`${failure ?? 'a message'} ${answerText(answer, clock.now())}`));
}
