import { type StoredSchema, storedSchemas } from '../lake/stored-schemas.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { effectOf, type SchemaChange, schemaChanges } from '../schema/schema-changes.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { Source } from '../source/source.ts';

/**
 * One way in which the table of a source differs from current versions that another schema wrote. Plain JSON,
 * under the names that are printed.
 */
export interface SchemaFinding {
  readonly source: string;
  readonly table: string;
  /** How many current versions are of that schema, and their first and last date. */
  readonly partitions: number;
  readonly first_date: string;
  readonly last_date: string;
  /** `unknown`: versions of before schemas were kept. `newer-program`: see its effect. */
  readonly change: SchemaChange['kind'] | 'unknown' | 'newer-program';
  readonly column: string | null;
  readonly before: string | null;
  readonly today: string | null;
  readonly effect: string;
  /** True where somebody has to decide before the change is deployed. */
  readonly needs_author: boolean;
}

type Difference = Pick<SchemaFinding, 'change' | 'column' | 'before' | 'today' | 'effect' | 'needs_author'>;

const UNKNOWN: Difference = {
  ...{ change: 'unknown', column: null, before: null, today: null, needs_author: false },
  effect:
    'written before schemas were kept: rewritten by the next run over them, read by the names of columns',
};

/** None where every current version is of today's schema. Throws a CorruptLakeError: see `storedSchemas`. */
export async function schemaFindings(lake: ObjectStore, source: Source): Promise<readonly SchemaFinding[]> {
  const { name, table } = source;
  const findings: SchemaFinding[] = [];
  for (const stored of await storedSchemas(lake, table)) {
    if (stored.isTodays) continue;
    const dates = stored.partitions.map(({ date }) => date).toSorted();
    const place = {
      ...{ source: name, table: table.name, partitions: dates.length },
      ...{ first_date: dates[0]!, last_date: dates.at(-1)! },
    };
    findings.push(...differences(stored, source).map((difference) => ({ ...place, ...difference })));
  }
  return findings;
}

function differences({ schema, parserVersion }: StoredSchema, source: Source): Difference[] {
  if (schema === null) return [UNKNOWN];
  const changes = schemaChanges(schema.shape, tableSchema(source.table).shape).map(differenceOf);
  return parserVersion !== null && parserVersion > source.parserVersion
    ? [newerProgram(parserVersion, source), ...changes]
    : changes;
}

function newerProgram(parserVersion: number, { parserVersion: today }: Source): Difference {
  return {
    ...{ change: 'newer-program', column: null, before: String(parserVersion), today: String(today) },
    effect:
      'a program of a higher parserVersion wrote them: this one commits nothing over them; use that one, or raise parserVersion to go back on purpose',
    needs_author: true,
  };
}

function differenceOf(change: SchemaChange): Difference {
  const { text, needsAuthor } = effectOf(change);
  return {
    change: change.kind,
    column: 'column' in change ? change.column : null,
    before: 'from' in change ? change.from : null,
    today: 'to' in change ? change.to : null,
    effect: text,
    needs_author: needsAuthor,
  };
}
