import type { Element } from 'domhandler';
import { childrenOf, PageNodes, textNodes } from './page-nodes.ts';
import { clockSeconds, distance, inMetres, inYards } from './printed-measures.ts';

/** Marks of quality in a title; other brackets belong to the name. */
const MARK = /\s*\((?:Class ([A-H1-7])|(Group [1-3]|Grade [1-3A-C]|Listed)(?: Race)?)\)/;
const LETTERS: Readonly<Record<string, number>> = { A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, G: 6, H: 7 };
const SEXES = [
  [/fillies & mares/i, 'F & M'],
  [/colts & fillies/i, 'C & F'],
  [/colts & geldings/i, 'C & G'],
  [/fillies/i, 'F'],
  [/mares/i, 'M'],
] as const;

/** What one classic page tells of its race, from its lists of text nodes. */
export function readRace(path: string, page: PageNodes) {
  const [, , courseId, , date, raceId] = path.split('/');
  const main = only(page.having('main', RACE_TIME));
  const title = only(textNodes(page.where('h2', 'class', 'rp-raceTimeCourseName__title')));
  const heading = (name: string): string | null =>
    textNodes(page.where('span', 'class', `rp-raceTimeCourseName_${name}`))[0] ?? null;
  const shown = heading('class');
  const [, letter, pattern = null] = MARK.exec(title) ?? [];
  const place = only(textNodes(page.where('a', 'class', 'rp-raceTimeCourseName__name')));
  const country = countryOf(place);
  const short = only(textNodes(page.selected('span', 'block-distanceInd')));
  const [full = short] = textNodes(page.selected('span', 'block-fullDistanceInd')).map(unbracketed);
  const furlongs = inYards(distance(short)) / 220;
  const name = title.replace(MARK, '');
  const going = heading('condition') ?? '';
  const bands = unbracketed(heading('ratingBandAndAgesAllowed') ?? '').split(', ');
  const info = infoOf(page);
  return {
    path,
    raceId,
    courseId,
    course: main.attribs['data-analytics-coursename'],
    country: country === 'ARAB' ? 'aro' : country.toLowerCase(),
    date,
    off: main.attribs[RACE_TIME]!.slice(11, 16),
    name,
    title,
    raceClass: shown
      ? Number(/\d/.exec(shown))
      : letter
        ? (LETTERS[letter] ?? Number(letter))
        : classOf(pattern),
    pattern,
    ratingBand: bands.find((band) => /^\d+-\d+$/.test(band)) ?? null,
    ageBand: bands.find((band) => band.includes('yo')) ?? null,
    sexRestriction: SEXES.find(([words]) => words.test(name))?.[1] ?? null,
    distance: short,
    yards: inYards(distance(full)),
    furlongs,
    metres: inMetres(distance(full), country),
    courseDetail: heading('distanceDetail'),
    going,
    surface: surfaceOf(going),
    type: typeOf(furlongs, heading('hurdles') ?? '', name),
    ran: info?.ran ?? null,
    winningTime: info?.winningTime ?? null,
    winningSeconds: clockSeconds(info?.winningTime ?? ''),
    outcome: info === null ? 'void' : info.ran === 1 ? 'walkover' : 'run',
  };
}

export type RaceByTextNodes = ReturnType<typeof readRace>;

/** The amounts that are paid, first place first: the text nodes behind the first of the block. */
export function readPrizes(page: PageNodes): number[] {
  const [, ...amounts] = textNodes(page.selected('div', 'text-prizeMoney'));
  return amounts.map((amount) => Number(amount.replace(/^[£€]/, '').replaceAll(',', '')));
}

/** `HAPPY VALLEY (HK)`, `Dundalk (AW) (IRE)`: the country in its brackets, GB for none. */
export function countryOf(heading: string): string {
  return /\((?!AW\))([A-Z]{2,4})\)/.exec(heading)?.[1] ?? 'GB';
}

const RACE_TIME = 'data-analytics-race-date-time';

/** How many ran, and the winning time: the last value but one of the first item. Null for a void race. */
function infoOf(page: PageNodes): { readonly ran: number; readonly winningTime?: string } | null {
  const info = page.where('div', 'class', 'rp-raceInfo');
  const [first] = childrenOf(childrenOf(info, 'ul'), 'li');
  if (!first) return null;
  const item = new PageNodes([first]);
  const [ran] = textNodes(item.where('span', 'class', 'rp-raceInfo__value rp-raceInfo__value_black'));
  const values = textNodes(item.where('span', 'class', 'rp-raceInfo__value'));
  return { ran: Number(ran?.replace(/ ran$/, '')), winningTime: values.at(-2) };
}

function classOf(pattern: string | null): number | null {
  return pattern === null || pattern.startsWith('Grade') ? null : 1;
}

function surfaceOf(going: string): 'AW' | 'Dirt' | 'Turf' {
  if (/^(Standard|Slow)/.test(going)) return 'AW';
  return /^(Fast|Muddy|Sloppy)/.test(going) ? 'Dirt' : 'Turf';
}

function typeOf(furlongs: number, obstacles: string, name: string): string {
  if (furlongs < 12) return 'Flat';
  if (/hurdle/.test(obstacles)) return 'Hurdle';
  if (/fence/.test(obstacles)) return 'Chase';
  if (/hurdle/i.test(name)) return 'Hurdle';
  if (/chase/i.test(name)) return 'Chase';
  return /national hunt flat|bumper|inh flat/i.test(name) ? 'NH Flat' : 'Flat';
}

function unbracketed(text: string): string {
  return text.replace(/^\(|\)$/g, '');
}

function only<T extends string | Element>(found: readonly T[]): T {
  if (found.length !== 1) throw new Error(`${found.length} where one is`);
  return found[0]!;
}
