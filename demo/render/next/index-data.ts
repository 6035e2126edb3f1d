import { courseWithCountry } from '../../model/courses.ts';
import type { Meeting, Race, RacingDay } from '../../model/racing-day.ts';
import { localDateTime } from '../local-time.ts';
import { racePath } from '../paths.ts';
import { type RepeatingList, repeatingLists } from '../repeating-lists.ts';

/** `results.data` of an index of today's markup. */
export function indexData(day: RacingDay, isPending: (race: Race) => boolean): object[] {
  const [first, ...others] = repeatingLists(day).map((list) => specialMeeting(list, isPending));
  const meetings = day.meetings.map((meeting) => meetingData(meeting, isPending));
  return [...(first ? [first] : []), ...meetings, ...others];
}

function meetingData(
  { course, abandoned, going, races }: Meeting,
  isPending: (race: Race) => boolean,
): object {
  return {
    courseId: String(course.id),
    courseName: courseWithCountry(course),
    courseKey: course.slug,
    countryCode: course.country.toUpperCase(),
    going,
    isAbandoned: abandoned !== null,
    abandonedReason: abandoned,
    isSpecialMeeting: false,
    races: races.map((race) => raceEntry(race, isPending(race))),
  };
}

/** It says that it is British, whatever it repeats. */
function specialMeeting({ id, name, races }: RepeatingList, isPending: (race: Race) => boolean): object {
  return {
    courseId: String(id),
    courseName: name,
    courseKey: null,
    countryCode: 'GB',
    going: null,
    isAbandoned: false,
    abandonedReason: null,
    isSpecialMeeting: true,
    races: races.map((race) => raceEntry(race, isPending(race))),
  };
}

function raceEntry(race: Race, pending: boolean): object {
  const lost = race.outcome === 'abandoned';
  return {
    raceUid: race.id,
    raceTime: race.off,
    raceDateTime: localDateTime(race.date, race.off, race.country),
    raceStatusCode: lost ? 'A' : pending ? 'O' : race.outcome === 'void' ? 'V' : 'R',
    isResult: !lost && !pending,
    isAbandoned: lost,
    isVoidRace: race.outcome === 'void',
    courseUid: race.course.id,
    courseName: null,
    courseKey: race.course.slug,
    countryCode: race.country.toUpperCase(),
    raceTitle: race.title,
    raceClass: race.classShown ? String(race.raceClass) : null,
    distanceShort: race.distance.text,
    fullResultAvailable: !lost && !pending,
    fullResultLink: pending ? null : racePath(race),
    runnersCount: race.runners.length,
    // The first three, as the list shows them; a race that is still open names nobody.
    horses: pending
      ? []
      : race.runners.slice(0, 3).map(({ position, horse, sp }) => ({ position, horse: horse.name, sp })),
  };
}
