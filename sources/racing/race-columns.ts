import type { Rejected } from '../../core/source/source.ts';
import { parseDistance, raceDistance } from './distance.ts';
import { parseWinningTime } from './finish-time.ts';
import { surfaceOf } from './going.ts';
import { courseWithoutCountry } from './meeting-country.ts';
import { textOrNull, withoutBrackets } from './none.ts';
import type { PrintedRace } from './printed-race.ts';
import { classOf, readTitle } from './race-name.ts';
import type { RacePath } from './race-path.ts';
import { raceType } from './race-type.ts';
import { rejected } from './rejected.ts';
import type { RaceColumns } from './schema.ts';

/** The columns that all runners share, of a page of either markup. Junk in a landmark is PARSE_ERROR. */
export function raceColumns(
  printed: PrintedRace,
  { raceId, courseId }: RacePath,
  starters: number,
): { readonly kind: 'columns'; readonly columns: RaceColumns } | Rejected {
  if (printed.title === '') return rejected('HTML_CHANGED', 'the title of the race is empty');
  const title = readTitle(printed.title);
  const dist = withoutBrackets(printed.distance);
  const distance = raceDistance(parseDistance(dist), printed.exactDistance, printed.country);
  if (!distance) return rejected('PARSE_ERROR', `distance ${JSON.stringify(dist)} is no distance`);
  const winningSecs = parseWinningTime(printed.winningTime);
  if (winningSecs === undefined)
    return rejected('PARSE_ERROR', `winning time ${JSON.stringify(printed.winningTime)} is no time`);
  const going = textOrNull(withoutBrackets(printed.going));
  const { rating_band, age_band } = bands(printed);
  const columns: RaceColumns = {
    race_id: raceId,
    course_id: courseId,
    course: courseWithoutCountry(printed.course, printed.country),
    off: printed.off,
    race_name: title.name === '' ? printed.title : title.name,
    class: classOf(printed.class, title),
    pattern: title.pattern,
    rating_band,
    age_band,
    sex_rest: title.sexRestriction,
    dist: textOrNull(dist),
    dist_y: distance.yards,
    dist_f: distance.furlongs,
    dist_m: distance.metres,
    course_detail: textOrNull(printed.courseDetail),
    going,
    surface: surfaceOf(going),
    type: raceType(distance.furlongs, printed.obstacles, printed.title, printed.typeCode),
    ran: printed.ran ?? starters,
    winning_time: textOrNull(printed.winningTime),
    winning_secs: winningSecs,
  };
  return { kind: 'columns', columns };
}

/** `(0-85, 3yo+)`: either may be missing, and a rating band may stand in the title instead. */
function bands(printed: PrintedRace): Pick<RaceColumns, 'rating_band' | 'age_band'> {
  const parts = printed.bands
    .replace(/^\(|\)$/g, '')
    .split(',')
    .map((part) => part.trim());
  return {
    rating_band:
      parts.find((part) => /^\d+\s*[-–]\s*\d+$/.test(part)) ??
      /\((\d{1,3}\s*[-–]\s*\d{1,3})\)/.exec(printed.title)?.[1] ??
      null,
    age_band: parts.find((part) => /\dyo/i.test(part)) ?? null,
  };
}
