import { type Country, heldIn, type Race, type RacingDay } from '../model/racing-day.ts';
import { racePath } from '../render/paths.ts';

/** What a reader of a day's index should find of one race. */
export interface ListedRaceTruth {
  readonly raceId: string;
  readonly path: string;
  /**
   * `pending` stands only on an index of today's markup: the classic one lists a race once it has a result.
   */
  readonly status: 'ready' | 'pending' | 'abandoned' | 'void';
}

/** The races of one country in the order of the index; those that other lists repeat stand here once. */
export function listedRaces(
  day: RacingDay,
  country: Country,
  isPending: (race: Race) => boolean,
): ListedRaceTruth[] {
  return day.meetings
    .filter((meeting) => heldIn(meeting.course.country) === country)
    .flatMap((meeting) => meeting.races)
    .map((race) => ({
      raceId: String(race.id),
      path: racePath(race),
      status: isPending(race) ? 'pending' : statusOf(race),
    }));
}

function statusOf({ outcome }: Race): ListedRaceTruth['status'] {
  return outcome === 'abandoned' || outcome === 'void' ? outcome : 'ready';
}
