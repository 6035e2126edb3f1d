import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Distance } from '../../../sources/racing/distance.ts';
import { distanceOfYards, parseDistance, raceDistance } from '../../../sources/racing/distance.ts';
import { estimateSeconds, formatSeconds, parseWinningTime } from '../../../sources/racing/finish-time.ts';
import { lengthsPerSecond, surfaceOf } from '../../../sources/racing/going.ts';
import { parseLengths, readBeaten } from '../../../sources/racing/lengths.ts';
import { parseLocalStart } from '../../../sources/racing/local-start.ts';
import { parseMixedNumber } from '../../../sources/racing/mixed-number.ts';

describe('mixed numbers', () => {
  it.each([
    ['2½', 2.5],
    ['¾', 0.75],
    ['1 ¼', 1.25],
    ['2 1/2', 2.5],
    ['1/2', 0.5],
    ['3', 3],
    ['2.75', 2.75],
    ['⅓', 1 / 3],
  ])('%s is %d', (text, value) => expect(parseMixedNumber(text)).toBe(value));

  it.each(['', '½2', 'two', '1/0', '-1', '2½½'])('%j is none', (text) =>
    expect(parseMixedNumber(text)).toBeUndefined(),
  );
});

describe('race distances', () => {
  it.each([
    ['1m2½f', '(1m2f110yds)', { furlongs: 10.5, yards: 2310, metres: 2112 }],
    ['5f', '', { furlongs: 5, yards: 1100, metres: 1006 }],
    ['2m½f', '(2m120yds)', { furlongs: 16.5, yards: 3640, metres: 3328 }],
    ['', '(7f6yds)', { furlongs: 7.027, yards: 1546, metres: 1414 }],
    ['4m2½f', '(4m2f74y)', { furlongs: 34.5, yards: 7554, metres: 6907 }],
  ])('%s %s', (rounded, exact, distance) => {
    expect(raceDistance(parseDistance(rounded), parseDistance(exact))).toEqual(distance);
  });

  it.each([
    ['1m2½f', '(1m2f110yds)', 'FR', 2100],
    ['1m', '', 'HK', 1600],
    ['1m', '', 'USA', 1609],
    ['1m', '', 'IRE', 1609],
  ])('%s %s in %s is %d metres', (rounded, exact, country, metres) => {
    const distance = raceDistance(parseDistance(rounded), parseDistance(exact), country);
    expect(distance?.metres).toBe(metres);
  });

  it('is the same from a number of yards as from its print', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8000 }), (yards) => {
        const printed = parseDistance(print(distanceOfYards(yards)));
        expect(raceDistance(undefined, printed)).toEqual(raceDistance(undefined, distanceOfYards(yards)));
        expect(raceDistance(undefined, printed)?.yards).toBe(yards);
      }),
    );
  });

  it.each(['', 'abc', '2000m', '1f2m', 'm', '1m2', 'Good'])('%j is none', (text) =>
    expect(parseDistance(text)).toBeUndefined(),
  );

  it('survives being printed and read again', () => {
    const halves = fc.integer({ min: 0, max: 15 }).map((half) => half / 2);
    const distances = fc.record({
      miles: fc.integer({ min: 0, max: 4 }),
      furlongs: halves,
      yards: fc.integer({ min: 0, max: 219 }),
    });
    fc.assert(
      fc.property(distances, (distance) => {
        fc.pre(print(distance) !== '');
        expect(parseDistance(print(distance))).toEqual(distance);
        expect(parseDistance(`( ${print(distance, ' ')} )`)).toEqual(distance);
      }),
    );
  });

  it('counts a mile as eight furlongs and as 1,760 yards', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (miles) => {
        const distance = raceDistance(parseDistance(`${miles}m`), undefined);
        expect(distance).toMatchObject({ furlongs: miles * 8, yards: miles * 1760 });
        expect(Math.abs((distance?.metres ?? 0) - miles * 1609.34)).toBeLessThanOrEqual(0.5);
      }),
    );
  });
});

function print({ miles, furlongs, yards }: Distance, between = ''): string {
  const whole = Math.floor(furlongs);
  const printedFurlongs = `${whole === 0 ? '' : whole}${furlongs === whole ? '' : '½'}`;
  return [miles ? `${miles}m` : '', printedFurlongs && `${printedFurlongs}f`, yards ? `${yards}yds` : '']
    .filter((part) => part !== '')
    .join(between);
}

