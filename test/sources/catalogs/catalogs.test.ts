import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fillPrompt } from '../../../core/extract/prompt.ts';
import { columnsOf } from '../../../core/schema/columns.ts';
import type { CatalogAnswer } from '../../../sources/catalogs/answer.ts';
import { catalogs } from '../../../sources/catalogs/extraction.ts';
import { previousContext } from '../../../sources/catalogs/previous-context.ts';
import { EXTRACTIONS } from '../../../sources/extractions.ts';

type Course = CatalogAnswer['courses'][number];
const course = (name: string | null, more: Partial<Course> = {}): Course => ({
  course_name: name,
  department: 'Law',
  level: 'Senior',
  term: 'Fall',
  topics: null,
  textbooks: [],
  instructors: null,
  description: null,
  ...more,
});

function context(texts: readonly string[], courses: readonly Course[] = []): string {
  const text_blocks = texts.map((text, at) => ({ block_id: at, position: '', text, font_style: '' }));
  return previousContext({
    raw_ocr: { text_blocks, layout_description: '' },
    page_info: { page_number: null, is_complete_page: true, content_type: '' },
    school_name: null,
    catalog_year: null,
    academic_year: null,
    courses: [...courses],
  });
}

describe('what the next page is told', () => {
  it('is how the text ends and the last courses', () => {
    expect(context(['one', '', 'two'], [course('Torts')])).toBe(
      'LAST_500_CHARS:\none\ntwo\n\nLAST_3_COURSES:\n1. Torts (department=Law, level=Senior, term=Fall)',
    );
  });

  it('is its courses alone where it has no text, and (none) where it has no course', () => {
    const none = 'LAST_3_COURSES:\n(none)';
    expect(context([])).toBe(none);
    expect(context(['', ''])).toBe(none);
    expect(context(['x'])).toBe(`LAST_500_CHARS:\nx\n\n${none}`);
  });

  it('numbers the last three courses from 1 and prints null as None', () => {
    const courses = [
      course('A'),
      course('B', { level: null }),
      course(null, { department: null }),
      course('D'),
    ];
    expect(context([], courses)).toBe(
      'LAST_3_COURSES:\n1. B (department=Law, level=None, term=Fall)\n2. None (department=None, level=Senior, term=Fall)\n3. D (department=Law, level=Senior, term=Fall)',
    );
  });

  it.each([
    ['letters', 'a'],
    ['characters beyond U+FFFF', '\u{1d509}'],
    ['a mixture', 'ab\u{1d509}'],
    ['another mixture', '\u{1d509}\u{1d50a}c'],
  ])('has 500 characters of text at most, counted as code points: %s', (_, piece) => {
    const text = [...piece.repeat(700)];
    const told = (length: number) => context([text.slice(0, length).join('')]).split('\n')[1]!;
    expect([499, 500, 501, 700].map((length) => [...told(length)].length)).toEqual([499, 500, 500, 500]);
    expect(told(700)).toBe(text.slice(200, 700).join(''));
    expect(told(700).isWellFormed()).toBe(true);
  });
});

describe('the prompts', () => {
  it('that were used are never changed: results name their version, so another wording is another one', () => {
    const hashes = catalogs.prompts.map(({ name, text }) => [
      name,
      createHash('sha256').update(text).digest('hex').slice(0, 16),
    ]);
    expect(hashes).toEqual([['page_ocr/v1.1', '8ef5f04926da699d']]);
  });

  it('speak of the page before only where there is one', () => {
    for (const prompt of catalogs.prompts) {
      expect(prompt.variables).toEqual(['previous_context']);
      expect(fillPrompt(prompt, { previous_context: context(['x']) })).toContain(`\n${context(['x'])}\n`);
      expect(fillPrompt(prompt, {})).not.toMatch(/page before|previous|\{\{|\n\n\n/);
    }
  });

  it('show an answer that is valid', () => {
    for (const { text } of catalogs.prompts) {
      const shown = JSON.parse(text.slice(text.indexOf('\n{\n'), text.lastIndexOf('\n}\n') + 2)) as unknown;
      expect(catalogs.answer.safeParse(shown).error).toBeUndefined();
      expect(catalogs.answer.parse(shown)).toEqual(shown);
    }
  });
});

describe('the extractions', () => {
  it('have names of their own, and tables whose every column is described', () => {
    const tables = EXTRACTIONS.flatMap((extraction) => extraction.tables);
    expect(new Set(EXTRACTIONS.map(({ name }) => name)).size).toBe(EXTRACTIONS.length);
    expect(new Set(tables.map(({ table }) => table)).size).toBe(tables.length);
    for (const { schema, itemKey, rowKey } of tables) {
      const names = columnsOf(schema).map((column) => column.name);
      expect(names).toEqual(expect.arrayContaining([itemKey, ...rowKey]));
      for (const partition of ['state', 'date']) expect(names).not.toContain(partition);
      for (const column of columnsOf(schema)) expect(column.comment, column.name).toMatch(/\S/);
    }
  });
});
