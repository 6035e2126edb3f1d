import { describe, expect, it } from 'vitest';
import { builtScanner, hashOfSources } from '../../scanner/build.ts';

describe('the scanner that is in the repository', () => {
  it('was made of the sources that are: npm run build:scanner', () => {
    expect(builtScanner().match(/^\/\/ (\w{64})$/m)?.[1]).toBe(hashOfSources());
  });
});
