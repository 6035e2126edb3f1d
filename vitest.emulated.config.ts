import { defineConfig } from 'vitest/config';

/** `npm run test:emulated`: everything that needs AWS, on an emulator (`test/emulator`). */
export default defineConfig({
  test: {
    include: ['test/emulated/**/*.test.ts'],
    pool: 'forks',
    // Each file starts an emulator of its own, which takes a core to start and 100 MB to run.
    maxWorkers: 2,
    // Installs the emulator once, before the files need it at the same time.
    globalSetup: ['test/emulator/install-once.ts'],
    // Functions know no clock but the machine's, to which what the tests ask for must lie in the past.
    env: { RESCRAPE_NOW: '2025-11-22T12:00:00Z' },
    // They end only what hangs.
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
