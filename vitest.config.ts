import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need an emulator of AWS: `npm run test:emulated`.
    exclude: [...configDefaults.exclude, 'test/emulated/**'],
    // Child processes and CDK bundling die in worker threads.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
