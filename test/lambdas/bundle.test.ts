import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { BESIDE_THE_BUNDLE, BUNDLING, MAX_BUNDLE_BYTES } from '../../lambdas/bundling.ts';
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

  it('the HTML reader finds its libraries in the files beside it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rescrape-bundle-'));
    const outfile = join(folder, 'index.js');
    await build({
      ...BUNDLING,
      entryPoints: [`${LAMBDAS}../core/source/html.ts`],
      outfile,
      logLevel: 'silent',
    });
    for (const { file, options } of BESIDE_THE_BUNDLE)
      await build({ ...options, outfile: join(folder, file), logLevel: 'silent' });
    // Away from this folder: nothing but the two files can be found.
    const code =
      'const { readHtml, textOf } = require(process.argv[1]); console.log(textOf(readHtml("<b>a<p>b</b>c")) + textOf(readHtml("&eacute;")))';
    const { stdout } = spawnSync(process.execPath, ['-e', code, outfile], { cwd: folder, encoding: 'utf8' });
    rmSync(folder, { recursive: true, force: true });
    expect(stdout).toBe('abcé\n');
  });
});
