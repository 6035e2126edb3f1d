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

/** Attributes of a target as an import would leave them, or in one line why it would refuse them. */
export function checkedAttributes(source: Source, id: string, attributes: Attributes): Attributes | string {
  const read = rawTarget(source, id, { [keyColumn(source)]: id }, attributes);
  if (typeof read === 'string') return `target ${id}: ${read}`;
  const target = { id, attributes: { ...attributes, ...read.attributes } };
  return registrationProblem(source, target) ?? target.attributes;
}

/** What is left of an id where a spreadsheet took the zeros in front. */
export function withoutZeros(id: string): string {
  return id.replace(/^0+/, '');
}

/**
 * Finds the id that is meant by one as it was written: itself where a target has it, or that of the target of
 * which the source would read it so (a spreadsheet took a zero in front); else what was written.
 */
export function idFinder(source: Source, targets: readonly Target[]): (written: string) => string {
  if (!source.register?.normalize) return (written) => written;
  const known = new Set(targets.map(({ id }) => id));
  let byRest: ReadonlyMap<string, Target> | undefined;
  return (written) => {
    if (known.has(written)) return written;
    byRest ??= new Map(targets.map((target) => [withoutZeros(target.id), target]));
    const near = byRest.get(withoutZeros(written));
    if (!near) return written;
    const read = rawTarget(source, written, { [keyColumn(source)]: written }, near.attributes ?? {});
    return typeof read !== 'string' && read.id === near.id ? near.id : written;
  };
}

function texts(attributes: Attributes): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
}
