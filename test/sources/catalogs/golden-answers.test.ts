import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../core/extract/answer.ts';
import type { ExtractedPage } from '../../../core/extract/extraction.ts';
import { parsePageKey } from '../../../core/extract/page-key.ts';
import type { PageKey } from '../../../core/ports/page-library.ts';
import { cellsOf, columnsOf } from '../../../core/schema/columns.ts';
import { EXTRACTIONS } from '../../../sources/extractions.ts';

/**
 * Golden answers. A folder `sources/<extraction>/fixtures/<name>` with three files is a test: `answer.txt`
 * (the text of a model), `meta.json` (`Meta`) and `expected.json`: the failure, or what the next page is told
 * and the rows of each table.
 */
interface Meta {
  /** `state:school:year:page` */
  readonly page: string;
  /** Whether the model was cut off at its last token. @default false */
  readonly truncated?: boolean;
}

for (const extraction of EXTRACTIONS) {
  const folder = join(import.meta.dirname, '../../../sources', extraction.name, 'fixtures');
  const names = readdirSync(folder);

  describe(`golden answers of ${extraction.name}`, () => {
    it('are there', () => expect(names.length).toBeGreaterThan(0));

    it.each(names)('%s is read as expected', (name) => {
      const meta = JSON.parse(readFileSync(join(folder, name, 'meta.json'), 'utf8')) as Meta;
      const text = readFileSync(join(folder, name, 'answer.txt'), 'utf8');
      const expected: unknown = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8'));
      expect(read(meta, text)).toEqual(expected);
    });
  });

  function read({ page, truncated = false }: Meta, text: string): unknown {
    const tokens = { input: 1290, output: 512 };
    const found = readAnswer(
      { kind: 'text', key: page, text, isTruncated: truncated, tokens },
      extraction.answer,
    );
    if (found.kind === 'failed') return found.failure;
    const made: ExtractedPage = {
      key: parsePageKey(page) as PageKey,
      model: 'model-1',
      promptVersion: extraction.prompts.at(-1)!.name,
      batchId: 'batch-1',
      attempt: 1,
      tokens,
      costUsd: 0.0005,
      extractedAt: '2026-11-26T12:00:00Z',
    };
    const rows = extraction.tables.map(({ table, schema, itemKey, rowKey, rowsOf }) => {
      const records = rowsOf(found.answer, made).map((record) => schema.strict().parse(record));
      const keys = records.map((record) => rowKey.map((column) => String(record[column])).join(' '));
      expect(new Set(keys).size).toBe(keys.length);
      expect([...new Set(records.map((record) => record[itemKey]))].length).toBeLessThan(2);
      const cells = records.map((record) => cellsOf(schema, record));
      for (const row of cells)
        expect(Object.keys(row)).toEqual(columnsOf(schema).map((column) => column.name));
      return [table, cells] as const;
    });
    return { context: extraction.previousContext(found.answer).split('\n'), ...Object.fromEntries(rows) };
  }
}
