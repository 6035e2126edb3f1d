import type { CivilDate } from '../../core/calendar/civil-date.ts';
import type { PrintedLevel } from '../schedules/site-kind.ts';

/** What a reader of a district's site should find of one level. */
export interface ScheduleTruth {
  readonly district_id: string;
  readonly state: string;
  readonly year: string;
  readonly grade_level: PrintedLevel['level'];
  readonly start_time: number;
  readonly end_time: number;
  readonly instructional_minutes: number;
  readonly lunch_duration: number | null;
  readonly passing_periods: number | null;
  readonly recess_duration: number | null;
  readonly schools_sampled: readonly string[];
  readonly source_urls: readonly string[];
  readonly confidence: 'high' | 'medium' | 'low';
}

/** The school year of a date, from July on the one that begins; on purpose not the reader's own function. */
export function schoolYear(date: CivilDate, back = 0): string {
  const first = Number(date.slice(0, 4)) - (date.slice(5, 7) < '07' ? 1 : 0) - back;
  return `${first}-${String((first + 1) % 100).padStart(2, '0')}`;
}

/** The row of a level. `address` makes an absolute address of a page of its district. */
export function scheduleTruth(
  district: { readonly id: string; readonly state: string },
  printed: PrintedLevel,
  year: string,
  address: (page: string) => string,
): ScheduleTruth {
  const {
    level,
    start,
    end,
    lunch = null,
    passing = null,
    recess = null,
    schools = [],
    pages,
    doubt,
  } = printed;
  const minutes = end - start - (lunch ?? 0) - (passing ?? 0) - (recess ?? 0);
  const isSure = doubt === undefined && (lunch !== null || passing !== null || recess !== null);
  return {
    district_id: district.id,
    state: district.state,
    year,
    grade_level: level,
    start_time: start,
    end_time: end,
    instructional_minutes: minutes,
    lunch_duration: lunch,
    passing_periods: passing,
    recess_duration: recess,
    schools_sampled: schools,
    source_urls: pages.map(address),
    confidence: minutes < 240 || minutes > 420 ? 'low' : isSure ? 'high' : 'medium',
  };
}
