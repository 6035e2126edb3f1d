import { isIdentifier } from '../../core/source/identifier.ts';

/** What the address of a race says: `/results/<course-id>/<course-slug>/<date>/<race-id>`. */
export interface RacePath {
  /** The path alone, without host, query and fragment. */
  readonly path: string;
  readonly courseId: string;
  readonly courseSlug: string;
  /** `YYYY-MM-DD` as it stands there. */
  readonly date: string;
  readonly raceId: string;
}

/**
 * The id of a race is a number: `…/winning-times` stands where an id would, and is a page about the meeting.
 */
const RACE = /\/results\/([^/]+)\/([^/]+)\/(\d{4}-\d{2}-\d{2})\/(\d{1,20})\/?$/;

/** Undefined where the address, absolute or not, is not a race's or its course is no identifier. */
export function parseRacePath(address: string): RacePath | undefined {
  const path = pagePath(address);
  const [, courseId = '', courseSlug = '', date = '', raceId = ''] = RACE.exec(path) ?? [];
  return raceId !== '' && isIdentifier(courseId) ? { path, courseId, courseSlug, date, raceId } : undefined;
}

const PATH = /^(?:(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*)?([^?#]*)/i;

/** `https://host/results/x?y#z` is `/results/x`. */
function pathOf(address: string): string {
  const trimmed = address.trim();
  return isBarePath(trimmed) ? trimmed : (PATH.exec(trimmed)?.[1] ?? '');
}

/** `/results/x`, as nearly all links of a page are. */
function isBarePath(address: string): boolean {
  return (
    address.startsWith('/') && !address.startsWith('//') && !address.includes('?') && !address.includes('#')
  );
}

/** The path of a page; `/_next/data/<build-id>/results/x.json` is `/results/x`, the same page as JSON. */
function pagePath(address: string): string {
  return pathOf(address).replace(/^\/_next\/data\/[^/]+(\/.*)\.json$/, '$1');
}

const INDEX = /\/results\/(\d{4}-\d{2}-\d{2})(\/time-order)?\/?$/;

/**
 * What the address of an index says: `/results/<date>`, `/results/<date>/time-order`; undefined where it is
 * none.
 */
export function parseIndexPath(
  address: string,
): { readonly date: string; readonly isTimeOrder: boolean } | undefined {
  const match = INDEX.exec(pagePath(address));
  return match?.[1] === undefined ? undefined : { date: match[1], isTimeOrder: match[2] !== undefined };
}

/** The id in the address of a profile, `/profile/<kind>/<id>/<slug>`; undefined where there is none. */
export function profileId(address: string | undefined): string | undefined {
  const id = profilePart(address, 1);
  return id !== undefined && isIdentifier(id) ? id : undefined;
}

/** The name in the address of a profile: `/profile/owner/7/j-c-smith` is `J C Smith`. */
export function profileName(address: string | undefined): string | undefined {
  const slug = profilePart(address, 2);
  if (slug === undefined) return undefined;
  const plain = decoded(slug);
  let name = '';
  for (const word of plain.split(/\s/.test(plain) ? /[-\s]/ : '-')) {
    if (word === '') continue;
    if (name !== '') name += ' ';
    name += word.charAt(0).toUpperCase() + word.slice(1);
  }
  return name;
}

/** A part of the address of a profile: 0 is its kind, 1 its id, 2 its slug. */
function profilePart(address: string | undefined, part: number): string | undefined {
  const path = pathOf(address ?? '');
  const start = path.indexOf('/profile/');
  // Without /profile/ the path may still be /<section>/<kind>/<id>/<slug>: the id is its fourth part either
  // way.
  let from = start < 0 ? behindSection(path) : start + '/profile/'.length;
  for (let at = 0; at < part; at++) {
    const slash = path.indexOf('/', from);
    if (slash < 0) return undefined;
    from = slash + 1;
  }
  const end = path.indexOf('/', from);
  return path.slice(from, end < 0 ? undefined : end);
}

/** Where `/<section>/` or `<section>/` ends; a lone first slash counts as one. */
function behindSection(path: string): number {
  const slash = path.indexOf('/', 1);
  return slash < 0 && !path.startsWith('/') ? 0 : Math.max(slash, 0) + 1;
}

function decoded(slug: string): string {
  if (!slug.includes('%')) return slug;
  try {
    return decodeURIComponent(slug);
  } catch {
    return slug;
  }
}
