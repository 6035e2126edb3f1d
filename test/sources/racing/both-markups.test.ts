import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { parseRacePage } from '../../../sources/racing/race-page.ts';
import { RACE_URL, type RaceFacts, type RunnerFacts, renderClassic, renderNext } from './render-race.ts';

const word = fc.constantFrom(
  'Copper',
  'Lantern',
  'Été',
  'Void',
  'Mill',
  "O'Shea",
  'Señor',
  'Abandoned',
  'Wind',
);
const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '));
const plainName = fc
  .array(fc.constantFrom('Mill', 'House', 'Racing', 'Club'), { minLength: 1, maxLength: 3 })
  .map((words) => words.join(' '));
const country = fc.constantFrom(null, 'IRE', 'FR', 'USA', 'QA');
const horse = fc.record({ name, country });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const rating = orNull(fc.integer({ min: 1, max: 180 }));
const margin = fc.constantFrom(
  'nse',
  'shd',
  'sht-hd',
  'snk',
  'hd',
  'nk',
  'lgnk',
  '½',
  '1¼',
  '12',
  'dht',
  'dist',
);

const runner = fc.record({
  horse,
  beaten: fc.record({ margin, overall: orNull(fc.constantFrom('½', '3¾', '41', 'nk')) }),
  lost: orNull(fc.constantFrom('PU', 'F', 'UR', 'BD', 'REF')),
  draw: orNull(fc.integer({ min: 1, max: 20 })),
  price: fc.constantFrom(null, '9/4F', 'Evens', 'EvensF', '100/30', '7/1C', 'No Odds'),
  jockey: orNull(plainName),
  owner: plainName,
  pounds: fc.integer({ min: 100, max: 180 }),
  headgear: fc.constantFrom(null, 'p', 'tv', 'b'),
  isFirstTime: fc.boolean(),
  ratings: fc.tuple(rating, rating, rating),
  colourSex: fc.constantFrom('b g', 'ch f', 'b/br c', 'gr m'),
  sire: orNull(horse),
  dam: horse,
  damsire: name,
  comment: orNull(fc.constantFrom('Held up, kept on', 'Never on terms')),
  betting: orNull(fc.constant('op 5/2')),
});

const race: fc.Arbitrary<RaceFacts> = fc
  .record({
    country: fc.constantFrom('GB' as const, 'IRE' as const, 'FR' as const),
    isArabian: fc.boolean(),
    title: fc.constantFrom(
      'Ardmore Lane Handicap (Div I)',
      'Prix de l’Été (Group 2) (Fillies & Mares)',
      'Oak Tree Novices Hurdle (Grade B)',
      'Mill Stakes (Listed Race) (Colts & Geldings)',
      'Toll House Steeplechase (Class E)',
      'Bog Road Mares National Hunt Flat Race',
      'Void Street Selling Stakes (45-60)',
    ),
    raceClass: orNull(fc.integer({ min: 1, max: 7 })),
    ratings: fc.constantFrom(null, '0-85', '46-60'),
    ages: fc.constantFrom('3yo+', '2yo', '4-7yo'),
    yards: fc.integer({ min: 1000, max: 7900 }),
    going: fc.constantFrom(
      'Good',
      'Standard To Slow',
      'Soft (Heavy in places)',
      'Fast',
      'Muddy',
      'Very Soft',
    ),
    hurdles: fc.boolean(),
    winningTime: fc.constantFrom(null, '1m 38.52s', '58.30s', '5m 2.00s', 'standard time', '0.00s'),
    fastSlow: fc.constantFrom(null, 'slow by 2.12s', 'fast by 0.30s'),
    prizes: fc.array(fc.integer({ min: 100, max: 900_000 }), { maxLength: 5 }),
    isFirstDisqualified: fc.boolean(),
    field: fc.array(runner, { minLength: 2, maxLength: 6 }),
  })
  .map(({ field, isFirstDisqualified, ...rest }) => ({
    ...rest,
    runners: field.map(({ beaten, lost, ...facts }, at): RunnerFacts => {
      const nothing = { margin: null, overall: null };
      if (at === 0) {
        return { ...facts, ...nothing, number: 1, outcome: isFirstDisqualified ? 'DSQ' : '1' };
      }
      const place = String(isFirstDisqualified ? at : at + 1);
      return { ...facts, ...(lost ? nothing : beaten), number: at + 1, outcome: lost ?? place };
    }),
  }));

function read(text: string, { country: held }: RaceFacts) {
  return parseRacePage(
    { url: `https://x.example${RACE_URL}`, status: 200, contentType: 'text/html', text },
    { id: '4711', url: RACE_URL },
    { value: held.toLowerCase(), date: civilDate('2026-03-14') },
  );
}

describe('a race', () => {
  it('gives the same rows from a page of either markup', () => {
    fc.assert(
      fc.property(race, (facts) => {
        const classic = read(renderClassic(facts), facts);
        expect(classic).toMatchObject({ kind: 'records' });
        expect(read(renderNext(facts), facts)).toEqual(classic);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
