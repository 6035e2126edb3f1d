/** How many values of a type are still themselves as another one: all of them, those that fit, or none. */
export type CastRange = 'all' | 'some' | 'none';

interface Type {
  readonly name: string;
  readonly precision: number;
  readonly scale: number;
}

/** Digits that every whole number of 32 bits fits into. */
const INT32_DIGITS = 10;
const TEXTS = ['string', 'json'];
const NUMBERS = ['int32', 'int64', 'double', 'decimal'];

/** By the type that a cell is to have: the types of which every value fits, and those of which some do. */
const RANGES: Readonly<
  Record<string, { readonly all: readonly string[]; readonly some: readonly string[] }>
> = {
  string: { all: ['json', ...NUMBERS, 'boolean', 'date', 'timestamp'], some: [] },
  json: { all: [...NUMBERS, 'boolean'], some: ['string'] },
  int32: { all: [], some: ['int64', 'double', 'decimal', ...TEXTS] },
  int64: { all: ['int32'], some: ['double', 'decimal', ...TEXTS] },
  double: { all: ['int32', 'int64', 'decimal'], some: TEXTS },
  decimal: { all: [], some: [...NUMBERS, ...TEXTS] },
  boolean: { all: [], some: TEXTS },
  date: { all: [], some: ['timestamp', 'string'] },
  timestamp: { all: ['date'], some: ['string'] },
};

/**
 * What a column's change of type does to the values that were written before: the rules of `castCell`, told
 * of whole types. Types are written as a `TableShape` has them; of one that is not known, some may fit.
 */
export function castRange(from: string, to: string): CastRange {
  if (from === to) return 'all';
  const [stored, wanted] = [typeOf(from), typeOf(to)];
  const range = RANGES[wanted.name];
  if (range === undefined || RANGES[stored.name] === undefined) return 'some';
  if (wanted.name === 'decimal' && hasRoom(stored, wanted)) return 'all';
  if (range.all.includes(stored.name)) return 'all';
  return range.some.includes(stored.name) ? 'some' : 'none';
}

/** True where a decimal has the digits for every value, before the point and behind it. */
function hasRoom(stored: Type, { precision, scale }: Type): boolean {
  if (stored.name === 'int32') return precision - scale >= INT32_DIGITS;
  if (stored.name !== 'decimal') return false;
  return scale >= stored.scale && precision - scale >= stored.precision - stored.scale;
}

function typeOf(text: string): Type {
  const [, name = text, precision = 0, scale = 0] = /^(\w+)\((\d+),(\d+)\)$/.exec(text) ?? [];
  return { name, precision: Number(precision), scale: Number(scale) };
}
