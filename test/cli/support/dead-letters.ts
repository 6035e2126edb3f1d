import { handleFailedItem } from '../../../core/pipeline/retry-items.ts';
import { faults, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import type { Session } from '../../e2e/support/session.ts';

const MINUTE = 60_000;

/** A lake in which the first two races of Great Britain are dead, and one message is poison. */
export async function sessionWithDeadLetters(): Promise<Session> {
  const session = await sessionWith(faults(rule(0, status(500)), rule(1, status(503))));
  await session.run({ targets: ['gb'] });
  await session.platform.failedItems.send([{ body: 'hello\u001b[31m', delayMs: 0 }]);
  for (let n = 0; n < 3; n++) {
    await session.clock.sleep(46 * MINUTE);
    await drain(session);
  }
  return session;
}

/** Handles what is due, one message after the other. */
export async function drain({ platform }: Session): Promise<string[]> {
  const answers: string[] = [];
  for (;;) {
    const [delivery] = await platform.failedItems.receive({ max: 1, visibilityMs: 15 * MINUTE });
    if (!delivery) return answers;
    answers.push((await handleFailedItem(platform, delivery)).kind);
  }
}
