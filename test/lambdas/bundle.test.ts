import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import {
  BESIDE_THE_BUNDLE,
  BUNDLING,
  bundleBytes,
  MAX_BUNDLE_BYTES,
  writeBundle,
} from '../../lambdas/bundling.ts';
import { ENV_CONTRACTS } from '../../lambdas/contracts.ts';
import { SOURCE_NAMES } from '../../sources/list.ts';
import { ENV } from './support.ts';

const IDS = { runId: '019aa000-0000-7000-8000-000000000000', force: false };
const SOURCES = SOURCE_NAMES.join(', ');
const LAMBDAS = fileURLToPath(new URL('../../lambdas/', import.meta.url));

describe('the bundle of', () => {
  it.each(Object.keys(ENV_CONTRACTS))('%s is smaller than 1.06 MB', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'rescrape-bundle-'));
    try {
      expect(writeBundle(`${LAMBDAS}${name}.lambda.ts`, folder)).toEqual([]);
      expect(bundleBytes(folder)).toBeLessThan(MAX_BUNDLE_BYTES);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each([
    ['publish', { ...IDS, value: 'gb', date: '2026-11-20' }, `${SOURCES}\n`],
    // It tells what is derived from what it does not know.
    ['plan', { scheduledTime: '2026-11-20T01:30:00Z', executionName: 'e' }, `${SOURCES}, tutors, students, `],
  ])('%s finds its sources in files of their own', (name, facts, said) => {
    const folder = mkdtempSync(join(tmpdir(), 'rescrape-bundle-'));
    writeBundle(`${LAMBDAS}${name}.lambda.ts`, folder);
    const index = readFileSync(join(folder, 'index.js'), 'utf8');
    const event = JSON.stringify({ source: 'nowhere', ...facts });
    const code = `require(process.argv[1]).handler(${event}, {}).catch((e) => console.error(e.message))`;
    const options = { env: { ...process.env, ...ENV }, cwd: folder, encoding: 'utf8' } as const;
    const { stderr } = spawnSync(process.execPath, ['-e', code, join(folder, 'index.js')], options);
    rmSync(folder, { recursive: true, force: true });
    expect(stderr).toContain(`there is no source "nowhere"; there is: ${said}`);
    expect(index).not.toContain('racing_results');
    // Of the operations of S3 it has those that we call.
    expect(index).toContain('GetObjectRequest');
    expect(index).not.toContain('GetBucketAclRequest');
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
