import { courseHome } from './courses.ts';
import type { Course, Race } from './racing-day.ts';
import type { Random } from './random.ts';

const AW = ['Standard', 'Standard', 'Standard To Slow', 'Slow'];
const TURF: Record<'gb' | 'ire' | 'fr', readonly string[]> = {
  gb: ['Good', 'Good To Firm', 'Good To Soft', 'Soft', 'Heavy', 'Good (Good To Firm In Places)'],
  ire: ['Yielding', 'Good To Yielding', 'Soft', 'Soft To Heavy', 'Yielding To Soft', 'Good'],
  fr: ['Good', 'Soft', 'Very Soft', 'Heavy', 'Holding', 'Good To Soft'],
};
const DIRT = ['Fast', 'Muddy', 'Sloppy'];

export function goingOf(course: Course, random: Random): string {
  if (course.allWeather) return random.pick(AW);
  if (course.country === 'usa') return random.pick(DIRT);
  return random.pick(TURF[courseHome(course.country)]);
}

export function surfaceOf(going: string): Race['surface'] {
  if (/^(Standard|Slow)/.test(going)) return 'AW';
  return /^(Fast|Muddy|Sloppy)/.test(going) ? 'Dirt' : 'Turf';
}

const FAST_FLAT = new Set(['good', 'firm', 'standard', 'fast', 'hard', 'slow', 'sloppy']);
const FAST_JUMPS = new Set(['firm', 'standard', 'hard', 'fast', 'good']);

/** Lengths that a horse covers in a second, by the first word of the going in racing.md; null without one. */
export function lengthsPerSecond(going: string, type: Race['type']): number | null {
  const known = going
    .toLowerCase()
    .split(/[^a-z]+/)
    .find((word) => SPOKEN.has(word));
  if (known === undefined) return null;
  if (type === 'Flat') return FAST_FLAT.has(known) ? 6 : 5;
  return FAST_JUMPS.has(known) ? 5 : 4;
}

const SPOKEN = new Set([...FAST_FLAT, ...FAST_JUMPS, 'soft', 'heavy', 'yielding', 'holding']);
