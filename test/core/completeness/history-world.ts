import { addDays, type CivilDate, civilDate } from '../../../core/calendar/civil-date.ts';
import { civilDateAt } from '../../../core/calendar/window.ts';
import { completeness } from '../../../core/completeness/completeness.ts';
import { why } from '../../../core/explain/why.ts';
import { isUnresolved } from '../../../core/failures/failure.ts';
import { keyOf } from '../../../core/failures/failure-store.ts';
import { reportKey } from '../../../core/lake/layout.ts';
import { accept, DecisionError, reject, rollback } from '../../../core/publish/decisions.ts';
import { retryNow } from '../../../core/retry/claimed-retry.ts';
import { reparse } from '../../../core/run/reparse.ts';
import type { ListedStatus } from '../../../core/source/source.ts';
import { flagged, unflagged } from '../../../core/targets/flags.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { itemPage, ListedSite, listPage } from '../../e2e/support/listed-site.ts';
import { query } from '../../e2e/support/sql.ts';

const HOUR_MS = 3_600_000;
const TARGETS = ['a', 'b'] as const;
type Target = (typeof TARGETS)[number];

/** What the index of a date answers. */
export type Index =
  | { readonly kind: 'items'; readonly count: number; readonly odd?: ListedStatus }
  | { readonly kind: 'none' | 'down' };

/** One thing that happens. `day`: 0 is the day on which the history begins, -1 the one before. */
export type Step =
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'index'; readonly target: Target; readonly day: number; readonly index: Index }
  | {
      readonly do: 'page';
      readonly target: Target;
      readonly day: number;
      readonly item: number;
      readonly page: 'there' | 'gone' | 'changed' | 'twin';
    }
  | { readonly do: 'run'; readonly targets?: readonly Target[]; readonly days: number }
  | { readonly do: 'skip' | 'unskip'; readonly target: Target }
  | {
      readonly do: 'accept' | 'reject' | 'rollback';
      readonly target: Target;
      readonly day: number;
    }
  | { readonly do: 'retry' | 'reparse' };

/** How a partition is called in each place where somebody looks. */
export interface Words {
  readonly view: string | undefined;
  readonly completeness: string;
  /** Where it was asked for. */
  readonly why?: string | undefined;
  /** Of a partition of the run that has just ended. */
  readonly report?: string | undefined;
}

/** Items of an index in an ordinary time. */
const USUAL = 3;
/** Days before the first step of which there is data already. */
export const DAYS_BEFORE = 5;

/** A daily source of two targets that was run for some days. Steps happen through the code that does them. */
export class HistoryWorld {
  readonly #site: ListedSite;
  readonly #first: CivilDate;
  readonly #by = { actor: 'anna' };
  /** What the report of the run said that was the last to happen, by partition. */
  #reported = new Map<string, string>();

  private constructor(site: ListedSite, first: CivilDate) {
    this.#site = site;
    this.#first = first;
  }

  static async start(first: string): Promise<HistoryWorld> {
    const site = await ListedSite.start({ targets: TARGETS, unique: ['text'] });
    const world = new HistoryWorld(site, civilDate(first));
    site.clock.set(`${first}T01:30:00Z`);
    for (let day = -DAYS_BEFORE; day <= 6; day++)
      for (const target of TARGETS) world.#index(target, day, { kind: 'items', count: USUAL });
    await world.do({ do: 'run', days: DAYS_BEFORE });
    return world;
  }

  close(): Promise<void> {
    return this.#site[Symbol.asyncDispose]();
  }

