import type { CivilDate } from '../../core/window/civil-date.ts';

/** The countries that a scraper can ask for. */
export type Country = 'gb' | 'ire' | 'fr';
export const COUNTRIES: readonly Country[] = ['gb', 'ire', 'fr'];

export type RaceType = 'Flat' | 'Hurdle' | 'Chase' | 'NH Flat';

export interface Course {
  readonly id: number;
  /** As people write it, without country or surface: `Saint-Cloud`. */
  readonly name: string;
  readonly slug: string;
  /** `usa` meetings stand in the index and belong to no country that is asked for. */
  readonly country: Country | 'usa';
  readonly allWeather: boolean;
  readonly codes: 'flat' | 'jumps' | 'both';
}

export interface Meeting {
  readonly course: Course;
  /** As the index writes it: `DUNDALK (AW) (IRE)`. */
  readonly label: string;
  readonly going: string;
  /** Why nothing was run; such a meeting has no races and no links. */
  readonly abandoned: string | null;
  readonly races: readonly Race[];
}

export interface RacingDay {
  readonly date: CivilDate;
  readonly meetings: readonly Meeting[];
}

export interface Race {
  readonly id: number;
  readonly course: Course;
  /** As the page's analytics attribute writes it: `Dundalk (AW)`. */
  readonly courseName: string;
  readonly country: Country | 'usa';
  readonly date: CivilDate;
  /** Local time of the off, `HH:MM`. */
  readonly off: string;
  /** The heading, marks included. */
  readonly title: string;
  /** The heading without class, group and listed marks. */
  readonly name: string;
  /** 1 to 7; null where the page does not tell. */
  readonly raceClass: number | null;
  /** True where the class has a cell of its own, false where it follows from the heading. */
  readonly classShown: boolean;
  readonly pattern: string | null;
  readonly ratingBand: string | null;
  readonly ageBand: string | null;
  readonly sexRestriction: 'F' | 'M' | 'F & M' | 'C & F' | 'C & G' | null;
  readonly distance: Distance;
  readonly courseDetail: string | null;
  readonly going: string;
  readonly surface: 'Turf' | 'AW' | 'Dirt';
  readonly type: RaceType;
  /** `9 hurdles`, `18 fences 1 omitted`; null on the flat and where the page leaves it to the name. */
  readonly obstacles: string | null;
  readonly outcome: 'run' | 'void' | 'walkover';
  readonly winningTime: WinningTime;
  /** Total of the starting prices in percent. */
  readonly totalSp: number;
  /** One text a placing, first first. */
  readonly prizes: readonly string[];
  /** In the order of the page. */
  readonly runners: readonly Runner[];
  readonly nonRunners: readonly string[];
}

export interface Distance {
  /** To the half furlong: `1m2½f`. */
  readonly text: string;
  /** To the yard: `1m2f110yds`. */
  readonly fullText: string;
  /** Of `text`; a mile is 8. */
  readonly furlongs: number;
  /** Of `fullText`. */
  readonly yards: number;
}

export interface WinningTime {
  readonly text: string;
  /** Null for `standard time` and zero. */
  readonly seconds: number | null;
}

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
}

/** A horse as a name: `country` is null where the page leaves it out, which means GB. */
export interface HorseName extends Person {
  readonly country: string | null;
}

export interface Runner {
  /** A number, or PU F UR RR BD CO SU REF RO LFT RTR DSQ VOI. */
  readonly position: string;
  readonly draw: number | null;
  readonly number: number;
  /** Beaten by the horse before, in lengths; null for non-finishers. */
  readonly beaten: Lengths | null;
  /** Beaten by the winner, in lengths. */
  readonly overall: Lengths | null;
  readonly horse: HorseName;
  /** `9/4F`, `EvensF`, `No Odds`. */
  readonly sp: string;
  /** Fraction + 1; null for `No Odds`. */
  readonly decimal: number | null;
  readonly jockey: Person;
  /** Pounds that an apprentice claims; 0 for none. */
  readonly claim: number;
  readonly trainer: Person;
  readonly owner: Person;
  readonly age: number;
  /** Pounds; 14 to the stone. */
  readonly lbs: number;
  readonly overweight: number;
  readonly headgear: string | null;
  readonly firstTimeHeadgear: boolean;
  readonly officialRating: number | null;
  readonly rpr: number | null;
  readonly topspeed: number | null;
  readonly colour: string;
  readonly sex: 'c' | 'f' | 'g' | 'm' | 'h' | 'r';
  readonly sire: HorseName | null;
  readonly dam: HorseName;
  readonly damsire: HorseName;
  readonly comment: string;
  /** In the currency of the page. */
  readonly prize: number | null;
}

export interface Lengths {
  /** As printed: `nk`, `2½`, empty for a winner. */
  readonly text: string;
  readonly value: number;
}
