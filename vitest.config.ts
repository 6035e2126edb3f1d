import { configDefaults, defineConfig } from 'vitest/config';

/** What ends a test that hangs, on a busy machine as well: no test is about how long something takes. */
const HANGS_MS = 120_000;

/** `npm test`: the fast ones. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:slow`; an emulator of AWS: `npm run test:emulated`.
    exclude: [...configDefaults.exclude, 'test/**/*.slow.test.ts', 'test/emulated/**'],
    // Child processes and CDK bundling die in worker threads.
    pool: 'forks',
    // Left to itself it leaves one core idle: half of the speed where there are two.
    maxWorkers: '100%',
    testTimeout: HANGS_MS,
    hookTimeout: HANGS_MS,
  },
});
