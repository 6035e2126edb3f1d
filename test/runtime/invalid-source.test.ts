import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sourceOf } from '../../cli/context.ts';
import { scopeOf } from '../../cli/filter.ts';
import { sourceNamed } from '../../core/platform.ts';
import { defineSource } from '../../core/source/define-source.ts';
import { isScraped } from '../../core/source/derived.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import { racing } from '../../sources/racing/source.ts';
import { Synthesized } from '../lib/synthesized.ts';
import { shelves } from '../sources-of-tests/shelves.ts';

const { problem: _, register: __, ...definition } = shelves;
const broken = defineSource({ ...definition, name: 'broken', timeZone: 'Europe/Atlantis' });
const LINE = 'source "broken" is not valid: timeZone: not an IANA time zone';

it('an invalid source says so in one line and stops only itself', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-invalid-source-'));
  const platform = openLocalPlatform({ directory, env: {}, sources: [broken, racing, shelves] });
  try {
    expect(platform.sources.filter(isScraped).map(({ name }) => name)).toEqual(['racing', 'shelves']);
    expect(() => sourceOf(platform, 'broken')).toThrow(LINE);
    expect(() => sourceNamed(platform, 'broken')).toThrow(LINE);
    expect(scopeOf(platform, { target: 'poems' }).sources.map(({ name }) => name)).toEqual(['shelves']);
    expect(scopeOf(platform, { target: 'gb' }).sources.map(({ name }) => name)).toEqual(['racing']);
    expect(() => scopeOf(platform, { target: 'none' })).toThrow('there is no target "none"');
  } finally {
    await platform.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

it('a deployment is refused with it: without it, what is deployed of it would be taken down', () => {
  expect(() => new Synthesized({ stage: 'dev' }, undefined, { listed: [broken, shelves] })).toThrow(LINE);
});
