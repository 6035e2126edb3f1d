import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assertPageKey,
  compareCodePoints,
  comparePageKeys,
  identifierOf,
  itemOfPage,
  lakePathOfPage,
  pageKeyText,
  pageNameProblem,
  pageOfLabelPath,
  parsePageKey,
  partitionOfPage,
} from '../../../core/extract/page-key.ts';
import { isKeySegment } from '../../../core/ports/object-key.ts';
import { isIdentifier, partitionValueProblem } from '../../../core/source/identifier.ts';

const page = { state: 'Alabama', school: "St. Mary's", year: 1851, page: 4 };

describe('the name of a page', () => {
  it('is read and printed, with spaces, dots and apostrophes in it', () => {
    expect(pageKeyText(page)).toBe("Alabama:St. Mary's:1851:4");
    expect(parsePageKey("Alabama:St. Mary's:1851:4")).toEqual(page);
    expect(parsePageKey("Alabama:St. Mary's:1851:004")).toEqual(page);
    expect(() => assertPageKey(page)).not.toThrow();
  });

  it.each([
    'Alabama:Yale:1851',
    'Alabama:Yale:1851:4:5',
    'Alabama:Yale:1851:',
    'Alabama::1851:4',
    ':Yale:1851:4',
    '..:Yale:1851:4',
    'Alabama:.:1851:4',
    'Alabama:a/b:1851:4',
    'Alabama:a\\b:1851:4',
    'Alabama:a\nb:1851:4',
    'Alabama:a\0b:1851:4',
    'Alabama:a\u2028b:1851:4',
    'Alabama:a\ud800b:1851:4',
    `Alabama:${'x'.repeat(256)}:1851:4`,
    'Alabama:Yale:MDCCC:4',
    'Alabama:Yale:51:4',
    'Alabama:Yale:18510:4',
    'Alabama:Yale:1851:4.0',
    'Alabama:Yale:1851:-4',
    'Alabama:Yale:1851:+4',
    'Alabama:Yale:1851: 4',
    'Alabama:Yale:1851:1e3',
    'Alabama:Yale:1851:0x4',
    'Alabama:Yale:1851:٤',
    'Alabama:Yale:1851:1234567890',
    `Alabama:Yale:1851:${'9'.repeat(100_000)}`,
    '',
    ':'.repeat(100_000),
  ])('is refused where it could be no page: %j', (text) => {
    expect(parsePageKey(text)).toMatch(/^[^\n]{10,120}$/);
  });

  it('is refused as a value too, before it can lead out of a folder', () => {
    expect(() => assertPageKey({ ...page, school: '..' })).toThrow(RangeError);
    expect(() => assertPageKey({ ...page, school: 'a:1:2' })).toThrow(RangeError);
    expect(() => assertPageKey({ ...page, page: 1.5 })).toThrow(RangeError);
    expect(() => assertPageKey({ ...page, page: -1 })).toThrow(RangeError);
  });

  it('survives being printed and read, whatever it is', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(name, name, fc.integer({ min: 100, max: 9999 }), fc.nat(999_999_999), (...parts) => {
        const [state, school, year, number] = parts;
        fc.pre(pageNameProblem(state) === undefined && pageNameProblem(school) === undefined);
        const key = { state, school, year, page: number };
        expect(parsePageKey(pageKeyText(key))).toEqual(key);
      }),
    );
  });
});

describe('a label', () => {
  it.each([
    ['Alabama/Yale/1851/4.json', 'Alabama:Yale:1851:4'],
    ['Alabama/Yale/1851/007.json', 'Alabama:Yale:1851:7'],
    ['Alabama/Yale/1851/0.json', 'Alabama:Yale:1851:0'],
    ["New York/St. Mary's College/1851/12.json", "New York:St. Mary's College:1851:12"],
  ])('%s is the page %s', (path, key) => {
    expect(pageKeyText(pageOfLabelPath(path) as typeof page)).toBe(key);
  });

  it.each([
    'Alabama/Yale/1851/cover.json',
    'Alabama/Yale/1851/3.JSON',
    'Alabama/Yale/1851/3.jpg',
    'Alabama/Yale/1851/3',
    'Alabama/Yale/1851/.json',
    'Alabama/Yale/1851/3.json.json',
    'Alabama/Yale/1851/3.json/',
    'Alabama/Yale/1851/a/3.json',
    'Alabama/Yale/3.json',
    '/Alabama/Yale/1851/3.json',
    'Alabama//1851/3.json',
    'Alabama/../1851/3.json',
    'Alabama/A:B/1851/3.json',
    'Alabama/Yale/about/3.json',
    '3.json',
    '',
    '/'.repeat(100_000),
  ])('%j is passed over, with the reason', (path) => {
    expect(pageOfLabelPath(path)).toEqual(expect.any(String));
  });
});

