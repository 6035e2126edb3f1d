import type { Country, Race, RaceType } from './racing-day.ts';

/**
 * A kind of race. `name` may hold `%`, the place of the sponsor. `mark` goes behind the name in brackets and
 * is a mark of quality (taken out into a column); `tail` goes behind it too and stays part of the name.
 */
export interface Kind {
  readonly name: string;
  readonly type: RaceType;
  readonly mark?: string;
  readonly tail?: string;
  readonly pattern?: string;
  readonly sex?: NonNullable<Race['sexRestriction']>;
  /** A band of official ratings belongs to it. */
  readonly rated?: boolean;
  readonly ages: readonly [number, number];
  /** Half furlongs, from and to. */
  readonly span: readonly [number, number];
  readonly purse: readonly [number, number];
}

export const FLAT: readonly Kind[] = [
  { name: '% Handicap', type: 'Flat', rated: true, ages: [3, 9], span: [10, 28], purse: [3100, 16000] },
  {
    name: "% Fillies' Handicap",
    type: 'Flat',
    rated: true,
    sex: 'F',
    ages: [3, 6],
    span: [12, 20],
    purse: [4000, 12000],
  },
  {
    name: '% Maiden Stakes',
    type: 'Flat',
    tail: 'GBB Race',
    ages: [2, 3],
    span: [10, 16],
    purse: [3700, 7000],
  },
  {
    name: '% EBF Novice Stakes',
    type: 'Flat',
    tail: 'Colts & Geldings',
    sex: 'C & G',
    ages: [2, 2],
    span: [10, 16],
    purse: [4300, 9000],
  },
  { name: '% Nursery', type: 'Flat', rated: true, ages: [2, 2], span: [10, 16], purse: [3100, 8000] },
  {
    name: '% Apprentice Handicap',
    type: 'Flat',
    tail: 'Div II',
    rated: true,
    ages: [4, 9],
    span: [12, 24],
    purse: [2800, 4200],
  },
  {
    name: '% Stakes',
    type: 'Flat',
    mark: 'Listed Race',
    pattern: 'Listed',
    ages: [3, 9],
    span: [12, 24],
    purse: [28000, 45000],
  },
  {
    name: '% Stakes',
    type: 'Flat',
    mark: 'Group 3',
    pattern: 'Group 3',
    tail: 'Fillies & Mares',
    sex: 'F & M',
    ages: [3, 6],
    span: [14, 20],
    purse: [45000, 70000],
  },
  {
    name: '% Trophy',
    type: 'Flat',
    mark: 'Group 1',
    pattern: 'Group 1',
    tail: 'Colts & Fillies',
    sex: 'C & F',
    ages: [2, 2],
    span: [14, 16],
    purse: [110000, 190000],
  },
];
export const JUMPS: readonly Kind[] = [
  {
    name: '% Handicap Hurdle',
    type: 'Hurdle',
    rated: true,
    ages: [4, 9],
    span: [32, 48],
    purse: [4200, 16000],
  },
  {
    name: "% Mares' Novices' Hurdle",
    type: 'Hurdle',
    sex: 'M',
    tail: 'GBB Race',
    ages: [5, 9],
    span: [32, 40],
    purse: [5000, 9000],
  },
  {
    name: '% Handicap Chase',
    type: 'Chase',
    rated: true,
    ages: [5, 9],
    span: [33, 52],
    purse: [5200, 21000],
  },
  {
    name: "% Novices' Handicap Chase",
    type: 'Chase',
    rated: true,
    ages: [4, 9],
    span: [32, 44],
    purse: [5000, 11000],
  },
  {
    name: '% Hurdle',
    type: 'Hurdle',
    mark: 'Grade 2',
    pattern: 'Grade 2',
    ages: [4, 9],
    span: [33, 40],
    purse: [35000, 60000],
  },
  {
    name: '% Open National Hunt Flat Race',
    type: 'NH Flat',
    ages: [4, 6],
    span: [32, 34],
    purse: [2300, 4100],
  },
];
export const FRENCH: readonly Kind[] = [
  { name: 'Prix %', type: 'Flat', tail: 'Claimer', ages: [3, 9], span: [12, 24], purse: [7000, 11000] },
  {
    name: 'Prix %',
    type: 'Flat',
    tail: 'Fillies',
    sex: 'F',
    ages: [2, 3],
    span: [12, 20],
    purse: [9000, 14000],
  },
  {
    name: 'Grand Handicap % - Prix des Étoiles',
    type: 'Flat',
    rated: true,
    ages: [4, 9],
    span: [14, 22],
    purse: [9000, 26000],
  },
  {
    name: 'Prix %',
    type: 'Flat',
    mark: 'Group 3',
    pattern: 'Group 3',
    ages: [3, 9],
    span: [16, 25],
    purse: [40000, 40000],
  },
  { name: 'Prix %', type: 'Flat', mark: 'Class D', ages: [3, 5], span: [10, 16], purse: [8000, 13000] },
];
export const FRENCH_JUMPS: readonly Kind[] = [
  { name: 'Prix %', type: 'Hurdle', tail: 'Hurdle', ages: [3, 5], span: [36, 40], purse: [21000, 30000] },
  { name: 'Grand Steeplechase %', type: 'Chase', ages: [5, 9], span: [40, 48], purse: [28000, 70000] },
  {
    name: 'Prix %',
    type: 'Hurdle',
    tail: 'Hurdle',
    mark: 'Listed',
    pattern: 'Listed',
    ages: [4, 9],
    span: [36, 42],
    purse: [30000, 50000],
  },
];
export const IRISH_BUMPER: Kind = {
  name: '% (Pro/Am) INH Flat Race',
  type: 'NH Flat',
  ages: [4, 7],
  span: [32, 36],
  purse: [4500, 7000],
};

export const SPONSORS: Record<Country, readonly string[]> = {
  gb: [
    'Brindle & Co Solicitors',
    'Download The Turfwise App',
    'Harrogate Tea Rooms',
    "St Leger's Brewery",
    'Racing Again Next Thursday',
    'Weldon Timber',
    '£5 Free Bet On Sundays',
  ],
  ire: [
    'Irish Stallion Owners EBF',
    'Kilbeggan Co-Op',
    'Bord na gCapall',
    "O'Donoghue's Bar",
    'Adare Hotel & Spa',
    'Tote Ten To Follow',
  ],
  fr: [
    "de l'Orangerie",
    'du Château de Compiègne',
    'de la Forêt de Hérivaux',
    'du Béarn',
    "de l'Île de Ré",
    "de l'Étang d'Apremont",
    'de Crèvecœur',
  ],
};
