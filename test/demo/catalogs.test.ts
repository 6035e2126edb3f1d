import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoPage, demoPages, printedLines } from '../../demo/catalogs/books.ts';
import { textBitmap } from '../../demo/catalogs/font.ts';
import { imageOfPage, writeCatalogLibrary } from '../../demo/catalogs/library.ts';
import { catalogModel } from '../../demo/catalogs/model.ts';
import { CATALOG_FAULTS, faultsLeft, NO_IMAGE, WITHOUT_IMAGE } from '../../demo/catalogs/plan.ts';
import { catalogTruth } from '../../demo/catalogs/truth.ts';
import { catalogAnswer } from '../../sources/catalogs/answer.ts';

const PAGES = demoPages();
const pathOf = ({ state, school, year, page }: DemoPage) => `${state}/${school}/${year}/${page}`;
const page = (key: string) => PAGES.find((each) => each.key === key)!;

/** Written against the standard of PNG, of one bit a dot: which dots are black. */
function decodePng(bytes: Buffer): { width: number; height: number; isBlack(x: number, y: number): boolean } {
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const named = bytes.subarray(at + 4, at + 8 + length);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(named));
    chunks.set(named.subarray(0, 4).toString('latin1'), named.subarray(4));
    at += length + 12;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR')!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect([...header.subarray(8)]).toEqual([1, 0, 0, 0, 0]);
  const row = 1 + Math.ceil(width / 8);
  const data = inflateSync(chunks.get('IDAT')!);
  expect(data).toHaveLength(row * height);
  for (let y = 0; y < height; y++) expect(data[y * row]).toBe(0);
  return {
    width,
    height,
    isBlack: (x, y) => ((data[y * row + 1 + (x >> 3)]! << (x & 7)) & 0x80) === 0,
  };
}

