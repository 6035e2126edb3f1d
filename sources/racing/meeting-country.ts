import type { RacePath } from './race-path.ts';

/**
 * Courses whose meetings belong elsewhere than a name without brackets says, by course id: the Channel Islands race under
 * British rules, but are not Great Britain. The slug stands beside the id so that a number used again for another
 * course misfiles nothing.
 */
const COUNTRY_OF_COURSE: ReadonlyMap<string, { readonly slug: string; readonly country: string }> = new Map([
  ['426', { slug: 'les-landes', country: 'JER' }],
  ['1034', { slug: 'lancresse', country: 'GUE' }],
]);

const BRACKETS = /\(([^()]*)\)/g;
/** An all-weather track, a cancelled meeting: notes in brackets that name no country. */
const NOTES = /^(?:aw|abandoned|void)$/i;
const COUNTRY = /^[a-z]{2,3}$/i;

/**
 * Country code of a meeting, upper case: the bracket at the end of its name, `LEOPARDSTOWN (IRE)`, `DUNDALK (AW) (IRE)`;
 * without one it is `GB`. Brackets of other lengths belong to the name: `NEWMARKET (JULY)`.
 */
export function countryOfMeeting(race: Pick<RacePath, 'courseId' | 'courseSlug'>, name: string): string {
  const known = COUNTRY_OF_COURSE.get(race.courseId);
  if (known?.slug === race.courseSlug) return known.country;
  const bare = name.replace(/[\s:–-]*\babandoned\b.*$/i, '');
  const notes = [...bare.matchAll(BRACKETS)].map((match) => (match[1] ?? '').trim());
  const last = notes.filter((note) => !NOTES.test(note)).at(-1);
  return last !== undefined && COUNTRY.test(last) ? last.toUpperCase() : 'GB';
}
