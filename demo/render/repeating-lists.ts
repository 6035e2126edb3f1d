import type { Race, RacingDay } from '../model/racing-day.ts';

/** A list on the index that looks like a meeting and repeats races of meetings. */
export interface RepeatingList {
  /** Not positive: no course has it. */
  readonly id: number;
  readonly name: string;
  readonly races: readonly Race[];
}

/**
 * Races of any country that pay most, what is free to air, and the races of a pool; none on a day without
 * racing.
 */
export function repeatingLists(day: RacingDay): RepeatingList[] {
  const races = day.meetings.filter(({ abandoned }) => !abandoned).flatMap((meeting) => meeting.races);
  if (races.length === 0) return [];
  const ran = races.filter((race) => race.outcome !== 'abandoned');
  return [
    { id: -2, name: 'WORLDWIDE STAKES', races: ran.filter((race) => race.country !== 'gb').slice(-4) },
    { id: -1, name: 'FREE TO AIR RACES', races: races.slice(0, 4) },
    { id: 0, name: 'PLACEPOT RACES', races: ran.filter((race) => race.country === 'gb').slice(0, 6) },
  ];
}
