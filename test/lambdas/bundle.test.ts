import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { BUNDLING, MAX_BUNDLE_BYTES } from '../../lambdas/bundling.ts';
import { ENV_CONTRACTS } from '../../lambdas/contracts.ts';

const LAMBDAS = fileURLToPath(new URL('../../lambdas/', import.meta.url));

describe('the bundle of', () => {
  it.each(Object.keys(ENV_CONTRACTS))('%s is smaller than 1 MB', async (name) => {
    const { outputFiles, warnings } = await build({
      ...BUNDLING,
      entryPoints: [`${LAMBDAS}${name}.lambda.ts`],
      write: false,
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    expect(outputFiles[0]!.contents.length).toBeLessThan(MAX_BUNDLE_BYTES);
  });
});
