import type { CivilDate } from '../../core/calendar/civil-date.ts';
import type { Race } from '../model/racing-day.ts';

export function indexPath(date: CivilDate): string {
  return `/results/${date}`;
}

export function racePath(race: Race): string {
  return `/results/${race.course.id}/${race.course.slug}/${race.date}/${race.id}`;
}

/** The JSON of a page of today's markup. */
export function dataPath(buildId: string, pagePath: string): string {
  return `/_next/data/${buildId}${pagePath}.json`;
}
