import { describe, expect, it } from 'vitest';
import { BoundedMemory } from '../../../core/lake/bounded-memory.ts';

describe('a memory that is bounded', () => {
  it('keeps what fits, and of a key the value that came last', () => {
    const memory = new BoundedMemory<string>(10);
    memory.keep('a', 'first', 6);
    memory.keep('b', 'too much', 5);
    expect([memory.get('a'), memory.get('b')]).toEqual(['first', undefined]);
    memory.keep('a', 'second', 4);
    memory.keep('b', 'fits', 6);
    expect([memory.get('a'), memory.get('b')]).toEqual(['second', 'fits']);
    memory.keep('a', 'grown too large', 5);
    expect(memory.get('a')).toBeUndefined();
    memory.keep('c', 'in its place', 4);
    expect(memory.get('c')).toBe('in its place');
  });

  it('has room again for what was taken', () => {
    const memory = new BoundedMemory<string>(10);
    memory.keep('a', 'large', 10);
    expect([memory.take('a'), memory.take('a'), memory.take('never there')]).toEqual([
      'large',
      undefined,
      undefined,
    ]);
    memory.keep('b', 'as large', 10);
    expect(memory.get('b')).toBe('as large');
  });
});
