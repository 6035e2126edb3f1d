import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';

/**
 * How every handler is bundled: options of esbuild, for whoever bundles (the constructs, tests, the bench).
 * CommonJS with the SDK bundled from its ES modules imports in 60 ms on Node 24 (ESM 69 ms; the SDK that the
 * runtime brings 105 ms; CommonJS with esbuild's own mainFields 109 ms and 1.4 MB).
 */
export const BUNDLING = {
  bundle: true,
  platform: 'node' as const,
  target: 'node24',
  format: 'cjs' as const,
  mainFields: ['module', 'main'],
  minify: true,
  // As they are: the tables of character references are full of what esbuild would else escape.
  charset: 'utf8',
  // They stand with the packages; nobody is given a bundle.
  legalComments: 'none' as const,
  // What `createRequire` starts from (`core/source/html-browser.ts`).
  define: { 'import.meta.url': '__filename' },
  // Where credentials come from other than a function's own variables: 90 KB that a Lambda never loads.
  external: [
    '@aws-sdk/credential-provider-http',
    '@aws-sdk/credential-provider-ini',
    '@aws-sdk/credential-provider-login',
    '@aws-sdk/credential-provider-process',
    '@aws-sdk/credential-provider-sso',
    '@aws-sdk/credential-provider-web-identity',
    '@smithy/credential-provider-imds',
  ],
} satisfies BuildOptions;

/**
 * Bytes that no bundle exceeds. What is read and compiled at a cold start grows with it; 30,000 of them are
 * the compiler of zod, by which a page's records are held against their schema in an eighth of the time.
 */
export const MAX_BUNDLE_BYTES = 1_080_000;

/**
 * Libraries that no start needs: of pages (`core/source/html-browser.ts`, `html-scanner.ts`, `site.ts`,
 * `xml.ts`, `core/fetch/charset.ts`, `address-guard.ts`), of Parquet (`core/lake/parquet.ts`,
 * `core/parquet/zstd-page.ts`), of proxies
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
  { file: 'node_modules/hyparquet/src/xxhash.js', name: 'hyparquet/src/xxhash.js' },
  { file: 'node_modules/socks/index.js', name: 'socks' },
  { file: 'node_modules/@aws-sdk/client-secrets-manager/index.js', name: '@aws-sdk/client-secrets-manager' },
  { file: 'node_modules/@aws-sdk/client-bedrock-runtime/index.js', name: '@aws-sdk/client-bedrock-runtime' },
].map(({ file, name }) => ({
  file,
  options: { ...BUNDLING, entryPoints: [fileURLToPath(import.meta.resolve(name))] } satisfies BuildOptions,
}));
