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
  it.each(Object.keys(ENV_CONTRACTS))('%s is smaller than 1.08 MB', async (name) => {
    const { outputFiles, warnings } = await build({
      ...BUNDLING,
      entryPoints: [`${LAMBDAS}${name}.lambda.ts`],
      write: false,
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    expect(outputFiles[0]!.contents.length).toBeLessThan(MAX_BUNDLE_BYTES);
  });

  it.each([
    [
      'the HTML reader',
      'core/source/html.ts',
      '{ readHtml, textOf }',
      'textOf(readHtml("<b>a<p>b</b>c")) + textOf(readHtml("&eacute;"))',
      'abcé',
    ],
    [
      'the reader of charsets',
      'core/fetch/charset.ts',
      '{ decodeText }',
      'decodeText(Buffer.from([0xe9]), "text/html; charset=latin1")',
      'é',
    ],
    [
      'the guard of addresses',
      'core/fetch/address-guard.ts',
      '{ addressRefusal }',
      'addressRefusal("10.0.0.1")',
      '10.0.0.1 is a private address',
    ],
    [
      'the reader of XML',
      'core/source/xml.ts',
      '{ readXml, xmlText }',
      'xmlText(readXml({ text: "<a>b</a>" }, "a").root)',
      'b',
    ],
    [
      'Parquet',
      'core/lake/parquet.ts',
      '{ writeParquet, readParquet }',
      'writeParquet([{ name: "a", type: "string", nullable: false }], [{ a: "x" }]).length > 0 && typeof readParquet',
      'function',
    ],
  ])('%s finds its libraries in the files beside it', async (_, entry, names, expression, said) => {
    const folder = mkdtempSync(join(tmpdir(), 'rescrape-bundle-'));
    const outfile = join(folder, 'index.js');
    await build({
      ...BUNDLING,
      entryPoints: [`${LAMBDAS}../${entry}`],
      outfile,
      logLevel: 'silent',
    });
    for (const { file, options } of BESIDE_THE_BUNDLE)
      await build({ ...options, outfile: join(folder, file), logLevel: 'silent' });
    // Away from this folder: nothing but these files can be found.
    const code = `const ${names} = require(process.argv[1]); console.log(${expression})`;
    const { stdout } = spawnSync(process.execPath, ['-e', code, outfile], { cwd: folder, encoding: 'utf8' });
    const found =
      'console.log(typeof require("hyparquet").parquetReadObjects, typeof require("socks").SocksClient, typeof require("@aws-sdk/client-secrets-manager").SecretsManagerClient, typeof require("@aws-sdk/client-bedrock-runtime").ConverseCommand)';
    const beside = spawnSync(process.execPath, ['-e', found], { cwd: folder, encoding: 'utf8' });
    rmSync(folder, { recursive: true, force: true });
    expect(stdout).toBe(`${said}\n`);
    expect(beside.stdout).toBe('function function function function\n');
  });
});
