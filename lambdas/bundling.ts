import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';

const MINIFIED = {
  minify: true,
  target: 'node24',
  // As they are: what is written in other letters than Latin ones would be longer.
  charset: 'utf8' as const,
  // They stand with the packages; nobody is given a bundle.
  legalComments: 'none' as const,
};

/** How all code of a function is bundled: CommonJS, with the SDK from its ES modules. */
export const BUNDLING = {
  ...MINIFIED,
  bundle: true,
  platform: 'node' as const,
  format: 'cjs' as const,
  mainFields: ['module', 'main'],
  // What `createRequire` starts from (`core/source/html-browser.ts`).
  define: { 'import.meta.url': '__filename' },
  // Where credentials come from other than a function's own variables, and what tells browsers apart:
  // 125 KB that a Lambda never loads.
  external: [
    '@aws-sdk/credential-provider-http',
    '@aws-sdk/credential-provider-ini',
    '@aws-sdk/credential-provider-login',
    '@aws-sdk/credential-provider-process',
    '@aws-sdk/credential-provider-sso',
    '@aws-sdk/credential-provider-web-identity',
    '@smithy/credential-provider-imds',
    'bowser',
  ],
} satisfies BuildOptions;

/**
 * Writes the files of the handler in this file into a folder: `index.js`, what it needs at once, and for each
 * `import()` a file that is read when that is called. In one file esbuild would wrap what an `import()` may
 * reach, which is all of zod, in functions: V8 reads those twice. Answers what esbuild warns of.
 */
export function writeBundle(entry: string, folder: string): readonly string[] {
  const modules = mkdtempSync(join(tmpdir(), 'rescrape-bundle-'));
  try {
    const { outputFiles, warnings } = buildSync({
      ...BUNDLING,
      mainFields: [...BUNDLING.mainFields],
      // Only ES modules are split.
      format: 'esm',
      splitting: true,
      minify: false,
      entryPoints: [{ in: entry, out: 'index' }],
      outdir: modules,
      write: false,
      logLevel: 'error',
    });
    for (const { path, text } of outputFiles) writeFileSync(path, withLiteralKeys(text));
    // As CommonJS they load faster.
    buildSync({
      ...MINIFIED,
      format: 'cjs',
      treeShaking: true,
      // Of one by `require`, too.
      supported: { 'dynamic-import': false },
      define: BUNDLING.define,
      entryPoints: outputFiles.map(({ path }) => path),
      outdir: folder,
      logLevel: 'error',
    });
    return warnings.map(({ text }) => text);
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
}

/** The schemas of a client, as they stand in what esbuild makes of several modules. */
const SCHEMAS = /^\/\/ \S+\/@aws-sdk\/client-[a-z0-9-]+\/dist-es\/schemas\/schemas_0\.js\n[\s\S]*?^\/\/ /gm;

/**
 * Writes `{ [_hH]: 1 }` as `{ "httpHeader": 1 }` in schemas of the SDK, where `_hH` is that text. esbuild
 * takes a name between brackets for a call of something, and keeps the schemas of all hundred operations.
 */
function withLiteralKeys(code: string): string {
  return code.replaceAll(SCHEMAS, (schemas) => {
    const texts = [...schemas.matchAll(/^(?:var|const) (\w+) = ("[^"\\]*");$/gm)];
    const constants = new Map(texts.map(([, name, text]) => [name, text]));
    return schemas.replaceAll(/\[(\w+)\](?=: )/g, (key, name) => constants.get(name) ?? key);
  });
}

/** Of the files of a function, those beside them left out. */
export function bundleBytes(folder: string): number {
  const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/**
 * Bytes that no bundle exceeds. What is read and compiled at a cold start grows with it; 30,000 of them are
 * the compiler of zod, by which a page's records are held against their schema in an eighth of the time, and
 * 20,000 the scanner of HTML, which is no code until the first page is read.
 */
export const MAX_BUNDLE_BYTES = 1_060_000;

/**
 * Libraries that no start needs: of pages (`core/source/html-browser.ts`, `html-scanner.ts`, `site.ts`,
 * `xml.ts`, `core/fetch/charset.ts`, `address-guard.ts`), of Parquet (`core/lake/parquet.ts`), of proxies
 * (`adapters/web/proxy-tunnel.ts`, `adapters/aws/secrets.ts`) and of pages that are asked one by one
 * (`adapters/aws/bedrock-model.ts`). Each is a file of its own beside the bundle,
 * found below `node_modules` and loaded by the first page, file or source that asks for it. In the bundle
 * they would be 600 KB at every cold start.
 */
export const BESIDE_THE_BUNDLE = [
  { file: 'node_modules/parse5/index.js', name: 'parse5' },
  { file: 'node_modules/entities/decode.js', name: 'entities/decode' },
  { file: 'node_modules/html-encoding-sniffer/index.js', name: 'html-encoding-sniffer' },
  { file: 'node_modules/tldts/index.js', name: 'tldts' },
  { file: 'node_modules/saxes/index.js', name: 'saxes' },
  { file: 'node_modules/ipaddr.js/index.js', name: 'ipaddr.js' },
  { file: 'node_modules/hyparquet/index.js', name: 'hyparquet' },
  { file: 'node_modules/socks/index.js', name: 'socks' },
  { file: 'node_modules/@aws-sdk/client-secrets-manager/index.js', name: '@aws-sdk/client-secrets-manager' },
  { file: 'node_modules/@aws-sdk/client-bedrock-runtime/index.js', name: '@aws-sdk/client-bedrock-runtime' },
].map(({ file, name }) => ({
  file,
  options: { ...BUNDLING, entryPoints: [fileURLToPath(import.meta.resolve(name))] } satisfies BuildOptions,
}));