describe('the library of the demo', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'rescrape-catalogs-'));
    writeCatalogLibrary(directory, true);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('has twelve books in three states, with gaps, page 10 after 9, and names of all kinds', () => {
    const books = new Set(PAGES.map(({ state, school, year }) => `${state}:${school}:${year}`));
    expect([books.size, new Set(PAGES.map(({ state }) => state)).size, PAGES.length]).toEqual([12, 3, 42]);
    const first = PAGES.filter(({ school, year }) => school === 'Larch Hill College' && year === 1851);
    expect(first.map((each) => each.page)).toEqual([1, 2, 5, 6]);
    expect(PAGES.filter(({ year }) => year === 1880).map((each) => each.page)).toEqual([9, 10, 11]);
    for (const sign of [' ', '.', "'", '&', '-'])
      expect([...books].some((book) => book.includes(sign))).toBe(true);
  });

  it('is the same whenever it is written', () => {
    const files = (root: string) =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .map((path) => [path.slice(root.length), readFileSync(path).toString('base64')]);
    const again = mkdtempSync(join(tmpdir(), 'rescrape-catalogs-'));
    try {
      writeCatalogLibrary(again, true);
      writeCatalogLibrary(again, true);
      expect(files(again)).toEqual(files(directory));
    } finally {
      rmSync(again, { recursive: true });
    }
    expect(existsSync(join(directory, `images/${pathOf(page(WITHOUT_IMAGE))}.png`))).toBe(false);
    expect(readFileSync(join(directory, `images/${pathOf(page(NO_IMAGE))}.png`), 'utf8')).toMatch(
      /^<!DOCTYPE html>/,
    );
  });

  it('without faults is another one, of which every page has an image', () => {
    const keys = new Set(PAGES.map(({ key }) => key));
    const whole = demoPages(false);
    expect(whole).toHaveLength(PAGES.length);
    expect(whole.filter(({ key }) => keys.has(key))).toEqual([]);
    const other = mkdtempSync(join(tmpdir(), 'rescrape-catalogs-'));
    try {
      writeCatalogLibrary(other, false);
      for (const each of whole)
        expect(readFileSync(join(other, `images/${pathOf(each)}.png`)).equals(imageOfPage(each))).toBe(true);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('has PNG files in which the printed lines stand, each page another one', () => {
    const images = PAGES.map((each) => imageOfPage(each));
    expect(new Set(images.map((image) => image.toString('base64'))).size).toBe(PAGES.length);
    for (const [at, each] of PAGES.slice(0, 3).entries()) {
      const decoded = decodePng(images[at]!);
      const drawn = textBitmap(printedLines(each));
      expect([decoded.width, decoded.height]).toEqual([drawn.width, drawn.height]);
      let ink = 0;
      for (let y = 0; y < drawn.height; y++)
        for (let x = 0; x < drawn.width; x++) {
          if (decoded.isBlack(x, y) !== drawn.has(x, y)) expect.fail(`dot ${x}, ${y}`);
          if (drawn.has(x, y)) ink++;
        }
      expect(ink).toBeGreaterThan(500);
    }
  });

  it('prints letters', () => {
    const dots = textBitmap(['H7']);
    const row = (y: number) =>
      Array.from({ length: 11 }, (_, x) => (dots.has(12 + x, 12 + y) ? '#' : '.')).join('');
    expect(Array.from({ length: 7 }, (_, y) => row(y))).toEqual([
      '#...#.#####',
      '#...#.....#',
      '#...#....#.',
      '#####...#..',
      '#...#..#...',
      '#...#..#...',
      '#...#..#...',
    ]);
  });
});

describe('the model of the demo', () => {
  const ask = (key: string, prompt = '') => {
    const text = catalogModel()({ key: 'of no matter', prompt, image: imageOfPage(page(key)) });
    return catalogAnswer.parse(JSON.parse(text));
  };
  const goesOn = PAGES.find(({ printsDepartment }) => !printsDepartment)!;

  it('reads the image that it is shown, whatever its key', () => {
    const key = 'Ohio:Quill Seminary:1861:1';
    const answer = ask(key);
    expect(answer).toMatchObject({ school_name: 'Quill Seminary', catalog_year: '1861' });
    expect(answer.courses.map(({ course_name }) => course_name)).toEqual(
      page(key).courses.map(({ name }) => name),
    );
    expect(catalogModel()({ key, prompt: '', image: Buffer.from('x') })).toBe('I cannot read this page.');
  });

  it('knows the department of a page that goes on from the prompt alone', () => {
    expect(goesOn.page).toBeGreaterThan(1);
    const departments = (prompt: string) =>
      new Set(ask(goesOn.key, prompt).courses.map((each) => each.department));
    expect(departments('')).toEqual(new Set([null]));
    expect(
      departments('1. A (department=X, level=y, term=z)\n2. B (department=None, level=y, term=z)'),
    ).toEqual(new Set([null]));
    expect(departments('1. A (department=Moral Philosophy, level=None, term=None)')).toEqual(
      new Set(['Moral Philosophy']),
    );
  });
});

describe('the truth of the demo', () => {
  it('is about each labelled page once, and says otherwise only of pages that something happens to', () => {
    const truth = catalogTruth(true);
    expect(truth.map(({ key }) => key)).toEqual(PAGES.map(({ key }) => key));
    const ends = (end: string) => truth.filter((each) => each.end === end).length;
    expect([ends('result'), ends('exhausted'), ends('waits'), ends('no image')]).toEqual([35, 2, 3, 2]);
    for (const { end, courses } of truth) expect(courses.length > 0).toBe(end === 'result');
    expect(
      catalogTruth(false).every(({ end, tries, code }) => end === 'result' && tries === 1 && code === null),
    ).toBe(true);
  });

  it('counts what failed under an earlier provider', () => {
    const key = 'Ohio:Cedar Creek College:1855:3';
    const left = (failures: number) =>
      faultsLeft(new Map([[key, failures]])).lines!.find((each) => each.key === key)?.times;
    expect([left(0), left(1), left(2), left(3)]).toEqual([2, 1, undefined, undefined]);
    expect(faultsLeft(new Map())).toEqual(CATALOG_FAULTS);
  });

  it('has faults of pages that are there', () => {
    const keys = [...CATALOG_FAULTS.lines!.map(({ key }) => key), NO_IMAGE, WITHOUT_IMAGE];
    const uploads = CATALOG_FAULTS.calls!.flatMap(({ of }) => of ?? []);
    for (const key of [...keys, ...uploads]) expect(page(key)).toBeDefined();
  });
});
