import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, writeCsv } from '../../../core/lake/csv.ts';
import type { Column, Row } from '../../../core/schema/columns.ts';

/** RFC 4180, written from the RFC: cells of lines, quotes undone. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (at >= text.length) throw new Error('a quote is never closed');
        if (text[at] === '"') at++;
        cell += text[at];
      }
      at++;
    } else {
      for (; at < text.length && text[at] !== ',' && text[at] !== '\r'; at++) {
        if (text[at] === '"' || text[at] === '\n') throw new Error('a bare quote or line feed');
        cell += text[at];
      }
    }
    line.push(cell);
    if (text[at] === ',') {
      at++;
      if (at === text.length || text[at] === '\r') line.push('');
    }
    if (text.startsWith('\r\n', at)) {
      lines.push(line);
      line = [];
      at += 2;
    } else if (at < text.length && text[at - 1] !== ',') throw new Error(`rubbish behind a cell at ${at}`);
  }
  return lines;
}

const text = (rows: readonly Row[], columns = COLUMNS) => new TextDecoder().decode(writeCsv(columns, rows));
const COLUMNS: readonly Column[] = [
  { name: 'name', type: 'string', nullable: true },
  { name: 'count', type: 'int32', nullable: true },
  { name: 'fine', type: 'boolean', nullable: true },
];

const awkward = fc.string({ unit: fc.constantFrom(...'ab ,"\r\n\t=+-@\'é🐎;|') });
/** What a spreadsheet would take for a formula. */
const isFormula = (cell: string) => /^[=+\-@\t\r]/.test(cell);

describe('a CSV export', () => {
  it('has the cells of all rows in place of their own', () => {
    const rows = [
      { name: 'a', count: 1, fine: null },
      { name: 'b', count: 2, fine: true },
    ];
    const csv = writeCsv(COLUMNS, rows, { name: 'a, b', fine: false });
    expect(new TextDecoder().decode(csv)).toBe('name,count,fine\r\n"a, b",1,false\r\n"a, b",2,false\r\n');
  });

  it('gives every cell back to whoever reads it by the RFC; only formulas have a mark in front', () => {
    const cells = fc.record({
      name: fc.option(awkward, { nil: null }),
      count: fc.option(fc.integer(), { nil: null }),
      fine: fc.option(fc.boolean(), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(cells), (rows) => {
        const expected = rows.map(({ name, count, fine }) => [
          name === null ? '' : isFormula(name) ? `'${name}` : name,
          count === null ? '' : String(count),
          fine === null ? '' : String(fine),
        ]);
        expect(parseCsv(text(rows))).toEqual([['name', 'count', 'fine'], ...expected]);
      }),
      { numRuns: 400 },
    );
  });

  it('never shows a spreadsheet a text that it would run', () => {
    fc.assert(
      fc.property(awkward, (cell) => {
        const [[shown]] = parseCsv(`${csvCell(cell)},x\r\n`) as [[string]];
        expect(isFormula(shown)).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
    ['+1', "'+1"],
    ['-5', "'-5"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ["O'Brien", "O'Brien"],
    ['a,b', '"a,b"'],
    ['', ''],
  ])('writes the text %j as %s', (cell, written) => {
    expect(csvCell(cell)).toBe(written);
  });

  it('leaves numbers as they are, negative ones too', () => {
    expect([-5, 0.1, 1e21, true, null].map(csvCell)).toEqual(['-5', '0.1', '1e+21', 'true', '']);
  });

  it('has a header even without rows, and takes what is missing for empty', () => {
    expect(text([])).toBe('name,count,fine\r\n');
    expect(text([{ name: 'x' }])).toBe('name,count,fine\r\nx,,\r\n');
  });
});
