import { createRequire } from 'node:module';

/** Imports one bundle in a fresh process and prints how long that took. */
const [file] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const startedAt = performance.now();
require(file!);
console.log(JSON.stringify({ importMs: performance.now() - startedAt }));
process.exit();
