import type { Source, Target } from '../source/source.ts';
import { attributeValue } from './attribute-value.ts';
import { registrationProblem } from './register.ts';

type Attributes = NonNullable<Target['attributes']>;

/**
 * The column of a target's id in files that are written here and read by `targets import` and
 * `run --targets`: the source's own word for it where each target is one item, as in `district_id`.
 */
export function keyColumn({ discover, register, table }: Source): string {
  return register && !discover ? table.itemKey : 'target';
}

/**
 * A target as the source reads it, or in one line why it is none. `cells`: what is given, the id among it, by
 * the names of the columns; `before`: what is on record stands in for what they leave out.
 */
export function rawTarget(
  { register }: Source,
  id: string,
  cells: Readonly<Record<string, string>>,
  before: Attributes,
): Required<Target> | string {
  if (register?.normalize) {
    const target = register.normalize({ ...texts(before), ...cells });
    return typeof target === 'string' ? target : { ...target, attributes: target.attributes ?? {} };
  }
  const names = Object.keys(register?.attributes.shape ?? {}).filter((name) => cells[name] !== undefined);
  const given = names.map((name) => [name, attributeValue(register, name, cells[name]!)] as const);
  return { id, attributes: { ...before, ...Object.fromEntries(given) } };
}

/** Attributes of a target on record as an import would leave them, or in one line why it would refuse them. */
export function checkedAttributes(source: Source, id: string, attributes: Attributes): Attributes | string {
  const read = rawTarget(source, id, { [keyColumn(source)]: id }, attributes);
  if (typeof read === 'string') return `target ${id}: ${read}`;
  const target = { id, attributes: { ...attributes, ...read.attributes } };
  return registrationProblem(source, target) ?? target.attributes;
}

/** Ids that differ in the zeros in front alone are one to a source that puts back those a spreadsheet took. */
export function withoutZeros(id: string): string {
  return id.replace(/^0+/, '');
}

function texts(attributes: Attributes): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
}
