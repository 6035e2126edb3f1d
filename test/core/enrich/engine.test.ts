import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { EnrichmentEngine, enrichRecord } from '../../../core/enrich/engine.ts';
import type { Enricher } from '../../../core/enrich/enricher.ts';

/** A kind that no source has. */
const room: Enricher = {
  kind: 'room',
  table: 'rooms',
  key: 'room_id',
  schema: z.object({
    room_id: z.string(),
    house_id: z.string().nullish(),
    seats: z.number(),
    tags: z.array(z.string()),
    is_open: z.boolean().nullish(),
  }),
  derived: z.object({ is_large: z.boolean().optional() }),
  references: [{ field: 'house_id', kind: 'house' }],
  day: 'snapshot',
  derive: ({ seats }) => ({ is_large: (seats as number) > 20 }),
};
const RECORD = { room_id: 'R1', seats: 30, tags: ['a'] };

const enriched = (value: unknown) => enrichRecord(room, value, 0, {});
const errorsOf = (value: unknown) => {
  const answer = enriched(value);
  return answer.kind === 'invalid' ? answer.errors : [];
};
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe('a record', () => {
  it('stays as it came, with fields that nobody knows and optional ones that are null', () => {
    const record = { ...RECORD, is_open: null, extra: { deep: [1, null] }, seats: 3.5 };
    const answer = enriched(record);
    expect(answer).toEqual({ kind: 'enriched', record, derived: { is_large: false } });
    expect(answer.kind === 'enriched' && answer.record).toBe(record);
  });

  it.each([
    ['all that is missing, before all else', { tags: [null], seats: null }, /^room_id: missing$/],
    ['null in a required field', { ...RECORD, seats: null }, /^seats: missing$/],
    ['undefined in one', { ...RECORD, seats: undefined }, /^seats: missing$/],
    ['a number as text', { ...RECORD, seats: '30' }, /^seats: not a number$/],
    ['no number', { ...RECORD, seats: Number.NaN }, /^seats: not a finite number$/],
    ['a number that no double holds', JSON.parse('{"seats":1e999,"room_id":"R","tags":[]}'), /^seats: not a/],
    ['the same where nobody knows the field', { ...RECORD, x: [-Infinity] }, /^x\.0: not a finite number$/],
    ['null in a list', { ...RECORD, tags: ['a', null] }, /^tags\.1: not text$/],
    ['text for a list', { ...RECORD, tags: 'a' }, /^tags: not a list$/],
    ['1 for true', { ...RECORD, is_open: 1 }, /^is_open: neither true nor false$/],
    ['a key that is no identifier', { ...RECORD, room_id: 'R 1' }, /^room_id: not an identifier/],
    ['an empty key', { ...RECORD, room_id: '' }, /^room_id: not an identifier/],
    ['a key that is a number', { ...RECORD, room_id: 5 }, /^room_id: not text$/],
    ['a reference that is no identifier', { ...RECORD, house_id: '../x' }, /^house_id: not an identifier/],
    ['what JSON cannot hold', { ...RECORD, x: 5n }, /^x: not JSON$/],
    ['what is nested too deep', { ...RECORD, x: nested(33) }, /^x(\.0){31}: more than 32 levels deep$/],
    ['what would overflow the stack', { ...RECORD, x: nestedText(200_000) }, /: more than 32 levels deep$/],
    ['one large field', { ...RECORD, x: 'é'.repeat(100_000) }, /^x: 200002 bytes of JSON; .* 200000$/],
    ['a large required field', { ...RECORD, tags: Array(150_000).fill('') }, /^tags: 450001 bytes of JSON/],
    [
      'many fields that are large together',
      { ...RECORD, x: 'a'.repeat(150_000), y: 'a'.repeat(150_000) },
      /^record: 3\d{5} bytes of JSON/,
    ],
    ['a list', [RECORD], /^record: not an object$/],
    ['null', null, /^record: not an object$/],
    ['text', '{}', /^record: not an object$/],
  ])('is invalid for %s', (_, value, first) => {
    expect(errorsOf(value)[0]).toMatch(first);
  });

  it('has every field named that is missing or wrong', () => {
    const text = '{"__proto__":{"seats":3},"tags":[1,null],"seats":"x","a":{"__proto__":1},"house_id":"#"}';
    expect(errorsOf(JSON.parse(text)).toSorted()).toEqual([
      '__proto__: no field may have this name',
      'a.__proto__: no field may have this name',
      'house_id: not an identifier (letters, digits, . _ -; at most 128)',
      'room_id: missing',
      'seats: not a number',
      'tags.0: not text',
      'tags.1: not text',
    ]);
    expect(errorsOf({ ...RECORD, seats: null, x: 'a'.repeat(300_000), is_open: 'no' })).toEqual([
      'seats: missing',
      'x: 300002 bytes of JSON; a record has at most 200000',
      'is_open: neither true nor false',
    ]);
  });

  it('may have a name that every object has', () => {
    const record = JSON.parse(JSON.stringify(RECORD).replace('{', '{"constructor":1,"toString":"x",'));
    expect(enriched(record)).toMatchObject({ kind: 'enriched', record });
  });

  it('of just the size that is allowed is valid', () => {
    const rest = JSON.stringify({ ...RECORD, x: '' }).length;
    expect(enriched({ ...RECORD, x: 'a'.repeat(200_000 - rest) }).kind).toBe('enriched');
    expect(errorsOf({ ...RECORD, x: 'a'.repeat(200_001 - rest) })).toEqual([
      'record: 200001 bytes of JSON; a record has at most 200000',
    ]);
  });

  it('is told of in at most a hundred lines beside those of missing fields', () => {
    const errors = errorsOf({ tags: Array(5000).fill(null), ['x'.repeat(5000)]: Number.NaN });
    expect(errors.slice(0, 2)).toEqual(['room_id: missing', 'seats: missing']);
    expect(errors).toHaveLength(103);
    expect(errors.at(-1)).toBe('record: 4901 more errors');
    expect(Math.max(...errors.map((line) => line.length))).toBeLessThan(600);
  });
});

function nestedText(levels: number): unknown {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels));
}

describe('the engine', () => {
  it('leads each record to its kind, one that was added as one value too, and counts', () => {
    const engine = new EnrichmentEngine([room, { ...room, kind: 'hall' }]);
    expect(engine.enrich('room', RECORD, 0)).toMatchObject({ derived: { is_large: true } });
    expect(engine.enrich('room', {}, 0).kind).toBe('invalid');
    expect(engine.enrich('room', RECORD, 0).kind).toBe('enriched');
    expect(engine.enrich('hall', [], 0).kind).toBe('invalid');
    expect(engine.enrich('toString', RECORD, 0)).toEqual({
      kind: 'invalid',
      errors: ['kind: there is no "toString"; there is: room, hall'],
    });
    expect(engine.stats()).toEqual({
      total_enriched: 2,
      total_failed: 3,
      by_type: {
        room: counted(2, 1),
        hall: counted(0, 1),
      },
    });
  });
});

function counted(success: number, failed: number) {
  return {
    success,
    failed,
    enricher_stats: {
      enrichments_attempted: success + failed,
      enrichments_successful: success,
      enrichments_failed: failed,
    },
  };
}
