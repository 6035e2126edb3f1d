import type { LocalPlatform } from './local.ts';
import { lockRun, RunInProgressError } from './run-lock.ts';

/** Not the name of a source, so that no run of one stands in the way. */
const LOCK = '_publication';
/** A publication takes seconds: who meets another one waits. Milliseconds. */
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 200;

/**
 * Publishes what is derived: one process of this machine at a time, so that what another one left behind that
 * died is taken up at once. Throws a RunInProgressError where another one is at it for a minute.
 */
export async function publishingAlone<T>(platform: LocalPlatform, publish: () => Promise<T>): Promise<T> {
  const unlock = await lockPublication(platform);
  try {
    return await publish();
  } finally {
    unlock();
  }
}

async function lockPublication(platform: LocalPlatform): Promise<() => void> {
  for (let waited = 0; ; waited += LOOK_EVERY_MS) {
    try {
      return await lockRun(platform, LOCK);
    } catch (error) {
      if (!(error instanceof RunInProgressError)) throw error;
      if (waited >= WAIT_MS)
        throw new RunInProgressError(
          `another process is publishing over ${platform.directory}: try again when it has ended`,
        );
      await platform.clock.sleep(LOOK_EVERY_MS);
    }
  }
}
