import { catalogTypes } from '../schema/catalog-types.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { Source } from '../source/source.ts';
import type { SchemaFinding } from './schema-findings.ts';

const EFFECT =
  "the catalog has the deployed program's until this one is deployed, and partitions until they are aligned";

/**
 * How the table of a source differs from the one that is deployed. `deployed`: its columns in the catalog,
 * types by their names; undefined where it has no such table.
 */
export function catalogFindings(
  { name, table }: Source,
  deployed: ReadonlyMap<string, string> | undefined,
): SchemaFinding[] {
  const place = { source: name, table: table.name, partitions: 0, first_date: null, last_date: null };
  const told = { ...place, change: 'catalog', effect: EFFECT, needs_author: false } as const;
  if (deployed === undefined) return [{ ...told, column: null, before: null, today: table.name }];
  const today = catalogTypes(tableSchema(table).shape);
  const names = new Set([...today.keys(), ...deployed.keys()]);
  return [...names]
    .map((column) => ({
      ...{ ...told, column },
      ...{ before: deployed.get(column) ?? null, today: today.get(column) ?? null },
    }))
    .filter(({ before, today: now }) => before !== now);
}