describe('the order of pages', () => {
  const sorted = (...keys: string[]) =>
    keys
      .map((key) => parsePageKey(key) as typeof page)
      .sort(comparePageKeys)
      .map(pageKeyText);

  it('is by code point for names and by number for year and page', () => {
    expect(
      sorted('a:b:1851:10', 'a:b:1851:9', 'a:b:900:11', 'a:a:1999:1', 'B:b:1851:1', 'é:b:1851:1'),
    ).toEqual(['B:b:1851:1', 'a:a:1999:1', 'a:b:900:11', 'a:b:1851:9', 'a:b:1851:10', 'é:b:1851:1']);
  });

  it('puts what is beyond U+FFFF behind U+E000 to U+FFFF, as code points are', () => {
    expect(compareCodePoints('\u{1f600}', '\uffee')).toBeGreaterThan(0);
    const text = fc.string({
      unit: fc.constantFrom('a', '\ud7ff', '\ue000', '\uffee', '\u{10000}', '\u{1f600}'),
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [left, right] = [[...a], [...b]].map((all) => all.map((each) => each.codePointAt(0)!));
        const at = left!.findIndex((point, index) => point !== right![index]);
        const expected =
          at < 0 ? left!.length - right!.length : (left![at] ?? 0) - (right![at] ?? Number.NEGATIVE_INFINITY);
        expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(expected));
      }),
    );
  });
});

describe('the identifier of a name', () => {
  it.each(['LincolnCollege', 'Alabama', 'New_York', 'St.Mary', '1st-College', 'x'])(
    '%s is itself',
    (name) => {
      expect(identifierOf(name)).toBe(name);
    },
  );

  it.each([
    ["St. Mary's", /^St\.-Mary-s_[0-9a-f]{24}$/],
    ['Collège Étude', /^College-Etude_[0-9a-f]{24}$/],
    ['東京大学', /^x_[0-9a-f]{24}$/],
    ['NA', /^NA_[0-9a-f]{24}$/],
    ['null', /^null_[0-9a-f]{24}$/],
    ['-x', /^x_[0-9a-f]{24}$/],
    ['A.', /^A_[0-9a-f]{24}$/],
    ['x'.repeat(255), /^x{39}_[0-9a-f]{24}$/],
  ])('%s becomes something readable and a hash', (name, form) => {
    expect(identifierOf(name)).toMatch(form);
  });

  it('is never that of another name: not of one that looks like an identifier that was made', () => {
    const made = identifierOf("St. Mary's");
    expect(identifierOf(made)).not.toBe(made);
    const likely = [
      'St. Marys',
      "St. Mary's",
      'St. Mary s',
      'St.-Mary-s',
      'St.  Marys',
      'ST. MARYS',
      'É',
      'É',
      'e',
    ];
    const names = [...new Set([...likely, ...likely.map(identifierOf)])];
    expect(new Set(names.map(identifierOf)).size).toBe(names.length);
    const unit = fc.constantFrom('a', 'A', '.', ' ', '-', '_', "'", 'é', '0');
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit, minLength: 1, maxLength: 8 })), (all) => {
        expect(new Set(all.map(identifierOf)).size).toBe(all.length);
      }),
    );
  });

  it('may stand in keys, paths and partitions, whatever the name, and so may an item', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.oneof(name, fc.string({ minLength: 1, maxLength: 300 })), (text) => {
        const identifier = identifierOf(text);
        expect(identifier.length).toBeLessThanOrEqual(64);
        expect([isKeySegment(identifier), partitionValueProblem(identifier)]).toEqual([true, undefined]);
        expect(isIdentifier(itemOfPage({ ...page, school: text, page: 999_999_999 }))).toBe(true);
      }),
    );
  });

  it('makes the place of a page in the lake', () => {
    const hashed = identifierOf("St. Mary's");
    expect(lakePathOfPage(page)).toBe(`Alabama/${hashed}/1851/4`);
    expect(itemOfPage(page)).toBe(`${hashed}.4`);
    expect(partitionOfPage(page)).toEqual({ value: 'Alabama', date: '1851-01-01' });
    expect(partitionOfPage({ ...page, year: 100 }).date).toBe('0100-01-01');
  });
});
