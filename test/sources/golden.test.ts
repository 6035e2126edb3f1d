import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import type { Page } from '../../core/source/page.ts';
import type { Item, Source, Target } from '../../core/source/source.ts';
import { sources } from '../../sources/index.ts';
import { bulletins } from '../sources-of-tests/bulletins.ts';

/**
 * Golden pages. A folder `sources/<source>/fixtures/<name>` with three files is a test: `page.html`,
 * `page.json` or `page.xml` (what the site sent), `meta.json` (`Meta`, where it came from) and
 * `expected.json` (what `parse`, or `discover.parse` for an index, must make of it).
 */
interface Meta {
  readonly kind: 'index' | 'item' | 'look-up';
  /** Final address of the page. */
  readonly url: string;
  readonly target: string;
  readonly date: string;
  /** Absent for an index. */
  readonly item?: Item;
  /** Requests of the item before this page, by address; none where it is the first. */
  readonly asked?: readonly string[];
  /** What is looked up. */
  readonly of?: Target;
  /** From 400 on it is the refusal that is read. @default 200 */
  readonly status?: number;
  /** Keys of the rows that earlier pages of the item gave. */
  readonly rowKeys?: readonly string[];
}

const SOURCES = join(import.meta.dirname, '../../sources');
const OF_TESTS = join(import.meta.dirname, '../sources-of-tests/fixtures');

for (const [source, folder] of [
  ...sources.map((source) => [source, join(SOURCES, source.name, 'fixtures')] as const),
  [bulletins, join(OF_TESTS, bulletins.name)] as const,
]) {
  describe(`golden pages of ${source.name}`, () => {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    it('are there', () => expect(names.length).toBeGreaterThan(0));

    it.each(names)('%s reads as expected', (name) => {
      const meta = readJson(join(folder, name, 'meta.json')) as Meta;
      const read = readPage(source, meta, {
        url: meta.url,
        status: meta.status ?? 200,
        ...readBody(join(folder, name)),
      });
      expect(read).toEqual(readJson(join(folder, name, 'expected.json')));
      if (read.kind === 'records') {
        for (const record of read.records) {
          expect(source.table.schema.strict().safeParse(record).error).toBeUndefined();
          expect((record as Record<string, unknown>)[source.table.itemKey]).toBe(meta.item?.id);
        }
      }
    });
  });
}

function readPage(source: Source, meta: Meta, page: Page) {
  const { kind, item, target, date, of, asked = [], rowKeys = [] } = meta;
  const partition = { value: target, date: civilDate(date) };
  if (kind === 'index') return source.discover!.parse(page, partition, { attempt: 1, notes: [] });
  if (kind === 'look-up') return source.register!.lookUp!.read(page, of!);
  if (!item) throw new Error('meta.json of an item needs the item');
  if (page.status >= 400) return source.refusal!(page, item) ?? { kind: 'says nothing' };
  const requests = [...asked.map((url) => ({ url })), item];
  const known = { page: asked.length, rowKeys: new Set(rowKeys), settings: source.ownSettings };
  return source.parse(page, item, partition, { ...known, requests });
}

const BODIES = [
  ['page.html', 'text/html'],
  ['page.json', 'application/json'],
  ['page.xml', 'application/xml'],
] as const;

function readBody(folder: string): Pick<Page, 'contentType' | 'text'> {
  const [file, contentType] = BODIES.find(([name]) => existsSync(join(folder, name))) ?? BODIES[0];
  return { contentType, text: readFileSync(join(folder, file), 'utf8') };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
