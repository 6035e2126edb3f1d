import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import {
  countryByCode,
  countryOfMeeting,
  courseWithoutCountry,
} from '../../../sources/racing/meeting-country.ts';
import { memoized } from '../../../sources/racing/memoized.ts';
import { nameWithCountry } from '../../../sources/racing/named-country.ts';
import { parseStartingPrice } from '../../../sources/racing/odds.ts';
import { parsePosition } from '../../../sources/racing/position.ts';
import { parseAmount, readPrizes } from '../../../sources/racing/prize.ts';
import { findOtherRace, promisedRace } from '../../../sources/racing/promised-race.ts';
import { classOf, readTitle } from '../../../sources/racing/race-name.ts';
import { parseIndexPath, parseRacePath, profileId, profileName } from '../../../sources/racing/race-path.ts';
import { raceType } from '../../../sources/racing/race-type.ts';
import { wholeNumber } from '../../../sources/racing/run-columns.ts';

describe('starting prices', () => {
  it.each([
    ['9/4F', '9/4F', 3.25],
    ['EvensF', 'EvensF', 2],
    ['Evens', 'Evens', 2],
    ['Evs', 'Evens', 2],
    ['EvsF', 'EvensF', 2],
    ['100/30', '100/30', 4.33],
    ['8/13 F', '8/13F', 1.62],
    ['9/2J', '9/2J', 5.5],
    ['7/1C', '7/1C', 8],
    ['No Odds', 'No Odds', null],
    ['–', null, null],
    ['', null, null],
  ])('%j is kept as %j and pays %j', (text, sp, dec) =>
    expect(parseStartingPrice(text)).toEqual({ sp, dec }),
  );

  it.each(['85', '4/0', '£3.40', '9-2'])('%j is a cell of something else', (text) => {
    expect(parseStartingPrice(text)).toBeUndefined();
  });
});

describe('whole numbers', () => {
  const read = (text: string) => {
    const problems: string[] = [];
    const value = wholeNumber('draw', text, (problem) => problems.push(problem));
    return problems[0] ?? value;
  };

  it.each([
    ['7', 7],
    ['(7)', 7],
    ['3.', 3],
    ['\u00a0( 12 )', 12],
    ['0109', 109],
    ['1A', 1],
    ['4yo', 4],
    ['85+', 85],
    ['–', null],
    ['(-)', null],
    ['', null],
  ])('%j is %j', (text, value) => expect(read(text)).toBe(value));

  it.each(['12345', '9/4', 'x7', '7-8'])('%j is none', (text) =>
    expect(read(text)).toBe(`draw ${JSON.stringify(text)} is no number`),
  );
});

describe('what was read before', () => {
  it('is what it would be read as again, after any number of others', () => {
    const doubled = memoized((text) => (text === 'x' ? undefined : text.repeat(2)));
    const texts = ['a', 'x', '', 'a text too long to keep'];
    const first = texts.map(doubled);
    expect(first).toEqual(['aa', undefined, '', 'a text too long to keepa text too long to keep']);
    for (let n = 0; n < 2500; n++) expect(doubled(String(n))).toBe(`${n}${n}`);
    expect(texts.map(doubled)).toEqual(first);
  });
});

describe('positions', () => {
  it('are places, ways of not finishing, void or withdrawn', () => {
    expect(parsePosition('12')).toEqual({ kind: 'placed', place: 12, code: '12' });
    expect(parsePosition('1=')).toEqual({ kind: 'placed', place: 1, code: '1' });
    expect(parsePosition('VOI')).toEqual({ kind: 'void' });
    expect(parsePosition('DSQ')).toEqual({ kind: 'disqualified', code: 'DSQ' });
    expect(parsePosition('NR')).toEqual({ kind: 'withdrawn' });
  });

  it.each(['PU', 'F', 'UR', 'RR', 'BD', 'CO', 'SU', 'REF', 'RO', 'LFT', 'RTR'])(
    '%s did not finish',
    (code) => {
      expect(parsePosition(code)).toEqual({ kind: 'not-finished', code });
    },
  );

  it.each(['', '0', '1st of 12', 'Frankel', '9/4'])('%j is none', (text) =>
    expect(parsePosition(text)).toBeUndefined(),
  );
});

