import type { Rejected } from '../../core/source/source.ts';
import type { Distance } from './distance.ts';
import type { Position } from './position.ts';
import type { Prizes } from './prize.ts';

/**
 * A race as its page prints it: what the readers of the two markups hand over, before anything is derived
 * from it. Texts are collapsed, and empty where the page prints nothing.
 */
export interface PrintedRace {
  /** Country of the meeting, a code in capitals. */
  readonly country: string;
  readonly course: string;
  /** Local start, HH:MM. */
  readonly off: string;
  readonly title: string;
  /** `(Class 4)` or `4`. */
  readonly class: string;
  /** `(0-85, 3yo+)`: ratings and ages, either may be missing. */
  readonly bands: string;
  /** `1m2½f`. */
  readonly distance: string;
  readonly exactDistance: Distance | undefined;
  readonly courseDetail: string;
  readonly going: string;
  /** `9 hurdles`. */
  readonly obstacles: string;
  /** Only in today's markup. */
  readonly typeCode: string;
  /** How many ran; null where the page does not count. */
  readonly ran: number | null;
  /** `1m 38.52s (slow by 2.12s)`. */
  readonly winningTime: string;
  readonly prizes: Prizes;
}

/** A runner that took part. */
export type Starter = Exclude<Position, { readonly kind: 'void' | 'withdrawn' }>;

/** Somebody with a profile; null where the page names nobody. */
export interface PrintedProfile {
  readonly name: string | null;
  readonly id: string | null;
}

/** A sire or a dam. */
export interface PrintedParent {
  readonly name: string;
  /** `(IRE)`; empty where none is printed, which means Great Britain. */
  readonly country: string;
  readonly id: string | null;
}

export interface PrintedRunner {
  readonly position: Starter;
  /** `(4)`. */
  readonly draw: string;
  /** `3.`. */
  readonly saddleCloth: string;
  /** None, the margin to the horse in front, or that and in square brackets the one to the winner. */
  readonly margins: readonly string[];
  readonly horse: PrintedParent;
  readonly price: string;
  readonly jockey: PrintedProfile;
  readonly trainer: PrintedProfile;
  readonly owner: PrintedProfile;
  readonly silkUrl: string;
  readonly age: string;
  /** Weight carried. */
  readonly pounds: number | null;
  /** `p1`: the letters, and 1 the first time. */
  readonly headgear: string;
  readonly officialRating: string;
  readonly racingPostRating: string;
  readonly topspeed: string;
  /** `b g`. */
  readonly colourAndSex: string;
  readonly sire: PrintedParent | undefined;
  readonly dam: PrintedParent | undefined;
  readonly damsire: PrintedProfile | undefined;
  readonly comment: string;
}

/** What a reader of a markup makes of a page. */
export type ReadRace =
  | { readonly kind: 'race'; readonly race: PrintedRace; readonly runners: readonly PrintedRunner[] }
  | { readonly kind: 'empty'; readonly reason: string }
  | Rejected;
