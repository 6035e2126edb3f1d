import { defineConfig } from 'vitest/config';

/** A leap day; half a minute before London goes over to summer time; the last half hour of a year. */
const TIMES = ['2028-02-29T12:00:00Z', '2026-03-29T00:59:30Z', '2026-12-31T23:30:00Z'];

/** `npm run test:dates`: the command line from end to end, as if it were another day. */
export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: TIMES.map((time) => ({
      test: {
        name: time,
        include: [
          'test/e2e/{run,worker,interruption}.test.ts',
          'test/e2e/demo.slow.test.ts',
          'test/cli/{records,why,retry}.test.ts',
        ],
        env: { RESCRAPE_NOW: time },
        pool: 'forks' as const,
        testTimeout: 120_000,
        hookTimeout: 120_000,
      },
    })),
  },
});
