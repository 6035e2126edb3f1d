import type { CivilDate } from '../../core/calendar/civil-date.ts';

/** The countries that a scraper can ask for. */
export type Country = 'gb' | 'ire' | 'fr';
export const COUNTRIES: readonly Country[] = ['gb', 'ire', 'fr'];

/**
 * What a page gives as the country of a meeting. No target asks for `hk` and `usa`; `aro` is an Arabian card.
 */
export type MeetingCountry = Country | 'hk' | 'usa' | 'aro';

/** Where a meeting is held: a card of Arabian horses, which has a code of its own, is British here. */
export function heldIn(country: MeetingCountry): Exclude<MeetingCountry, 'aro'> {
  return country === 'aro' ? 'gb' : country;
}

export type RaceType = 'Flat' | 'Hurdle' | 'Chase' | 'NH Flat';

export interface Course {
  readonly id: number;
  /** As people write it, without country or surface: `Saint-Cloud`. */
  readonly name: string;
  readonly slug: string;
  readonly country: MeetingCountry;
  readonly allWeather: boolean;
  readonly codes: 'flat' | 'jumps' | 'both';
  /** False where horses carry no number on their saddle cloths. */
  readonly numbered: boolean;
}

export interface Meeting {
  readonly course: Course;
  readonly going: string;
  /** Why nothing at all was run; a meeting that is lost in part has it null. */
  readonly abandoned: string | null;
  /** In the order of the index, lost ones among them. */
  readonly races: readonly Race[];
}

export interface RacingDay {
  readonly date: CivilDate;
  readonly meetings: readonly Meeting[];
}

export interface Race {
  readonly id: number;
  readonly course: Course;
  /** With the surface, without the country: `Dundalk (AW)`. */
  readonly courseName: string;
  readonly country: MeetingCountry;
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
  /** An abandoned race has no runners and no page. */
  readonly outcome: 'run' | 'void' | 'walkover' | 'abandoned';
  readonly winningTime: WinningTime;
  /** Total of the starting prices in percent. */
  readonly totalSp: number;
  /** One text a place, first first; a void race may keep them. */
  readonly prizes: readonly string[];
  /** In the order of the page. */
  readonly runners: readonly Runner[];
  readonly nonRunners: readonly string[];
}

export interface Distance {
  /** To the half furlong: `1m2½f`. */
  readonly text: string;
  /** To the yard, `1m2f75yds`; null where it says the same as `text`. */
  readonly fullText: string | null;
  /** Of `text`; a mile is 8. */
  readonly furlongs: number;
  /** Of `fullText`, else of `text`. */
  readonly yards: number;
}

export interface WinningTime {
  /** `1m 38.52s`, `standard time`, `0.00s`. */
  readonly text: string;
  /** `slow by 2.12s`; null without a time. */
  readonly comparison: string | null;
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
  readonly number: number | null;
  /** Beaten by the horse before, in lengths; null for non-finishers and one disqualified from first place. */
  readonly beaten: Lengths | null;
  /** Beaten by the winner, in lengths. */
  readonly overall: Lengths | null;
  readonly horse: HorseName;
  /** `9/4F`, `EvensF`, `No Odds`. */
  readonly sp: string;
  /** Fraction + 1; null for `No Odds`. */
  readonly decimal: number | null;
  /** Null for a runner without a rider. */
  readonly jockey: Person | null;
  /** Pounds that an apprentice claims; 0 for none. */
  readonly claim: number;
  readonly trainer: Person;
  readonly owner: Person;
  readonly age: number;
  /** Pounds; 14 to the stone. */
  readonly lbs: number;
  /** Pounds that are told beside the weight, and why. */
  readonly extraWeight: ExtraWeight | null;
  readonly headgear: string | null;
  readonly firstTimeHeadgear: boolean;
  readonly officialRating: number | null;
  readonly rpr: number | null;
  readonly topspeed: number | null;
  readonly colour: string;
  readonly sex: 'c' | 'f' | 'g' | 'm' | 'h' | 'r';
  readonly sire: HorseName | null;
  readonly dam: HorseName;
  /** A bare name: no page tells where he was bred. */
  readonly damsire: Person;
  readonly comment: string;
  /** How the price moved: `op 9/2 tchd 5/1`. */
  readonly betting: string | null;
  /** In the currency of the page. */
  readonly prize: number | null;
}

export interface ExtraWeight {
  readonly kind: 'over-weights' | 'out of handicap' | 'extra weight';
  readonly lbs: number;
}

export interface Lengths {
  /** As printed: `nk`, `2½`, empty for a winner. */
  readonly text: string;
  readonly value: number;
}
