import { createHash } from 'node:crypto';
import { type CivilDate, civilDate } from '../calendar/civil-date.ts';
import type { PageKey } from '../ports/page-library.ts';
import { partitionValueProblem } from '../source/identifier.ts';

/** Neither a separator of keys or paths, nor what is not seen, nor half a character. */
const FORBIDDEN = /[:/\\\p{Cc}\p{Cs}\u2028\u2029]/u;
/** UTF-8, as file systems allow. */
const MAX_NAME_BYTES = 255;
/** A date of the lake has four digits; what is below 100 would be read as a year of the 20th century. */
const YEARS = { least: 100, most: 9999 };
const PAGES = { least: 0, most: 999_999_999 };
const DIGITS = /^[0-9]{1,32}$/;

/** Why text cannot be the name of a state or school, in one line; undefined where it can. */
export function pageNameProblem(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'a name is empty, . or ..';
  if (FORBIDDEN.test(name)) return 'a name has a colon, a slash, a control character or half a character';
  return Buffer.byteLength(name) > MAX_NAME_BYTES
    ? `a name has more than ${MAX_NAME_BYTES} bytes`
    : undefined;
}

/** The page of `Alabama:LincolnCollege:1851:4`, or in one line why the text names none. */
export function parsePageKey(text: string): PageKey | string {
  const parts = text.split(':', 5);
  return parts.length === 4 ? pageOf(parts) : 'a page is named state:school:year:page';
}

/** `Alabama:LincolnCollege:1851:4` */
export function pageKeyText({ state, school, year, page }: PageKey): string {
  return `${state}:${school}:${year}:${page}`;
}

/** The page of a key that was made by `pageKeyText`. Throws a RangeError for any other text. */
export function pageOfKey(key: string): PageKey {
  const page = parsePageKey(key);
  if (typeof page === 'string') throw new RangeError(`${JSON.stringify(key)}: ${page}`);
  return page;
}

/**
 * The page of a label by its path inside the folder of labels, `Alabama/LincolnCollege/1851/007.json`, or in
 * one line why it is passed over. `007.json` and `7.json` are one page: `LabelledPages` takes it once.
 */
export function pageOfLabelPath(path: string): PageKey | string {
  const parts = path.split('/', 5);
  const file = parts[3];
  if (parts.length !== 4 || file === undefined) return 'a label is {state}/{school}/{year}/{page}.json';
  if (!file.endsWith('.json')) return 'the name of a label ends in .json, in lower case';
  return pageOf([...parts.slice(0, 3), file.slice(0, -'.json'.length)]);
}

/** Throws a RangeError for what is no page: it could lead out of a folder. */
export function assertPageKey(key: PageKey): void {
  pageOfKey(pageKeyText(key));
}

function pageOf([state = '', school = '', year = '', page = '']: readonly string[]): PageKey | string {
  const problem = pageNameProblem(state) ?? pageNameProblem(school);
  if (problem) return problem;
  const yearNumber = numberOf(year, YEARS);
  if (yearNumber === undefined) return `a year is a whole number from ${YEARS.least} to ${YEARS.most}`;
  const pageNumber = numberOf(page, PAGES);
  if (pageNumber === undefined) return 'a page is a whole number of at most 9 digits';
  return { state, school, year: yearNumber, page: pageNumber };
}

function numberOf(text: string, { least, most }: typeof PAGES): number | undefined {
  const value = DIGITS.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

/** Negative, 0 or positive, as `sort` takes it: state and school by code point, year and page as numbers. */
export function comparePageKeys(a: PageKey, b: PageKey): number {
  return compareBooks(a, b) || a.page - b.page;
}

/** A book without its pages. */
export type BookKey = Omit<PageKey, 'page'>;

export function compareBooks(a: BookKey, b: BookKey): number {
  return compareCodePoints(a.state, b.state) || compareCodePoints(a.school, b.school) || a.year - b.year;
}

/** Not `<`: that compares halves of a character beyond U+FFFF, and puts them before U+E000. */
export function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates behind everything else, as the code points that they are halves of. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

const MAX_IDENTIFIER = 64;
const HASH_LENGTH = 24;
const HASHED = new RegExp(`_[0-9a-f]{${HASH_LENGTH}}$`);
const KEPT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/**
 * An identifier for a name, of at most 64 characters: for keys of the lake and values of partitions. Two
 * names never have the same. `LincolnCollege` is kept as it is; what cannot be becomes something readable and
 * a hash of the name, `St.-Mary-s_…`, and no name that ends as such a hash does is kept.
 */
export function identifierOf(name: string): string {
  const known = identifiers.get(name);
  if (known !== undefined) return known;
  if (identifiers.size >= MAX_KNOWN) identifiers.clear();
  const made = makeIdentifier(name);
  identifiers.set(name, made);
  return made;
}

/** A scan asks for the same few names once for each page of their books. */
const identifiers = new Map<string, string>();
const MAX_KNOWN = 1000;

function makeIdentifier(name: string): string {
  const isKept =
    name.length <= MAX_IDENTIFIER &&
    KEPT.test(name) &&
    !HASHED.test(name) &&
    partitionValueProblem(name) === undefined;
  if (isKept) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  const readable = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, MAX_IDENTIFIER - HASH_LENGTH - 1)
    .replace(/[.-]+$/, '');
  return `${readable || 'x'}_${hash}`;
}

/** Where the rows of a page belong: its state, and 1 January of its year. */
export function partitionOfPage({ state, year }: BookKey): {
  readonly value: string;
  readonly date: CivilDate;
} {
  return { value: identifierOf(state), date: civilDate(`${String(year).padStart(4, '0')}-01-01`) };
}

/** The page as an item of its partition: an identifier, and there no other page has it. */
export function itemOfPage({ school, page }: PageKey): string {
  return `${identifierOf(school)}.${page}`;
}

/** `Alabama/LincolnCollege/1851/4`, of identifiers: where the lake keeps what belongs to the page. */
export function lakePathOfPage({ state, school, year, page }: PageKey): string {
  return `${identifierOf(state)}/${identifierOf(school)}/${year}/${page}`;
}

const ADDRESS = 'urn:rescrape:page:';

/**
 * The page, by its true names, as the address of an item:
 * `urn:rescrape:page:Alabama:St.%20Mary's:1851:4`.
 */
export function addressOfPage(page: PageKey): string {
  return `${ADDRESS}${pageKeyText(page).split(':').map(encodeURIComponent).join(':')}`;
}

/** The page of such an address; undefined for any other. */
export function pageOfAddress(address: string): PageKey | undefined {
  if (!address.startsWith(ADDRESS)) return undefined;
  try {
    const page = parsePageKey(address.slice(ADDRESS.length).split(':').map(decodeURIComponent).join(':'));
    return typeof page === 'string' ? undefined : page;
  } catch {
    return undefined;
  }
}

/** The page of an item whose names are their own identifiers; undefined where they cannot be read back. */
export function pageOfItem(state: string, date: CivilDate, item: string): PageKey | undefined {
  const [, school = '', number = ''] = /^(.+)\.([0-9]+)$/.exec(item) ?? [];
  const page = parsePageKey(`${state}:${school}:${Number(date.slice(0, 4))}:${number}`);
  if (typeof page === 'string') return undefined;
  return partitionOfPage(page).value === state && itemOfPage(page) === item ? page : undefined;
}
