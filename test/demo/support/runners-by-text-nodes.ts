import { type Element, isTag } from 'domhandler';
import { childrenOf, every, PageNodes, paths, textNodes } from './page-nodes.ts';
import { decimalOdds, lengths, number, rating } from './printed-measures.ts';

interface Margin {
  readonly beaten: number;
  readonly overall: number;
}

/**
 * The columns of all runners of a classic page, each a list over the whole page: the nth entry is the nth
 * runner's. A list that is short is left short.
 */
export function readColumns(page: PageNodes) {
  const text = (tag: string, className: string) => textNodes(page.where(tag, 'class', className));
  const cells = (ending: string) => textNodes(page.where('td', 'data-ending', ending));
  const jockeys = page.selected('a', 'link-jockeyName');
  const trainers = page.selected('a', 'link-trainerName');
  const horses = page.selected('a', 'link-horseName');
  return {
    // A span has two text nodes, the position and what stands behind the draw.
    position: every(2, textNodes(page.selected('span', 'text-horsePosition'))),
    draw: text('sup', 'rp-horseTable__pos__draw').map((draw) => number(draw.replace(/[()]/g, ''))),
    number: text('span', 'rp-horseTable__saddleClothNo').map((cloth) => number(cloth.replace('.', ''))),
    margin: page.where('span', 'class', 'rp-horseTable__pos__length').map(marginOf),
    horseName: textNodes(horses),
    horseId: paths(horses).map((path) => path[3]),
    horseCountry: text('span', 'rp-horseTable__horse__country').map(countryIn),
    sp: text('span', 'rp-horseTable__horse__price'),
    decimal: text('span', 'rp-horseTable__horse__price').map(decimalOdds),
    // Two links a runner with three text nodes between them.
    jockey: people(every(3, textNodes(jockeys)), every(2, paths(jockeys))),
    trainer: people(every(4, textNodes(trainers)), every(2, paths(trainers))),
    owner: paths(page.selected('a', 'link-silk')).map(([, , , id, slug]) => ({ id, slug })),
    silk: page.where('img', 'class', 'rp-horseTable__silk').map(({ attribs }) => attribs.src),
    age: textNodes(page.selected('td', 'horse-age')).map(Number),
    stones: textNodes(page.where('span', 'data-ending', 'st')).map(Number),
    pounds: textNodes(page.where('span', 'data-ending', 'lb')).map(Number),
    headgear: page.classContains('td', 'rp-horseTable__wgt').map(headgearIn),
    officialRating: cells('OR').map(rating),
    topspeed: cells('TS').map(rating),
    rpr: cells('RPR').map(rating),
    pedigree: childrenOf(page.selected('tr', 'block-pedigreeInfoFullResults'), 'td').map(pedigreeIn),
    comment: textNodes(childrenOf(page.where('tr', 'class', 'rp-horseTable__commentRow ng-cloak'), 'td')),
  };
}

export type Columns = ReturnType<typeof readColumns>;

/** The ratings of an Arabian card, whose cells have no endings that name them. */
export function readArabianRatings(page: PageNodes) {
  const cells = (name: string) => textNodes(page.selected('td', `full-result-${name}`)).map(rating);
  return { topspeed: cells('topspeed'), rpr: cells('rpr') };
}

/**
 * One child or two: the margin and, where it differs, the overall distance in `[ ]`; null for an empty one.
 */
function marginOf(span: Element): Margin | null {
  const [beaten, overall = beaten, ...more] = childrenOf([span], 'span').map(
    (child) => textNodes([child])[0],
  );
  if (more.length > 0) throw new Error('more than two lengths');
  if (!beaten) return null;
  return { beaten: lengths(beaten), overall: lengths(overall!.replace(/^\[|\]$/g, '')) };
}

function people(names: readonly string[], hrefs: readonly string[][]) {
  return names.map((name, nth) => ({ id: hrefs[nth]?.[3], name, slug: hrefs[nth]?.[4] }));
}

function countryIn(printed: string): string {
  return printed.replace(/[()]/g, '') || 'GB';
}

function headgearIn(cell: Element): {
  readonly headgear: string | null;
  readonly firstTimeHeadgear: boolean;
} {
  const gear = new PageNodes([cell]).where('span', 'class', 'rp-horseTable__headGear');
  const [headgear = null] = textNodes(gear);
  return { headgear, firstTimeHeadgear: textNodes(childrenOf(gear, 'sup'))[0] === '1' };
}

/**
 * `b g`, sire, dam, her sire. A dash in the cell's own text means that a sire is there; his country
 * stands before the dash, the dam's in her link, and her sire's link holds the brackets around his name.
 */
function pedigreeIn(cell: Element) {
  const [lead = '', ...behind] = textNodes([cell]);
  const [colour, sex] = lead.split(' ');
  const links = cell.children.filter(isTag).filter(({ name }) => name === 'a');
  const names = links.map((link) => textNodes([link])[0]!);
  const ids = paths(links).map((path) => path[3]);
  const dash = behind.find((text) => text.includes('-'));
  const dam = dash === undefined ? 0 : 1;
  const born = textNodes(childrenOf([links[dam]!], 'span'))[0] ?? '';
  const sire = { id: ids[0], name: names[0], country: countryIn((dash ?? '').replace('-', '').trim()) };
  return {
    colour,
    sex,
    sire: dash === undefined ? null : sire,
    dam: { id: ids[dam], name: names[dam], country: countryIn(born) },
    damsire: { id: ids[dam + 1], name: names[dam + 1]?.replace(/^\(|\)$/g, '') },
  };
}
