import { defineConfig } from 'vitest/config';

/** `npm run test:slow`: tests that start hundreds of processes, or play hundreds of histories. */
export default defineConfig({
  test: {
    include: ['test/**/*.slow.test.ts'],
    pool: 'forks',
    // Ends only what hangs.
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
