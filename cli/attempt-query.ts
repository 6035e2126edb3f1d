import type { CivilDate } from '../core/calendar/civil-date.ts';
import { dayOfRun, isRunId } from '../core/calendar/run-id.ts';
import { civilDateAt } from '../core/calendar/window.ts';
import type { QueryResult, SqlValue } from '../core/ports/warehouse.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { UsageError } from './failure.ts';
import type { Filter } from './filter.ts';
import { queryLogs, withLogs } from './query.ts';
import { type TargetFilterOptions, targetsLike } from './target-filter.ts';

const DAY_MS = 86_400_000;

/** Conditions on the table `attempts`, with the values that are bound to them. */
export class AttemptConditions {
  readonly #sql: string[] = [];
  readonly values: SqlValue[] = [];
  #runsFrom: CivilDate | undefined;

  /** Throws a UsageError where no target is like what is asked for. */
  constructor({ sources, target }: Pick<Filter, 'sources' | 'target'>, like: TargetFilterOptions = {}) {
    this.add(`source IN (${sources.map(() => '?').join(', ')})`, ...sources.map(({ name }) => name));
    if (target !== undefined) this.add('(target = ? OR partition_value = ?)', target, target);
    const meant = targetsLike(sources, like);
    if (meant) this.add(amongSql(meant));
  }

  add(sql: string, ...values: readonly SqlValue[]): this {
    this.#sql.push(sql);
    this.values.push(...values);
    return this;
  }

  /**
   * From this moment on; milliseconds. A run that began a day earlier may have made an attempt, so its folder
   * is read as well; older ones are not.
   */
  since(ms: number): this {
    this.#runsFrom = civilDateAt(ms - DAY_MS, 'UTC');
    this.add('attempted_at >= CAST(? AS TIMESTAMP)', timestampOf(ms));
    return this.add('run_date >= CAST(? AS DATE)', this.#runsFrom);
  }

  /** Of this run alone, which has one folder. Throws a UsageError for what can be no id of one. */
  ofRun(id: string): this {
    if (!isRunId(id))
      throw new UsageError(
        `--run ${JSON.stringify(id)} is no id of a run`,
        'give the run_id of an attempt, as --json prints it',
      );
    this.#runsFrom = dayOfRun(id);
    return this.add('run_id = ? AND run_date = CAST(? AS DATE)', id, this.#runsFrom);
  }

  /** The first day of which runs are read; undefined for all. */
  get runsFrom(): CivilDate | undefined {
    return this.#runsFrom;
  }

  get sql(): string {
    return this.#sql.join(' AND ');
  }
}

/** In the statement itself: Athena binds 25 values and no more. Ids are identifiers, and need no escape. */
function amongSql(targets: ReadonlyMap<string, ReadonlySet<string>>): string {
  const each = [...targets].flatMap(([source, ids]) =>
    ids.size === 0
      ? []
      : [`source = '${source}' AND target IN (${[...ids].map((id) => `'${id}'`).join(', ')})`],
  );
  return each.length === 0 ? '1 = 0' : `(${each.join(' OR ')})`;
}

/** One statement over `attempts`, which has the conditions after its WHERE. */
export async function queryAttempts(
  platform: CommandPlatform,
  { sql, values, runsFrom }: AttemptConditions,
  statement: (where: string) => string,
): Promise<QueryResult['rows']> {
  return (await queryLogs(platform, statement(sql), values, runsFrom)).rows;
}

/** Days back from now in which the newest attempts are looked for, before all of the lake is. */
const LOOKED_BACK_DAYS = [7, 60];

/**
 * The newest attempts that match, so many at most: mostly those of a few days, and a lake has years.
 * `conditions` are made anew for each look. `statement` puts the newest first, and has that limit.
 */
export async function newestAttempts(
  platform: CommandPlatform,
  conditions: () => AttemptConditions,
  limit: number,
  statement: (where: string) => string,
): Promise<QueryResult['rows']> {
  // Athena takes seconds for a statement, however little it reads.
  const days = isStack(platform) ? [] : LOOKED_BACK_DAYS;
  const looks = days.map((back) => () => conditions().since(daysAgo(platform, back)));
  const everything = conditions();
  return withLogs(platform, { statement: statement(everything.sql) }, async (query) => {
    for (const look of looks) {
      const recent = look();
      const { rows } = await query(statement(recent.sql), recent.values);
      if (rows.length >= limit) return rows;
    }
    return (await query(statement(everything.sql), everything.values)).rows;
  });
}

/** The moment so many days before now; milliseconds. */
export function daysAgo({ clock }: Pick<CommandPlatform, 'clock'>, days: number): number {
  return clock.now() - days * DAY_MS;
}

/** As both warehouses read it: Athena takes neither the T nor the Z of ISO 8601. */
function timestampOf(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}
