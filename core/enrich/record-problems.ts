import type * as z from 'zod';
import { isIdentifier } from '../source/identifier.ts';
import type { Enricher } from './enricher.ts';

/** Bytes of a record as JSON: with what is derived it must go into one document and one message. */
export const MOST_RECORD_BYTES = 200_000;
/** Levels of lists and objects in each other, the record itself included. */
const DEEPEST = 32;

/**
 * Why a value is no record of that kind: a line for each field, those that are missing first; none where it
 * is one. A required field that is null is missing; an optional one that is null is absent.
 */
export function recordProblems(enricher: Enricher, value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ['record: not an object'];
  const record = value as Readonly<Record<string, unknown>>;
  const unfit = jsonProblems(record);
  if (unfit.length > 0) return unfit;
  const tooLarge = sizeProblem(record);
  const problems = new Map<string, string>();
  const parsed = enricher.schema.safeParse(record);
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.map(String).join('.') || 'record';
    const isMissing = issue.path.length === 1 && (record[path] ?? null) === null;
    if (!problems.has(path)) problems.set(path, isMissing ? 'missing' : wordsFor(issue));
  }
  for (const field of [enricher.key, ...enricher.references.map((reference) => reference.field)]) {
    const name = record[field] ?? null;
    if (name !== null && !problems.has(field) && !(typeof name === 'string' && isIdentifier(name)))
      problems.set(field, 'not an identifier (letters, digits, . _ -; at most 128)');
  }
  const lines = [...problems].map(([path, problem]) => `${path}: ${problem}`);
  const isMissing = (line: string) => line.endsWith(': missing');
  return [
    ...lines.filter(isMissing),
    ...(tooLarge === undefined ? [] : [tooLarge]),
    ...lines.filter((line) => !isMissing(line)),
  ];
}

function sizeProblem(record: Readonly<Record<string, unknown>>): string | undefined {
  const bytes = bytesOf(record);
  if (bytes <= MOST_RECORD_BYTES) return undefined;
  const sizes = Object.entries(record).map(([name, value]) => ({ name, size: bytesOf(value) }));
  const { name } = sizes.reduce((most, one) => (one.size > most.size ? one : most));
  return `record: ${bytes} bytes of JSON, most of them in ${name}; at most ${MOST_RECORD_BYTES} are taken`;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** What JSON cannot hold, or no document may, at any depth. Walked without recursion: it may be deep. */
function jsonProblems(record: object): string[] {
  const problems: string[] = [];
  const waiting: { readonly value: object; readonly path: string; readonly depth: number }[] = [
    { value: record, path: '', depth: 1 },
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, path, depth } = next;
    for (const [name, inner] of Object.entries(value)) {
      const at = `${path}${name}`;
      if (name === '__proto__') problems.push(`${at}: no field may have this name`);
      else if (typeof inner === 'number' && !Number.isFinite(inner))
        problems.push(`${at}: not a finite number`);
      else if (typeof inner !== 'object' || inner === null) {
        if (!JSON_TYPES.has(typeof inner) && inner !== null) problems.push(`${at}: not JSON`);
      } else if (depth === DEEPEST) problems.push(`${at}: more than ${DEEPEST} levels deep`);
      else waiting.push({ value: inner, path: `${at}.`, depth: depth + 1 });
    }
  }
  return problems;
}

const JSON_TYPES: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'undefined']);

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'not text',
  number: 'not a number',
  int: 'not a whole number',
  boolean: 'neither true nor false',
  array: 'not a list',
  object: 'not an object',
};

function wordsFor(issue: z.core.$ZodIssue): string {
  const known = issue.code === 'invalid_type' ? EXPECTED[issue.expected] : undefined;
  return known ?? issue.message;
}