describe('titles', () => {
  it.each([
    ['Irish Derby (Group 1)', 'Irish Derby', 'Group 1', null],
    ['Prix X (Group III) (Colts & Fillies)', 'Prix X (Colts & Fillies)', 'Group 3', 'C & F'],
    ['Betfair Hurdle (Grade 3 Handicap)', 'Betfair Hurdle (Handicap)', 'Grade 3', null],
    ['Thyestes Chase (Grade A)', 'Thyestes Chase', 'Grade A', null],
    [
      'Pipalong Stakes (Listed Race) (Fillies’ & Mares’)',
      'Pipalong Stakes (Fillies’ & Mares’)',
      'Listed',
      'F & M',
    ],
    ['Silver Tankard Stakes (Class 1) (Listed)', 'Silver Tankard Stakes', 'Listed', null],
    ['Nursery (Class E)', 'Nursery', null, null],
    ["Mares' Novices' Hurdle", "Mares' Novices' Hurdle", null, 'M'],
    ["EBF Fillies' Handicap", "EBF Fillies' Handicap", null, 'F'],
    ['2000 Guineas (Colts & Geldings)', '2000 Guineas (Colts & Geldings)', null, 'C & G'],
    ['Maresfield Stakes', 'Maresfield Stakes', null, null],
    ['A Listed Building Handicap', 'A Listed Building Handicap', null, null],
  ])('%s', (title, name, pattern, sexRestriction) => {
    expect(readTitle(title)).toMatchObject({ name, pattern, sexRestriction });
  });

  it.each([
    ['(Class 4)', 'Any Handicap', 'Class 4'],
    ['', 'Nursery (Class E)', 'Class 5'],
    ['', 'Seller (Class G)', 'Class 6'],
    ['', 'Apprentices (Class H)', 'Class 7'],
    ['', 'Irish Derby (Group 1)', 'Class 1'],
    ['', 'Pipalong Stakes (Listed)', 'Class 1'],
    ['', 'Any Hurdle (Grade 2)', null],
    ['(Class 2)', 'Any Stakes (Group 3)', 'Class 2'],
    ['', 'Any Maiden', null],
  ])('class of %j, %s is %j', (printed, title, name) =>
    expect(classOf(printed, readTitle(title))).toBe(name),
  );
});

describe('kinds of race', () => {
  it.each([
    [10.5, '', 'Cannock Chase Stakes', 'Flat'],
    [16, '9 hurdles', 'Any Race', 'Hurdle'],
    [24, '18 fences, 2 omitted', 'Novices Hurdle', 'Chase'],
    [16, '', "Novices' Hurdle", 'Hurdle'],
    [24, '', 'Grand Steeple-Chase de Paris', 'Chase'],
    [24, '', 'Steeplechase Cup', 'Chase'],
    [16, '', 'Open National Hunt Flat Race', 'NH Flat'],
    [16, '', '(Pro/Am) I.N.H. Flat Race', 'NH Flat'],
    [16, '', 'INH Flat Race', 'NH Flat'],
    [16, '', 'Champion Bumper', 'NH Flat'],
    [16, '', 'Cesarewitch Handicap', 'Flat'],
    [20, '', 'Purchase Stakes', 'Flat'],
  ] as const)('%d furlongs, %j, %s: %s', (furlongs, obstacles, title, type) => {
    expect(raceType(furlongs, obstacles, title)).toBe(type);
  });

  it.each([
    ['F', 'Flat'],
    ['X', 'Flat'],
    ['H', 'Hurdle'],
    ['C', 'Chase'],
    ['B', 'NH Flat'],
    ['W', 'NH Flat'],
    ['?', 'Chase'],
  ] as const)('the code %s says %s, whatever the title says', (code, type) => {
    expect(raceType(16, '', 'Novices Chase', code)).toBe(type);
  });
});

describe('prizes', () => {
  it.each([
    ['£12,345.60', 12345.6],
    ['€5,000', 5000],
    ['HK$1,230,000', 1230000],
    ['750', 750],
    ['£1,234,567', 1234567],
    ['–', null],
    ['plenty', undefined],
    ['£5,9', undefined],
  ])('%s is %d', (text, amount) => expect(parseAmount(text)).toBe(amount));

  it('are of a place, not of a row', () => {
    const printed = [
      { place: '1st', amount: '£6,000' },
      { place: '3', amount: '£1,000' },
      { place: '4th', amount: '–' },
    ];
    expect(readPrizes(printed)).toEqual(
      new Map([
        [1, 6000],
        [3, 1000],
      ]),
    );
    expect(readPrizes([])).toEqual(new Map());
  });

  it('cannot be read where a place is no place, or has two amounts', () => {
    expect(readPrizes([{ place: 'Prize money', amount: '£1' }])).toBeUndefined();
    expect(
      readPrizes([
        { place: '1st', amount: '£1' },
        { place: '1st', amount: '£2' },
      ]),
    ).toBeUndefined();
  });
});

