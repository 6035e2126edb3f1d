import { slugOf } from './courses.ts';
import type { Country, HorseName, Person, Runner } from './racing-day.ts';
import { hash32, seeded } from './random.ts';

const words = (text: string): readonly string[] => text.split('|');

const FIRST = words(
  'Silver|Northern|Midnight|Golden|Crimson|Quiet|Royal|Lucky|Wild|Secret|Ancient|Bold|Distant|Frosty|Gentle|Hidden|Iron|Jolly|Kindly|Lonesome|Misty|Noble|Olive|Proud|Rapid|Scarlet|Thunder|Velvet|Winter|Amber|Copper|Emerald|Falling|Harvest|Island|Marble|Paper|River|Salty|Tidal',
);
const SECOND = words(
  'Lane|Harbour|Dancer|Venture|Prospect|Ember|Falcon|Meadow|Arrow|Castle|Dreamer|Echo|Fortune|Garden|Horizon|Invader|Jester|Keeper|Lantern|Mariner|Nomad|Oracle|Pilgrim|Quarry|Ranger|Sailor|Tempest|Uplands|Voyager|Whisper|Anthem|Bridge|Charter|Duchess|Empress|Fable|Gambit|Heather|Ivory|Junction',
);
const IRISH = words(
  "O'Reilly's|Ballyknock|Clonmore's|Sléibhín|Kilbeggan|Féile|Mac Tíre|Oisín's|Dún Laoire|Tír na|Caitríona's|Rathmore|Sean's|Lough|Inis",
);
const FRENCH = words(
  "L'Étoile|Château|Où Vas|Ça Ira|Prince d'|Belle Époque|Señor|Cœur de|Forêt|Mademoiselle|L'Été|Garçon|Déjà|Fleur d'|Noël à",
);
const FRENCH_TAIL = words(
  'Filante|Rêveur|Tu Là|Mieux|Orléans|Dorée|Gaëtan|Lion|Bleue|Zoé|Indien|Manqué|Vu Encore|Épine|Deauville',
);

const SURNAMES: Record<Country, readonly string[]> = {
  gb: words(
    "Ashworth|Brindle|Carrow|Dunmore|Eastby|Fairclough|Grimsdale|Hartley-Moss|Inskip|Jessop|Kettlewell|Larkin|Marsden|O'Neale|Penhallow|Quayle|Rushworth|Stanhope|Thackray|Winterbourne",
  ),
  ire: words(
    "O'Donnabháin|Ó Faoláin|MacCarrick|Brannigan|Cusheen|Devanney|Fogarty-Byrne|Geraghty|Hanlon|Kilbride|Lanigan|Mulvihill|Ní Dhúill|O'Shaughran|Quilty|Rafter|Scanlon|Tierney",
  ),
  fr: words(
    "Béraud|Chauvière|Delépine|d'Aubigny|Façonnier|Guérineau|Hélouin|Jouët|Lefèvre-Marais|Maçon|Noémie|Pécheur|Quénot|Rousselière|Thévenin|Vélard|Zürcher",
  ),
};
const INITIALS: Record<Country, readonly string[]> = {
  gb: words('Tom|Sam|Hollie-Mae|David|Rossa|Ben|Jack|Mrs J|Archie|Lucy|Kieran|P J|William|Georgia'),
  ire: words('Séamus|Conor|Ms R|Aoibhín|Declan|J P|Pádraig|Ross|Siobhán|Donnacha|Colm|Gavin'),
  fr: words('Mlle C|J-C|Théo|Mme M|Gérald|Ioritz|François|Clément|E & G|Aurélien|Coralie|Y'),
};
const OWNERS: Record<Country, readonly string[]> = {
  gb: words(
    "The %s Partnership|%s Racing Ltd|Mr & Mrs %s|%s & Sons (Yorkshire)|Old Friends' Syndicate %s|Lady %s",
  ),
  ire: words('%s Bloodstock|The %s Syndicate|Mrs %s|Tír na nÓg Racing %s|%s Stud'),
  fr: words('Écurie %s|Haras de %s|Mme %s|%s & Cie|Scea %s|Gérard %s'),
};
const COUNTRY_CODES = words('IRE|FR|USA|GER|AUS|JPN|ITY');

