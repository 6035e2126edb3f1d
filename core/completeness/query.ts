import type { CivilDate } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Partition, Source } from '../source/source.ts';

/** Which dates of a source are judged, and by what beside the state store. */
export interface CompletenessQuery extends DateRange {
  /**
   * Targets of the source, or values that stand for some; all of them where it is left out. Any other is a
   * RangeError.
   */
  readonly targets?: readonly string[];
  /** The date in the source's time zone (`civilDateAt`); later dates are not missing yet. */
  readonly today: CivilDate;
  /**
   * Asked of every date that has a current version; answers what is wrong with its files. Left out: nobody
   * looks.
   */
  readonly damageOf?: (partition: Partition) => Promise<string | undefined>;
  /**
   * Where targets are crawled one by one: the table of targets tells how they stood on past dates. Left out,
   * their records are all there is, and what they cannot know is no completeness.
   */
  readonly lake?: Pick<ObjectStore, 'get' | 'list'>;
  /**
   * Milliseconds; left out, nobody looks whether crawls have stopped, and a run that has not ended was
   * interrupted.
   */
  readonly now?: number;
  /** A run that ends at this moment: what it left out is late, whatever its record says. */
  readonly ended?: string;
  /**
   * Of a table of entities: those among which are the scraped ones that feed it. Left out: none does.
   */
  readonly sources?: readonly Source[];
}