describe('meetings', () => {
  const course = { courseId: '1', courseSlug: 'any' };
  it.each([
    ['ASCOT', 'GB'],
    ['KEMPTON (AW)', 'GB'],
    ['NEWMARKET (JULY)', 'GB'],
    ['LEOPARDSTOWN (IRE)', 'IRE'],
    ['DUNDALK (AW) (IRE)', 'IRE'],
    ['DUNDALK (IRE) (AW)', 'IRE'],
    ['CHANTILLY (FR)', 'FR'],
    ['SARATOGA (USA)', 'USA'],
    ['NAVAN (IRE) - ABANDONED', 'IRE'],
    ['NAVAN (IRE) (ABANDONED)', 'IRE'],
    ['NEWBURY (ARAB)', 'GB'],
    ['DEAUVILLE (FR) (ARAB)', 'FR'],
  ])('%s is held in %s', (name, country) => expect(countryOfMeeting(course, name)).toBe(country));

  it('of the Channel Islands are not in Great Britain, unless the number has gone to another course', () => {
    expect(countryOfMeeting({ courseId: '426', courseSlug: 'les-landes' }, 'LES LANDES')).toBe('JER');
    expect(countryOfMeeting({ courseId: '426', courseSlug: 'ascot' }, 'ASCOT')).toBe('GB');
    expect(countryByCode({ courseId: '426', courseSlug: 'les-landes' }, 'GB', 'Les Landes')).toBe('JER');
  });

  it('of Arabian horses are where their name says, all others where their code says', () => {
    expect(countryByCode(course, 'ARO', 'Deauville (FR)')).toBe('FR');
    expect(countryByCode(course, 'ARO', 'Newbury')).toBe('GB');
    expect(countryByCode(course, 'hk', 'Sha Tin')).toBe('HK');
  });

  it('are at a course whose name leaves the country out', () => {
    expect(courseWithoutCountry('Dundalk (AW) (IRE)', 'IRE')).toBe('Dundalk (AW)');
    expect(courseWithoutCountry('Newmarket (July)', 'GB')).toBe('Newmarket (July)');
  });
});

describe('addresses', () => {
  it('of races give course, date and race, absolute or not', () => {
    const race = {
      path: '/results/28/kempton-aw/2025-11-17/9',
      courseId: '28',
      courseSlug: 'kempton-aw',
      date: '2025-11-17',
      raceId: '9',
    };
    expect(parseRacePath('/results/28/kempton-aw/2025-11-17/9')).toEqual(race);
    expect(parseRacePath('https://x.example:81/results/28/kempton-aw/2025-11-17/9?full=1#top')).toEqual(race);
  });

  it('of the data of a page are the addresses of the page', () => {
    const data = 'https://x.example/_next/data/a-b_c/results/28/kempton-aw/2025-11-17/9.json?x=1';
    expect(parseRacePath(data)?.raceId).toBe('9');
    expect(parseIndexPath('/_next/data/abc/results/2025-11-17.json')?.date).toBe('2025-11-17');
  });

  it('of indexes give the date, and whether it is the list by time', () => {
    const date = '2025-11-17';
    expect(parseIndexPath('https://x.example/results/2025-11-17/')).toEqual({ date, isTimeOrder: false });
    expect(parseIndexPath('/results/2025-11-17/time-order')).toEqual({ date, isTimeOrder: true });
    expect(parseIndexPath('/results/28/kempton-aw/2025-11-17/9')).toBeUndefined();
    expect(parseIndexPath('/results')).toBeUndefined();
  });

  it.each([
    '/results/2025-11-17',
    '/results/28/kempton/2025-11-17/',
    '/results/../x/2025-11-17/9',
    '/results/28/k/2025-11-17/a b',
    '/results/28/k/2025-11-17/winning-times',
    '/results/28/k/2025-11-17/9/analysis',
  ])('%s is no race', (address) => expect(parseRacePath(address)).toBeUndefined());

  it('of profiles give id and name', () => {
    expect(profileId('https://x.example/profile/horse/123/a-b?c')).toBe('123');
    expect(profileId('/bloodstock/sire/77/frankel')).toBe('77');
    expect(profileId('/profile/horse/')).toBeUndefined();
    expect(profileId(undefined)).toBeUndefined();
    expect(profileName('/profile/owner/7/mrs-j-o%27neill')).toBe("Mrs J O'neill");
    expect(profileName('/profile/owner/7/%E0%A4%A')).toBe('%E0%A4%A');
    expect(profileName('/profile/owner/7/a%20b--c-%C3%A9-')).toBe('A B C É');
    expect(profileName('/profile')).toBeUndefined();
  });
});

describe('horse names', () => {
  it('always carry a country, Great Britain where none is printed', () => {
    expect(nameWithCountry('Frankel')).toEqual({ name: 'Frankel (GB)', country: 'GB' });
    expect(nameWithCountry('Frankel', '(IRE)')).toEqual({ name: 'Frankel (IRE)', country: 'IRE' });
    expect(nameWithCountry('Frankel (IRE)')).toEqual({ name: 'Frankel (IRE)', country: 'IRE' });
    expect(nameWithCountry('  ')).toBeUndefined();
  });
});

describe('the race that an address promised', () => {
  const path = '/results/211/longchamp/2025-10-05/9';
  const promised = promisedRace({ id: '9', url: path }, path, {
    value: 'fr',
    date: civilDate('2025-10-05'),
  });
  if (promised.kind === 'rejected') throw new Error(promised.message);

  it.each(['ParisLongchamp', 'Longchamp', 'LONGCHAMP (FR)', ''])('may name its course %j', (course) =>
    expect(findOtherRace({ course }, promised)).toBeUndefined(),
  );

  it.each(['Chantilly', 'Saint-Cloud (FR)', 'Lyon-Parilly'])('is not held at %s', (course) =>
    expect(findOtherRace({ course }, promised)).toMatchObject({ code: 'HTML_CHANGED' }),
  );
});