describe('lengths', () => {
  it.each([
    ['nse', 0.05],
    ['shd', 0.1],
    ['sht-hd', 0.1],
    ['snk', 0.2],
    ['hd', 0.2],
    ['nk', 0.3],
    ['lgnk', 0.4],
    ['½', 0.5],
    ['1¼', 1.25],
    ['[14¾]', 14.75],
    ['dht', 0],
    ['dist', 30],
  ])('%s is %d', (text, lengths) => expect(parseLengths(text)).toBe(lengths));

  it.each(['PU?', '9/4F', 'far', 'constructor'])('%j is no margin', (text) => {
    expect(parseLengths(text)).toBeUndefined();
  });

  it('take one margin for both, and two as the margin and the overall one', () => {
    expect(readBeaten(['nk'], false, 0)).toEqual({ by: 0.3, overall: 0.3 });
    expect(readBeaten(['1¼', '[4½]'], false, 3.25)).toEqual({ by: 1.25, overall: 4.5 });
  });

  it('give a dead-heater the overall distance of its rival', () => {
    expect(readBeaten(['dht'], false, 3.5)).toEqual({ by: 0, overall: 3.5 });
    expect(readBeaten(['dht', '[3½]'], false, 2)).toEqual({ by: 0, overall: 3.5 });
  });

  it('say 0 of a winner and nothing of a beaten horse without a margin', () => {
    expect(readBeaten([], true, null)).toEqual({ by: 0, overall: 0 });
    expect(readBeaten([], false, 2)).toEqual({ by: null, overall: null });
  });

  it('refuse three margins and words', () => {
    expect(readBeaten(['1', '2', '3'], false, 0)).toBeUndefined();
    expect(readBeaten(['far'], false, 0)).toBeUndefined();
  });
});

describe('winning times', () => {
  it.each([
    ['1m 38.52s (slow by 2.12s)', 98.52],
    ['1m38.52s', 98.52],
    ['58.30s', 58.3],
    ['2m 7s (fast by 1.1s)', 127],
    ['6m', 360],
    ['1:38.52', 98.52],
  ])('%s is %d seconds', (text, seconds) => expect(parseWinningTime(text)).toBe(seconds));

  it.each(['', 'standard time', '0.00s', '0m 0.00s (fast by 58.30s)', '-', 'not taken'])(
    '%j is no time',
    (text) => expect(parseWinningTime(text)).toBeNull(),
  );

  it.each(['9/4', '£12,345', '1m 2m 3s'])('%j cannot be read', (text) =>
    expect(parseWinningTime(text)).toBeUndefined(),
  );

  it('are printed to the hundredth and read back the same', () => {
    expect(formatSeconds(59.995)).toBe('1:00.00');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (hundredths) => {
        expect(parseWinningTime(formatSeconds(hundredths / 100))).toBe(hundredths / 100);
      }),
    );
  });

  it('grow with the distance that a horse was beaten by', () => {
    expect(estimateSeconds(98.52, 3, 6)).toBe(99.02);
    expect(estimateSeconds(98.52, 0, 6)).toBe(98.52);
  });
});

describe('starts', () => {
  it('are the local time of day', () => {
    expect(parseLocalStart(' 2025-07-20T13:05:00+02:00')).toEqual({ date: '2025-07-20', off: '13:05' });
  });

  it.each(['2025-07-20T34:10:00Z', '2025-07-20T12:60:00Z', '2025-07-20', '14:10'])('%s is none', (text) =>
    expect(parseLocalStart(text)).toBeUndefined(),
  );
});

describe('going', () => {
  it.each([
    ['Standard To Slow', 'AW'],
    ['Slow', 'AW'],
    ['Fast', 'Dirt'],
    ['Muddy', 'Dirt'],
    ['Good To Firm', 'Turf'],
    ['Soft (Heavy in places)', 'Turf'],
    [null, null],
  ])('%s is run on %s', (going, surface) => expect(surfaceOf(going)).toBe(surface));

  it.each([
    ['Good To Soft', 6, 5],
    ['Soft To Heavy', 5, 4],
    ['Soft (Good in places)', 5, 4],
    ['Standard To Slow', 6, 5],
    ['Slow', 6, 4],
    ['Very Soft', 5, 4],
    ['Sloppy', 6, 5],
    [null, 6, 5],
    ['constructor', 6, 5],
  ])('%s: %d lengths a second on the flat, %d over jumps', (going, flat, jumps) => {
    expect(lengthsPerSecond(going, 'flat')).toBe(flat);
    expect(lengthsPerSecond(going, 'jumps')).toBe(jumps);
  });
});
