import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageKeyText } from '../../core/extract/page-key.ts';
import type { LabelNotice, PageLibrary } from '../../core/ports/page-library.ts';
import { page } from '../core/extract/support/world.ts';

/** A library that a test fills. */
export interface PageLibraryHarness {
  readonly library: PageLibrary;
  /** `labels/Alabama/Lincoln/1851/4.json`, `images/…`. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  dispose(): Promise<void>;
}

export const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2]);
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);
const WEBP = new TextEncoder().encode('RIFF\0\0\0\0WEBPVP8 ');
const LABEL = new TextEncoder().encode('{}');
const BOOK = 'Alabama/Lincoln/1851';

/** Keys of the labelled pages, and what was told beside them. */
export async function labelsOf(
  library: PageLibrary,
): Promise<{ readonly pages: string[]; readonly notices: LabelNotice[] }> {
  const notices: LabelNotice[] = [];
  const pages = await Array.fromAsync(library.labels((notice) => notices.push(notice)));
  return { pages: pages.map(pageKeyText).sort(), notices };
}

export async function imageOf(library: PageLibrary, key: string) {
  const reasons: string[] = [];
  const image = await library.image(page(key), (reason) => reasons.push(reason));
  return { image, reasons };
}

/** What every library must do; each adapter's test calls it. */
export function pageLibraryContract(name: string, create: () => Promise<PageLibraryHarness>): void {
  describe(`${name} keeps the contract of a page library`, () => {
    let harness: PageLibraryHarness;
    let library: PageLibrary;
    beforeEach(async () => {
      harness = await create();
      library = harness.library;
    });
    afterEach(() => harness.dispose());

    const label = (path: string) => harness.put(`labels/${path}`, LABEL);
    const image = (path: string, bytes: Uint8Array) => harness.put(`images/${path}`, bytes);

    it('hands out labelled pages, by names with spaces, dots, apostrophes and beyond ASCII', async () => {
      const paths = [
        `${BOOK}/1.json`,
        `${BOOK}/10.json`,
        "New York/St. Mary's  & Sons +1/1880/2.json",
        'Québec/École №1 100%/1850/3.json',
        'Ohio/.hidden./0900/0.json',
        'Ohio/𝔊/9999/999999999.json',
      ];
      for (const path of paths) await label(path);
      expect(await labelsOf(library)).toEqual({
        notices: [],
        pages: [
          'Alabama:Lincoln:1851:1',
          'Alabama:Lincoln:1851:10',
          "New York:St. Mary's  & Sons +1:1880:2",
          'Ohio:.hidden.:900:0',
          'Ohio:𝔊:9999:999999999',
          'Québec:École №1 100%:1850:3',
        ],
      });
    });

    it('has none where no label is', async () => {
      await image(`${BOOK}/1.jpg`, JPEG);
      await label(`${BOOK}/x/y/1.txt`);
      expect((await labelsOf(library)).pages).toEqual([]);
    });

    it.each([
      [`${BOOK}/cover.json`, 'a page is a whole number of at most 9 digits'],
      [`${BOOK}/3.JSON`, 'the name of a label ends in .json, in lower case'],
      [`${BOOK}/3.json.bak`, 'the name of a label ends in .json, in lower case'],
      [`${BOOK}/1.5.json`, 'a page is a whole number of at most 9 digits'],
      [`${BOOK}/-1.json`, 'a page is a whole number of at most 9 digits'],
      ['Alabama/Lincoln/MDCCCLI/3.json', 'a year is a whole number from 100 to 9999'],
      ['Alabama/Lincoln/3.json', 'a label is {state}/{school}/{year}/{page}.json'],
      ['3.json', 'a label is {state}/{school}/{year}/{page}.json'],
      [
        'Alabama/Lin:coln/1851/3.json',
        'a name has a colon, a slash, a control character or half a character',
      ],
      ['Alabama/Lin\\coln/1851/3.json', 'a name has a colon'],
      ['Alabama/Lin\ncoln/1851/3.json', 'a name has a colon'],
    ])('passes %j over, and says so', async (path, reason) => {
      await label(path);
      await label(`${BOOK}/4.json`);
      expect(await labelsOf(library)).toEqual({
        pages: ['Alabama:Lincoln:1851:4'],
        notices: [{ kind: 'passed-over', path, reason: expect.stringContaining(reason) }],
      });
    });

    it('passes over what lies deeper than a label, and says so', async () => {
      await label(`${BOOK}/old/3.json`);
      const { pages, notices } = await labelsOf(library);
      expect(pages).toEqual([]);
      expect(notices).toEqual([
        { kind: 'passed-over', path: expect.stringContaining(`${BOOK}/old`), reason: expect.any(String) },
      ]);
    });

    it('tells of a second label of a page', async () => {
      await label(`${BOOK}/7.json`);
      await label(`${BOOK}/007.json`);
      const { pages, notices } = await labelsOf(library);
      expect(new Set(pages)).toEqual(new Set(['Alabama:Lincoln:1851:7']));
      expect(notices).toMatchObject([
        { kind: 'repeated', reason: 'page 7 of this book has a label already' },
      ]);
    });

    it('tells of names that differ in letter case, or in how they are written, and counts both', async () => {
      const paths = [
        'Alabama/Lincoln/1851/1.json',
        'Alabama/Lincoln/1852/1.json',
        'Alabama/LINCOLN/1851/1.json',
        'alabama/Lincoln/1851/1.json',
        'Maine/É/1851/1.json',
        'Maine/E\u0301/1851/1.json',
        'Ohio/Lincoln/1851/1.json',
      ];
      for (const path of paths) await label(path);
      const { pages, notices } = await labelsOf(library);
      expect(pages).toHaveLength(paths.length);
      expect(notices.map(({ kind }) => kind)).toEqual(['similar', 'similar', 'similar']);
      const reasons = notices.map(({ reason }) => reason).join('\n');
      for (const spelling of ['"LINCOLN"', '"alabama"', '"E\u0301"']) expect(reasons).toContain(spelling);
    });

    it('hands out an image with the type that its bytes have', async () => {
      await image(`${BOOK}/1.jpg`, JPEG);
      await image(`${BOOK}/2.png`, PNG);
      await image(`${BOOK}/3.webp`, WEBP);
      await image(`${BOOK}/4.jpg`, PNG);
      await image("New York/St. Mary's  & Sons +1/1880/2.jpg", JPEG);
      await image('Québec/École №1 100%/1850/3.png', PNG);
      const found = async (key: string) => {
        const { bytes, mimeType } = (await imageOf(library, key)).image!;
        return { bytes: Uint8Array.from(bytes), mimeType };
      };
      expect(await found('Alabama:Lincoln:1851:1')).toEqual({
        bytes: JPEG,
        mimeType: 'image/jpeg',
      });
      expect(await found('Alabama:Lincoln:1851:2')).toEqual({
        bytes: PNG,
        mimeType: 'image/png',
      });
      expect(await found('Alabama:Lincoln:1851:3')).toEqual({
        bytes: WEBP,
        mimeType: 'image/webp',
      });
      expect(await found('Alabama:Lincoln:1851:4')).toMatchObject({ mimeType: 'image/png' });
      expect(await found("New York:St. Mary's  & Sons +1:1880:2")).toMatchObject({ mimeType: 'image/jpeg' });
      expect(await found('Québec:École №1 100%:1850:3')).toMatchObject({ mimeType: 'image/png' });
    });

    it('takes the first of several files that is an image', async () => {
      await image(`${BOOK}/1.png`, PNG);
      await image(`${BOOK}/1.jpg`, JPEG);
      await image(`${BOOK}/2.jpg`, LABEL);
      await image(`${BOOK}/2.webp`, WEBP);
      expect((await imageOf(library, 'Alabama:Lincoln:1851:1')).image?.mimeType).toBe('image/jpeg');
      expect(await imageOf(library, 'Alabama:Lincoln:1851:2')).toMatchObject({
        ...{ image: { mimeType: 'image/webp' }, reasons: [] },
      });
    });

    it('has no image for a label without one, and none that is no image by its first bytes', async () => {
      await label(`${BOOK}/1.json`);
      await image(`${BOOK}/2.jpg`, new TextEncoder().encode('<!DOCTYPE html>'));
      await image(`${BOOK}/3.png`, new Uint8Array());
      await image(`${BOOK}/4.webp`, new TextEncoder().encode('RIFF\0\0\0\0WAVE'));
      await image(`${BOOK}/5.JPG`, JPEG);
      const told = async (key: string) => {
        const { image: found, reasons } = await imageOf(library, key);
        expect(found).toBeUndefined();
        expect(reasons).toHaveLength(1);
        return reasons[0];
      };
      await image(`${BOOK}/001.jpg`, JPEG);
      expect(await told('Alabama:Lincoln:1851:1')).toBe(
        'there is none of 1.jpg, 1.png, 1.webp: the image of page 1 is named 1.*, without leading zeros',
      );
      expect(await told('Alabama:Lincoln:1851:2')).toBe(
        '2.jpg is no JPEG, PNG or WebP: it begins with "<!DOCTYP"',
      );
      expect(await told('Alabama:Lincoln:1851:3')).toContain('it is empty');
      expect(await told('Alabama:Lincoln:1851:4')).toContain('it begins with "RIFF....');
      expect(await told('Alabama:Lincoln:1851:5')).toContain('there is none');
    });

    it.each([
      { state: '..', school: 'a' },
      { state: 'a', school: '..' },
      { state: 'a/../..', school: 'b' },
      { state: 'a\\b', school: 'c' },
      { state: '', school: 'a' },
      { state: 'a:b', school: 'c' },
    ])('refuses the key %j, which could lead out of it', async (names) => {
      await expect(library.image({ ...names, year: 1851, page: 1 })).rejects.toThrow(RangeError);
      const odd = { state: 'a', school: 'b', year: 1851, page: Number('1e400') };
      await expect(library.image(odd)).rejects.toThrow(RangeError);
    });
  });
}
