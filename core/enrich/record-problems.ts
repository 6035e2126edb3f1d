import type * as z from 'zod';
import { isIdentifier } from '../source/identifier.ts';
import type { Enricher } from './enricher.ts';

/** Bytes of a record as JSON: with what is derived it must go into one document and one message. */
const MOST_RECORD_BYTES = 200_000;
/** Levels of lists and objects in each other, the record itself included. */
const DEEPEST = 32;
/** Lines for fields that are there, and characters of a path: they go into a dead letter. */
const MOST_LINES = 100;
const LONGEST_PATH = 500;

/**
 * Why a value is no record of that kind: a line for each field, all that are missing first; none where it is
 * one. A required field that is null is missing; an optional one that is null is absent.
 */
export function recordProblems(enricher: Enricher, value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ['record: not an object'];
  const record = value as Fields;
  const { problems, mostBytes } = walk(record);
  // What JSON cannot hold, or holds too deep, has no size in JSON.
  const isSmall = problems.size > 0 || mostBytes <= MOST_RECORD_BYTES;
  const sized = isSmall ? record : withoutTooLarge(record, problems);
  const missing: string[] = [];
  for (const issue of enricher.schema.safeParse(sized).error?.issues ?? []) {
    const path = issue.path.map(String).join('.');
    if (issue.path.length === 1 && (record[path] ?? null) === null) missing.push(`${path}: missing`);
    else problems.set(path, problems.get(path) ?? wordsFor(issue));
  }
  for (const field of [enricher.key, ...enricher.references.map((reference) => reference.field)]) {
    const name = sized[field];
    if (typeof name === 'string' && !isIdentifier(name)) problems.set(field, NO_IDENTIFIER);
  }
  const lines = [...problems].map(([path, problem]) => `${shortened(path)}: ${problem}`);
  const more = lines.length - MOST_LINES;
  return [...missing, ...lines.slice(0, MOST_LINES), ...(more > 0 ? [`record: ${more} more errors`] : [])];
}

type Fields = Readonly<Record<string, unknown>>;

const NO_IDENTIFIER = 'not an identifier (letters, digits, . _ -; at most 128)';

/**
 * Tells of what is too large: the fields that are so by themselves, which are left out of what it returns, or
 * the record.
 */
function withoutTooLarge(record: Fields, problems: Map<string, string>): Fields {
  const bytes = bytesOf(record);
  if (bytes <= MOST_RECORD_BYTES) return record;
  const kept: [string, unknown][] = [];
  for (const [name, value] of Object.entries(record)) {
    const own = bytesOf(value);
    if (own > MOST_RECORD_BYTES) problems.set(name, `${own} bytes of JSON; ${LIMIT}`);
    else kept.push([name, value]);
  }
  if (problems.size === 0) problems.set('record', `${bytes} bytes of JSON; ${LIMIT}`);
  return Object.fromEntries(kept);
}

const LIMIT = `a record has at most ${MOST_RECORD_BYTES}`;

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

function shortened(path: string): string {
  return path.length <= LONGEST_PATH ? path : `${path.slice(0, LONGEST_PATH)}…`;
}

/** Bytes of a character in JSON at most, as an escape, and of anything else with what separates it. */
const CHARACTER_BYTES = 6;
const OTHER_BYTES = 32;

/**
 * Paths of what JSON cannot hold, or no document may, at any depth, with what is wrong; and what it has in
 * bytes of JSON at most. Walked without recursion: it may be deep.
 */
function walk(record: object): { problems: Map<string, string>; mostBytes: number } {
  const problems = new Map<string, string>();
  let mostBytes = OTHER_BYTES;
  const waiting = [{ value: record, path: '', depth: 1 }];
  for (let next = waiting.pop(); next; next = waiting.pop())
    for (const [name, inner] of Object.entries(next.value) as [string, unknown][]) {
      const [path, { depth }] = [`${next.path}${name}`, next];
      const isNested = typeof inner === 'object' && inner !== null;
      const characters = name.length + (typeof inner === 'string' ? inner.length : 0);
      mostBytes += characters * CHARACTER_BYTES + OTHER_BYTES;
      if (name === '__proto__') problems.set(path, 'no field may have this name');
      else if (isNested && depth === DEEPEST) problems.set(path, `more than ${DEEPEST} levels deep`);
      else if (isNested) waiting.push({ value: inner, path: `${path}.`, depth: depth + 1 });
      else if (typeof inner === 'number' && !Number.isFinite(inner))
        problems.set(path, 'not a finite number');
      else if (inner !== null && !JSON_TYPES.has(typeof inner)) problems.set(path, 'not JSON');
    }
  return { problems, mostBytes };
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
