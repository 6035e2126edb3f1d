import type { CivilDate } from '../../core/calendar/civil-date.ts';
import type { Item, Partition, Rejected } from '../../core/source/source.ts';
import type { RacePath } from './race-path.ts';
import { parseRacePath } from './race-path.ts';
import { rejected } from './rejected.ts';

/** The race that was asked for: what its address and its partition promise of the page. */
export interface PromisedRace {
  readonly kind: 'promised';
  readonly path: RacePath;
  readonly date: CivilDate;
  /** A code in capitals. */
  readonly country: string;
}

/** What a page says of itself; absent where it does not say. */
export interface ShownRace {
  readonly raceId?: string | undefined;
  readonly courseId?: string | undefined;
  readonly date?: string | undefined;
  readonly course?: string | undefined;
  readonly country?: string | undefined;
}

/** HTML_CHANGED where the answer came from the address of another race. */
export function promisedRace(item: Item, answeredBy: string, partition: Partition): PromisedRace | Rejected {
  const path = parseRacePath(item.url);
  if (!path) return rejected('PARSE_ERROR', `${item.url} is no address of a race`);
  const answered = parseRacePath(answeredBy);
  if (!answered)
    return rejected('HTML_CHANGED', `race ${item.id} was answered from ${answeredBy.slice(0, 200)}`);
  if (path.raceId !== item.id) return differs('race', path.raceId, item.id);
  const promised: PromisedRace = {
    kind: 'promised',
    path,
    date: partition.date,
    country: partition.value.toUpperCase(),
  };
  const { raceId, courseId, date } = answered;
  return (
    findOtherRace({ date: path.date }, promised) ??
    findOtherRace({ raceId, courseId, date }, promised) ??
    promised
  );
}

/** HTML_CHANGED where the page is of another race than its address promised. */
export function findOtherRace(shown: ShownRace, { path, date, country }: PromisedRace): Rejected | undefined {
  if (shown.raceId !== undefined && shown.raceId !== path.raceId)
    return differs('race', shown.raceId, path.raceId);
  if (shown.courseId !== undefined && shown.courseId !== path.courseId)
    return differs('course', shown.courseId, path.courseId);
  if (shown.date !== undefined && shown.date !== date) return differs('date', shown.date, date);
  if (shown.course !== undefined && !shareWord(shown.course, path.courseSlug))
    return differs('course', shown.course, path.courseSlug);
  if (shown.country !== undefined && shown.country !== country)
    return differs('country', shown.country, country);
  return undefined;
}

function differs(what: string, shown: string, promised: string): Rejected {
  return rejected('HTML_CHANGED', `the page is of ${what} ${shown}, asked for ${promised}`);
}

/**
 * `Newmarket (July)` and the slug `newmarket-july`, `ParisLongchamp` and `longchamp`: a page may name its
 * course longer or shorter than its address, so one word in common is enough.
 */
function shareWord(course: string, slug: string): boolean {
  const words = wordsOf(course);
  const joined = words.join('');
  return (
    joined === '' ||
    wordsOf(slug).some((word) => words.includes(word) || (word.length > 3 && joined.includes(word)))
  );
}

/** Nearly all courses are written without accents, and classes of all letters take long to compile. */
function wordsOf(text: string): readonly string[] {
  if (/^[ -~]*$/.test(text)) return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const plain = text.normalize('NFD').replace(/\p{M}+/gu, '');
  return plain.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