  get today(): CivilDate {
    return civilDateAt(this.#site.clock.now(), this.#site.source.timeZone);
  }

  async do(step: Step): Promise<void> {
    const { platform, clock } = this.#site;
    const source = platform.sources[0]!;
    this.#reported = new Map();
    switch (step.do) {
      case 'wait':
        return clock.sleep(step.hours * HOUR_MS);
      case 'index':
        return this.#index(step.target, step.day, step.index);
      case 'page':
        return this.#page(step);
      case 'run': {
        const { days, targets } = step;
        const end = this.today;
        const request = { start: addDays(end, -days), end, ...(targets && { targets }) };
        const { run } = await this.#site.run(request);
        const report = (await platform.lake.get(reportKey(run.run_id, 'md')))!;
        this.#reported = statusesIn(new TextDecoder().decode(report.body));
        return;
      }
      case 'skip':
      case 'unskip': {
        const by = { ...this.#by, at: clock.now(), reason: 'they asked us to' };
        const store = new TargetStore(platform.state);
        await store.update(
          source.name,
          step.target,
          (record) => (step.do === 'skip' ? flagged(record, by) : unflagged(record, by.at)),
          by,
        );
        return;
      }
      case 'accept':
      case 'reject':
      case 'rollback': {
        const partition = { value: step.target, date: addDays(this.#first, step.day) };
        const decide = { accept, reject, rollback }[step.do];
        await decide(platform, source, partition, this.#by).catch((error: unknown) => {
          if (!(error instanceof DecisionError)) throw error;
        });
        return;
      }
      case 'retry':
        for (const failure of await this.#site.failures())
          if (isUnresolved(failure)) await retryNow(platform, source, keyOf(failure));
        return;
      case 'reparse':
        await Array.fromAsync(reparse(platform, source, this.#range()));
    }
  }

  /** What every date until today is called. `isLast`: `why` is asked of all, and not of those of a run. */
  async words(isLast: boolean): Promise<Map<string, Words>> {
    const { platform, clock } = this.#site;
    const source = platform.sources[0]!;
    const rows = await query(platform, 'SELECT target, partition_date, standing FROM v_completeness');
    const inView = new Map(
      rows.map(({ target, partition_date, standing }) => [`${target}/${partition_date}`, String(standing)]),
    );
    const now = clock.now();
    const { lake, state } = platform;
    const asked = { ...this.#range(), today: this.today, now, lake };
    const report = await completeness(state, source, asked);
    const words = new Map<string, Words>();
    for (const { target, dates } of report.targets)
      for (const { date, status } of dates) {
        const name = `${target}/${date}`;
        const reported = this.#reported.get(`${source.name}/${name}`);
        const isAsked = isLast || reported !== undefined;
        const told = isAsked ? await why(platform, source, { value: target, date }, null) : undefined;
        words.set(name, {
          view: inView.get(name),
          completeness: status,
          ...(told && { why: told.completeness?.status ?? 'unknown' }),
          ...(reported !== undefined && { report: reported }),
        });
      }
    return words;
  }

  #range() {
    return { start: addDays(this.#first, -DAYS_BEFORE), end: this.today };
  }

  #ids(target: Target, day: number, count: number): string[] {
    return Array.from({ length: count }, (_, n) => `${target}${addDays(this.#first, day)}n${n}`);
  }

  #index(target: Target, day: number, index: Index): void {
    const date = addDays(this.#first, day);
    if (index.kind !== 'items') {
      const none = listPage([], { none: 'nothing' });
      this.#site.index(index.kind === 'none' ? none : { status: 404 }, date, target);
      return;
    }
    const ids = this.#ids(target, day, index.count);
    const items = ids.map((id, n) => [id, n === 0 ? (index.odd ?? 'ready') : 'ready'] as const);
    this.#site.index(listPage(items), date, target);
  }

  #page({ target, day, item, page }: Extract<Step, { do: 'page' }>): void {
    const id = this.#ids(target, day, item + 1).at(-1)!;
    const pages = {
      there: { body: itemPage(`text of ${id}`) },
      gone: { status: 404 },
      changed: { body: '<html><body></body></html>' },
      twin: { body: itemPage(`text of ${this.#ids(target, day, 1)[0]}`) },
    };
    this.#site.item(id, pages[page]);
  }
}

/** The column of completeness in the table of partitions of a report. */
function statusesIn(report: string): Map<string, string> {
  const table = report.slice(report.indexOf('## Partitions'));
  const rows = table.matchAll(/^\| (listed\/\S+) +\| \W*(\w+)/gm);
  return new Map([...rows].map(([, name, status]) => [name!, status!]));
}
