import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { isWrittenTime, readWrittenTime, writtenTimeSchema } from '../../../core/calendar/written-time.ts';

const utc = (...parts: [number, number, number, number?, number?, number?, number?]) => {
  const at = new Date(0);
  at.setUTCFullYear(parts[0], parts[1] - 1, parts[2]);
  at.setUTCHours(parts[3] ?? 0, parts[4] ?? 0, parts[5] ?? 0, parts[6] ?? 0);
  return at.getTime();
};

describe('a written time', () => {
  it.each([
    ['2024-01-15T10:30:05Z', utc(2024, 1, 15, 10, 30, 5), '2024-01-15', 10],
    ['2024-01-15T10:30:05', utc(2024, 1, 15, 10, 30, 5), '2024-01-15', 10],
    ['2024-01-15 10:30:05', utc(2024, 1, 15, 10, 30, 5), '2024-01-15', 10],
    ['2024-01-15 10:30:05+02:00', utc(2024, 1, 15, 8, 30, 5), '2024-01-15', 10],
    ['2024-01-15T10:30Z', utc(2024, 1, 15, 10, 30), '2024-01-15', 10],
    ['2024-01-15t10:30:05z', utc(2024, 1, 15, 10, 30, 5), '2024-01-15', 10],
    ['2024-01-15', utc(2024, 1, 15), '2024-01-15', 0],
    ['2024-02-29', utc(2024, 2, 29), '2024-02-29', 0],
    ['2000-02-29T00:00:00Z', utc(2000, 2, 29), '2000-02-29', 0],
    ['2024-01-01T00:30:00+05:30', utc(2023, 12, 31, 19), '2024-01-01', 0],
    ['2024-01-01T00:30:00+0530', utc(2023, 12, 31, 19), '2024-01-01', 0],
    ['2023-12-31T20:00:00-08', utc(2024, 1, 1, 4), '2023-12-31', 20],
    ['2024-01-15T00:00:00-00:00', utc(2024, 1, 15), '2024-01-15', 0],
    ['2024-01-15T00:00:00+23:59', utc(2024, 1, 14, 0, 1), '2024-01-15', 0],
    ['2024-01-15T10:30:05.5Z', utc(2024, 1, 15, 10, 30, 5, 500), '2024-01-15', 10],
    ['2024-01-15T10:30:05,25', utc(2024, 1, 15, 10, 30, 5, 250), '2024-01-15', 10],
    ['2024-01-15T10:30:05.999999Z', utc(2024, 1, 15, 10, 30, 5, 999), '2024-01-15', 10],
    ['0001-01-01', utc(1, 1, 1), '0001-01-01', 0],
    ['0099-03-01T12:00:00Z', utc(99, 3, 1, 12), '0099-03-01', 12],
    ['9999-12-31', utc(9999, 12, 31), '9999-12-31', 0],
    ['9999-12-31T23:59:59.999Z', utc(9999, 12, 31, 23, 59, 59, 999), '9999-12-31', 23],
  ])('%s is read', (text, ms, date, hour) => {
    expect(readWrittenTime(text)).toMatchObject({ ms, date, hour });
  });

  it.each([
    ...['2023-02-29', '1900-02-29', '2024-02-30', '2024-04-31', '2024-13-01', '2024-00-10', '2024-01-00'],
    ...['0000-01-01', '10000-01-01', '+002024-01-01', '-0001-01-01', '24-01-15', '2024-1-5', '2024/01/15'],
    ...['2024-01-15T24:00:00Z', '2024-01-15T23:59:60Z', '2024-01-15T10:60:00Z', '2024-01-15T10'],
    ...['2024-01-15T10:30:05+24:00', '2024-01-15T10:30:05+01:60', '2024-01-15T10:30:05+1', '2024-01-15Z'],
    ...['2024-01-15T10:30:05.Z', '2024-01-15T10:30.5Z', '2024-01-15T10:30:05 Z', '2024-01-15T10:30:05 UTC'],
    ...['9999-12-31T23:59:59-00:01', '0001-01-01T00:00:00+00:01', '20240115T103005Z', '2024-W03-1'],
    ...[
      '',
      ' ',
      'now',
      '0',
      '1705314605',
      'Mon, 15 Jan 2024 10:30:05 GMT',
      'January 15, 2024',
      '2024-01-15_10:00',
    ],
    ...[
      ' 2024-01-15',
      '2024-01-15 ',
      '2024-01-15\n',
      '２０２４-01-15',
      '2024-01-15T10:30:05Z; DROP',
      '2024-015',
    ],
  ])('%j is none', (text) => {
    expect(readWrittenTime(text)).toBeUndefined();
  });

  it('counts nanoseconds, before 1970 as well, and rounds milliseconds down', () => {
    expect(readWrittenTime('1970-01-01T00:00:01.123456789999Z')).toMatchObject({ ms: 1123, ns: 1123456789n });
    expect(readWrittenTime('1969-12-31T23:59:59.9999Z')).toMatchObject({ ms: -1, ns: -100_000n });
  });

  it('is read as it was written, at any instant and with any offset', () => {
    const offsets = fc.integer({ min: -1439, max: 1439 });
    const instants = fc.integer({ min: utc(1, 1, 3), max: utc(9999, 12, 29) });
    fc.assert(
      fc.property(instants, offsets, fc.constantFrom('T', ' '), (ms, offset, between) => {
        const face = new Date(ms + offset * 60_000).toISOString();
        const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const sign = offset < 0 ? '-' : '+';
        const shown = `${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        const read = readWrittenTime(face.replace('T', between).replace('Z', shown));
        expect(read).toEqual({
          ms,
          ns: BigInt(ms) * 1_000_000n,
          date: face.slice(0, 10),
          hour: Number(face.slice(11, 13)),
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('is known again as a field, whether it may be absent or not', () => {
    const { shape } = z.object({
      a: writtenTimeSchema,
      b: writtenTimeSchema.nullish().describe('of the day'),
      c: z.string(),
      d: z.string().refine(() => true),
    });
    expect(Object.values(shape).map(isWrittenTime)).toEqual([true, true, false, false]);
  });
});
