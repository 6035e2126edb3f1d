import * as z from 'zod';

/**
 * Types of what models write: lenient where models are inexact, strict where a wrong type tells of a wrong
 * reading. Every name must be there, nullable ones too.
 */

/** A text; a number in its place is an error. Half a character becomes U+FFFD, as in every file. */
export const text = () => z.string().overwrite((value) => value.toWellFormed());

/** A whole number, also as `7.0` or `"7"`; 1.5 is none. */
export const wholeNumber = () =>
  z.unknown().transform((value, context) => {
    const number = typeof value === 'string' && WHOLE.test(value.trim()) ? Number(value) : value;
    if (Number.isSafeInteger(number)) return (number as number) + 0; // -0 is 0
    context.addIssue(`expected a whole number, received ${received(value)}`);
    return z.NEVER;
  });

/** True or false, also as 1 or 0, or as a word for them in any case. */
export const flag = () =>
  z.unknown().transform((value, context) => {
    const known = typeof value === 'string' ? FLAGS.get(value.toLowerCase()) : FLAGS.get(value);
    if (known !== undefined) return known;
    context.addIssue(`expected true or false, received ${received(value)}`);
    return z.NEVER;
  });

const WHOLE = /^[+-]?[0-9]{1,16}(?:\.0{1,16})?$/;

const YES = [true, 1, 'true', 'yes', 'on', 't', 'y', '1'] as const;
const NO = [false, 0, 'false', 'no', 'off', 'f', 'n', '0'] as const;
const FLAGS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...YES.map((value) => [value, true] as const),
  ...NO.map((value) => [value, false] as const),
]);

/** The type alone: the value may be as long as the answer. */
function received(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : value === undefined ? 'nothing' : `a ${typeof value}`;
}
