import { describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { columnsOf } from '../../core/schema/columns.ts';
import { findSource, sources } from '../../sources/index.ts';

describe('sources', () => {
  it('have names of their own and are found by them', () => {
    expect(new Set(sources.map((source) => source.name)).size).toBe(sources.length);
    for (const source of sources) expect(findSource(source.name)).toBe(source);
    expect(findSource('greyhounds')).toBeUndefined();
  });

  it('describe every column of their table', () => {
    for (const source of sources) {
      for (const column of columnsOf(source.table.schema)) expect(column.comment, column.name).toMatch(/\S/);
    }
  });
});

describe('racing', () => {
  const racing = sources.find((source) => source.name === 'racing')!;

  it('asks for the index of the day that is scraped', () => {
    const partition = { value: 'gb', date: civilDate('2025-11-17') };
    expect(racing.discover!.url(partition)).toBe('/results/2025-11-17');
  });

  it('reads 406 as a site that asks to slow down', () => {
    expect(racing.outcomes.rateLimitStatuses).toEqual([406, 429]);
  });

  it('is rescraped daily over seven days of London time', () => {
    expect(racing.cadence).toEqual({ kind: 'daily', at: '01:30', windowDays: 7 });
    expect(racing.timeZone).toBe('Europe/London');
  });

  it('keeps numbers as numbers and what names something as text', () => {
    const types = Object.fromEntries(
      columnsOf(racing.table.schema).map((column) => [column.name, column.type]),
    );
    expect(types).toMatchObject({
      race_id: 'string',
      dec: 'double',
      btn: 'double',
      lbs: 'int32',
      pos: 'string',
      secs: 'double',
    });
    expect(types).not.toHaveProperty('country');
    expect(types).not.toHaveProperty('date');
  });
});
