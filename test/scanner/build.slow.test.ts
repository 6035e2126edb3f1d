import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildScanner, builtScanner } from '../../scanner/build.ts';

const hasCompiler = existsSync(new URL('../../scanner/node_modules/assemblyscript', import.meta.url));
if (!hasCompiler)
  console.log('the compiler of the scanner is not installed (npm ci --prefix scanner): not built again');

describe('building the scanner again', () => {
  it.runIf(hasCompiler)('makes the same bytes', async () => {
    expect(await buildScanner()).toBe(builtScanner());
  });
});
