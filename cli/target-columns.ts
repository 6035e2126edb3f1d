import type { Source, Target } from '../core/source/source.ts';

/**
 * The column of a target's id in files that are written here and read by `targets import` and
 * `run --targets`: the source's own word for it where each target is one item, as in `district_id`.
 */
export function keyColumn({ discover, register, table }: Source): string {
  return register && !discover ? table.itemKey : 'target';
}

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
