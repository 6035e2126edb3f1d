import { faults, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import { queuePlay } from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';

/** A lake in which the first two races of Great Britain are dead, and one message is poison. */
export async function sessionWithDeadLetters(): Promise<Session> {
  const session = await sessionWith(faults(rule(0, status(500)), rule(1, status(503))));
  await session.run({ targets: ['gb'] });
  await session.platform.failedItems.send([{ body: 'hello\u001b[31m', delayMs: 0 }]);
  await queuePlay(() => session).waitAndDrain(3);
  return session;
}
