import type { RacePath } from './race-path.ts';

/**
 * Courses whose meetings belong elsewhere than a name without brackets says, by course id: the Channel
 * Islands race under British rules, but are not Great Britain. The slug stands beside the id so that a number
 * used again for another course misfiles nothing.
 */
const COUNTRY_OF_COURSE: ReadonlyMap<string, { readonly slug: string; readonly country: string }> = new Map([
  ['426', { slug: 'les-landes', country: 'JER' }],
  ['1034', { slug: 'lancresse', country: 'GUE' }],
]);

const BRACKETS = /\([^()]*\)/g;
/**
 * An all-weather track, a card of Arabian horses, a cancelled meeting: notes in brackets that name no
 * country.
 */
const NOTES = /^(?:aw|arab|aro|abandoned|void)$/i;
const COUNTRY = /^[a-z]{2,3}$/i;
/** What today's markup gives as the country of a card of Arabian horses, wherever it is held. */
const ARABIAN = 'ARO';

type Course = Pick<RacePath, 'courseId' | 'courseSlug'>;

/**
 * Country code of a meeting, upper case: the bracket at the end of its name, `LEOPARDSTOWN (IRE)`, `DUNDALK
 * (AW) (IRE)`; without one it is `GB`. Brackets of other lengths belong to the name: `NEWMARKET (JULY)`.
 */
export function countryOfMeeting(course: Course, name: string): string {
  const known = COUNTRY_OF_COURSE.get(course.courseId);
  if (known?.slug === course.courseSlug) return known.country;
  const bare = /abandoned/i.test(name) ? name.replace(/[\s:–-]*\babandoned\b.*$/i, '') : name;
  const notes = bare.match(BRACKETS)?.map((bracket) => bracket.slice(1, -1).trim());
  const last = notes?.findLast((note) => !NOTES.test(note));
  return last !== undefined && COUNTRY.test(last) ? last.toUpperCase() : 'GB';
}

/**
 * Country of a meeting whose page gives a code: the code, but for Arabian cards, which are where their name
 * says.
 */
export function countryByCode(course: Course, code: string, name: string): string {
  const upper = code.trim().toUpperCase();
  const known = COUNTRY_OF_COURSE.get(course.courseId);
  if (known?.slug === course.courseSlug || upper === ARABIAN) return countryOfMeeting(course, name);
  return upper;
}

/** True for the code of an Arabian card, whose horses have no official rating. */
export function isArabian(code: string): boolean {
  return code.trim().toUpperCase() === ARABIAN;
}

/**
 * `Punchestown (IRE)` in Ireland is `Punchestown`: the country has a column of its own, and only some pages
 * print it.
 */
export function courseWithoutCountry(name: string, country: string): string {
  const ending = `(${country.toUpperCase()})`;
  return name.toUpperCase().endsWith(ending) ? name.slice(0, -ending.length).trim() : name;
}
