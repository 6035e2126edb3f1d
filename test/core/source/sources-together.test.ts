import { describe, expect, it } from 'vitest';
import type { Source } from '../../../core/source/source.ts';
import { loadSource, sourcesTogether } from '../../../core/source/sources-together.ts';
import { notes } from '../../e2e/support/notes-source.ts';

const named = (name: string, table = name): Source => ({
  ...notes,
  name,
  table: { ...notes.table, name: table },
});
const LATER = { name: 'later', problem: 'source "later" is not valid: timeZone: not an IANA time zone' };

describe('sources together', () => {
  it('are those that can be run, and those that cannot', () => {
    const first = named('first');
    expect(sourcesTogether([LATER, first])).toEqual({ sources: [first], invalidSources: [LATER] });
  });

  it.each([
    [named('notes', 'others'), 'source "notes" is not valid: another source is called notes'],
    [named('Notes', 'others'), 'source "Notes" is not valid: another source is called notes'],
    [
      named('more', 'Notes'),
      'source "more" is not valid: table.name: source notes writes to the table notes',
    ],
  ])('have names and tables of their own, letter case aside: the later one is invalid', (twin, problem) => {
    const [first, last] = [named('notes'), named('last')];
    expect(sourcesTogether([first, twin, last])).toEqual({
      sources: [first, last],
      invalidSources: [{ name: twin.name, problem }],
    });
  });

  it('a source that is invalid takes no name and no table from a later one', () => {
    const [first, twin, next] = [named('first'), named('next', 'first'), named('next')];
    expect(sourcesTogether([first, twin, next]).sources).toEqual([first, next]);
  });
});

describe('a source that is loaded', () => {
  it('is what its module gives', async () => {
    const source = named('notes');
    expect(await loadSource('notes', async () => source)).toBe(source);
  });

  const throwing = (thrown: unknown) => async () => {
    throw thrown;
  };
  it.each([
    ['throws', throwing(new TypeError('no\n  such thing')), 'its module cannot be loaded: no such thing'],
    ['throws a text', throwing('no'), 'its module cannot be loaded: no'],
    ['exports nothing', async () => undefined as unknown as Source, 'its module gives no source'],
    ['has another name', async () => named('other'), 'its definition calls it "other"'],
  ])('is invalid in one line where its module %s', async (_, load, what) => {
    const problem = `source "notes" is not valid: ${what}`;
    expect(await loadSource('notes', load)).toEqual({ name: 'notes', problem });
  });
});