/** Horses of one country, `POOL` of them; an index is a horse, its facts do not change from race to race. */
export const POOL = 6000;

export interface Horse {
  readonly name: HorseName;
  readonly group: 'entire' | 'gelding' | 'female';
  readonly colour: string;
  readonly sire: HorseName | null;
  readonly dam: HorseName;
  readonly damsire: Person;
  /** About 40 to 110: what its ratings and its chances come from. */
  readonly ability: number;
}

export function horse(seed: number, country: Country, index: number): Horse {
  const random = seeded(seed, 'horse', country, index);
  const base = { gb: 1_000_000, ire: 2_000_000, fr: 3_000_000 }[country];
  const group = random.pick(['entire', 'gelding', 'gelding', 'female', 'female'] as const);
  return {
    name: horseName(base + index * 7, phrase(country, index, seed), country, random.next()),
    group,
    colour: random.pick(['b', 'b', 'b', 'ch', 'ch', 'gr', 'br', 'bl', 'b/br', 'gr/ro']),
    sire: random.chance(0.01) ? null : parent(seed, 'sire', random.int(1, 220)),
    dam: parent(seed, 'dam', random.int(1, 4000)),
    damsire: parent(seed, 'sire', random.int(1, 220)),
    ability: random.int(40, 110),
  };
}

/** Age in the year of the race: 2 to 9, the same for every race of that year. */
export function horseAge(index: number, year: number): number {
  return ((index + year) % 8) + 2;
}

export function sexOf(group: Horse['group'], age: number): Runner['sex'] {
  if (group === 'gelding') return 'g';
  if (group === 'entire') return age < 5 ? 'c' : 'h';
  return age < 5 ? 'f' : 'm';
}

export function person(seed: number, role: 'jockey' | 'trainer', country: Country, index: number): Person {
  const random = seeded(seed, role, country, index);
  // French stables trade as companies, and write it behind the name.
  const company = country === 'fr' && role === 'trainer' && random.chance(0.3) ? ' (s)' : '';
  const name = `${random.pick(INITIALS[country])} ${random.pick(SURNAMES[country])}${company}`;
  const base = { jockey: 80_000, trainer: 10_000 }[role] + { gb: 0, ire: 2000, fr: 4000 }[country];
  return { id: base + index, name, slug: slugOf(name) };
}

export function owner(seed: number, country: Country, index: number): Person {
  const random = seeded(seed, 'owner', country, index);
  const name = random.pick(OWNERS[country]).replace('%s', random.pick(SURNAMES[country]));
  return { id: 200_000 + { gb: 0, ire: 20_000, fr: 40_000 }[country] + index, name, slug: slugOf(name) };
}

function parent(seed: number, role: 'sire' | 'dam', index: number): HorseName {
  const random = seeded(seed, role, index);
  const country = random.pick(['gb', 'ire', 'fr'] as const);
  const id = { sire: 400_000, dam: 500_000 }[role] + index;
  return horseName(id, phrase(country, index * 31 + role.length, seed), country, random.next());
}

function horseName(id: number, name: string, country: Country, draw: number): HorseName {
  const home = { gb: null, ire: 'IRE', fr: 'FR' }[country];
  const bred =
    draw < 0.7 ? home : draw < 0.8 ? null : COUNTRY_CODES[Math.floor(draw * 1000) % COUNTRY_CODES.length]!;
  return { id, name, slug: slugOf(name), country: bred };
}

function phrase(country: Country, index: number, seed: number): string {
  const h = hash32(`${seed}/${country}/${index}`);
  const first = FIRST[h % FIRST.length]!;
  const second = SECOND[(h >>> 8) % SECOND.length]!;
  if (country === 'ire' && h % 3 === 0) return `${IRISH[(h >>> 4) % IRISH.length]} ${second}`;
  if (country === 'fr' && h % 3 !== 0) {
    const head = FRENCH[(h >>> 4) % FRENCH.length]!;
    return `${head}${head.endsWith("'") ? '' : ' '}${FRENCH_TAIL[(h >>> 12) % FRENCH_TAIL.length]}`;
  }
  if (h % 11 === 0) return `${first} ${second}'s ${SECOND[(h >>> 16) % SECOND.length]}`;
  return `${first} ${second}`;
}
