import { addDays, type CivilDate } from '../../core/calendar/civil-date.ts';
import type { FaultPlan } from '../faults.ts';
import type { Country, Race } from '../model/racing-day.ts';

/** The part of a fault plan that is how things are, not how an answer goes wrong; and the date it is. */
export interface World {
  readonly today: CivilDate;
  isEmpty(country: Country, date: CivilDate): boolean;
  /** True while the page of a race that settles late is still the first report. */
  isProvisional(race: Race): boolean;
  /** Days after the race on which its page took its final form; 0 for most. */
  settlesAfter(race: Race): number;
}

/** `raceId` finds the id of the nth race of a country's day; undefined where there is none. */
export function worldOf(
  today: CivilDate,
  plan: FaultPlan,
  raceId: (country: Country, date: CivilDate, nth: number) => number | undefined,
): World {
  const empty = new Set(plan.emptyDays.map(({ country, date }) => `${country}/${date}`));
  const late = new Map(plan.settlesLate.map((one) => [raceId(one.country, one.date, one.race), one.days]));
  return {
    today,
    isEmpty: (country, date) => empty.has(`${country}/${date}`),
    isProvisional: (race) => {
      const days = late.get(race.id);
      return days !== undefined && today < addDays(race.date, days);
    },
    settlesAfter: (race) => late.get(race.id) ?? 0,
  };
}
