import type { Source, Target } from '../core/source/source.ts';
import { keyColumn } from '../core/targets/raw-target.ts';

/** The attributes of the targets of a source, as its schema names them. */
export function attributeColumns({ register }: Source): readonly string[] {
  return register ? Object.keys(register.attributes.shape) : [];
}

/** A target as a row that can be imported again. */
export function targetRow(source: Source, { id, attributes }: Target): Record<string, unknown> {
  return {
    [keyColumn(source)]: id,
    ...Object.fromEntries(attributeColumns(source).map((name) => [name, attributes?.[name] ?? null])),
  };
}
