import { describe, expect, it } from 'vitest';
import { addDays, civilDate } from '../../core/calendar/civil-date.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import { COUNTRIES } from '../../demo/model/racing-day.ts';
import { indexPath } from '../../demo/render/paths.ts';
import { Pages } from '../../demo/server/pages.ts';
import { worldOf } from '../../demo/server/world.ts';
import { listedRaces } from '../../demo/truth/index-truth.ts';
import { type RaceTruth, truthOf } from '../../demo/truth/race-truth.ts';
import { readIndex } from './support/index-by-text-nodes.ts';
import { PageNodes } from './support/page-nodes.ts';
import { hundredths, lengthsPerSecond } from './support/printed-measures.ts';
import { type RaceByTextNodes, readPrizes, readRace } from './support/race-by-text-nodes.ts';
import { type Columns, readArabianRatings, readColumns } from './support/runners-by-text-nodes.ts';

// The classic pages as a reader by XPath takes them: lists of text nodes over the whole page, zipped by
// position. It is written from racing.md and shares nothing with the racing source, so that a misreading
// which the demo and the source have in common shows here.
const TODAY = civilDate('2026-11-23');
const DAYS = Array.from({ length: 14 }, (_, nth) => addDays(TODAY, nth - 14));
const pages = new Pages(
  { seed: 23, racesPerDay: 1, fieldSize: null, specials: true },
  { markup: 'classic', pageBytes: 0, indexBytes: 0 },
);
const world = worldOf(TODAY, NO_FAULTS, () => undefined);
const render = (path: string): string => pages.find(path, world, undefined)!.render();

const races = DAYS.flatMap((date) => pages.day(date).meetings)
  .flatMap((meeting) => meeting.races)
  .filter(({ outcome }) => outcome !== 'abandoned')
  .map((race) => {
    const truth = truthOf(race);
    const page = new PageNodes(render(truth.path));
    const found = readRace(truth.path, page);
    const columns = readColumns(page);
    return { truth, page, found, columns, runners: readRunners(found, columns, readPrizes(page)) };
  });
const ran = races.filter(({ truth }) => truth.outcome !== 'void');
const riderless = ({ runners }: RaceTruth): number => runners.filter(({ jockey }) => jockey === null).length;

/** The runners that the columns make, in the words of the truth. */
function readRunners(race: RaceByTextNodes, columns: Columns, prizes: readonly number[]) {
  const pace = lengthsPerSecond(race.going, race.type);
  return columns.position.map((position, nth) => {
    // An empty margin is none for who has no place, and 0 for who has.
    const none = /^\d+$/.test(position) ? { beaten: 0, overall: 0 } : { beaten: null, overall: null };
    const { beaten, overall } = columns.margin[nth] ?? none;
    const timed = race.winningSeconds !== null && overall !== null && pace !== null;
    return {
      position,
      draw: columns.draw[nth],
      number: columns.number[nth],
      beaten,
      overall,
      horse: {
        id: columns.horseId[nth],
        name: columns.horseName[nth],
        country: columns.horseCountry[nth],
      },
      sp: columns.sp[nth],
      decimal: columns.decimal[nth],
      jockey: columns.jockey[nth],
      trainer: columns.trainer[nth],
      owner: columns.owner[nth],
      age: columns.age[nth],
      lbs: columns.stones[nth]! * 14 + columns.pounds[nth]!,
      ...columns.headgear[nth],
      officialRating: columns.officialRating[nth],
      rpr: columns.rpr[nth],
      topspeed: columns.topspeed[nth],
      ...columns.pedigree[nth],
      comment: columns.comment[nth],
      prize: prizes[Number(position) - 1] ?? null,
      seconds: timed ? hundredths(race.winningSeconds! + overall / pace) : null,
    };
  });
}

/** Of the race, without its runners; the reader's metres are whole. */
function raceFacts({ runners: _, ...race }: RaceTruth) {
  return { ...race, metres: Math.round(race.metres) };
}

/** A classic page has the name of an owner nowhere but in the description of a picture. */
const printed = ({ runners }: RaceTruth) =>
  runners.map(({ owner: { id, slug }, ...runner }) => ({ ...runner, owner: { id, slug } }));

describe('a reading of the classic race pages by text nodes', () => {
  it('meets several hundred races, and each rare kind more than once', () => {
    expect(races.length).toBeGreaterThan(300);
    const often = (test: (truth: RaceTruth) => boolean) =>
      races.filter(({ truth }) => test(truth)).length > 1;
    const tied = (place: string) => (truth: RaceTruth) =>
      truth.runners.filter(({ position }) => position === place).length === 2;
    const kinds = {
      walkover: often(({ outcome }) => outcome === 'walkover'),
      void: often(({ outcome }) => outcome === 'void'),
      'dead heat for first': often(tied('1')),
      'dead heat for third': often(tied('3')),
      'first disqualified': often(({ runners: [first] }) => first?.position === 'DSQ'),
      'other disqualified': often(({ runners }) =>
        runners.slice(1).some(({ position }) => position === 'DSQ'),
      ),
      'without a time': often(({ outcome, winningSeconds }) => outcome === 'run' && winningSeconds === null),
      'without numbers': often(({ runners }) => runners.some((runner) => runner.number === null)),
      'without a sire': often(({ runners }) => runners.some(({ sire }) => sire === null)),
      riderless: often((truth) => riderless(truth) > 0),
    };
    expect(Object.entries(kinds).filter(([, met]) => !met)).toEqual([]);
    const countries = new Set(races.map(({ truth }) => truth.country));
    expect([...countries].toSorted()).toEqual(['aro', 'fr', 'gb', 'hk', 'ire', 'usa']);
  });

  it('finds everything that a page tells of its race', () => {
    for (const { truth, found } of ran) expect(found, truth.path).toEqual(raceFacts(truth));
  });

  it('finds every value of every runner by its position in lists as long as the field', () => {
    let runners = 0;
    for (const race of ran.filter(({ truth }) => !riderless(truth) && truth.country !== 'aro')) {
      const { truth } = race;
      for (const [column, entries] of Object.entries(race.columns))
        expect(entries, `${truth.path} ${column}`).toHaveLength(truth.ran);
      expect(race.runners, truth.path).toEqual(printed(truth));
      for (const silk of race.columns.silk) expect(silk).toMatch(/^\/silks\/.+[.]png$/);
      runners += truth.ran;
    }
    expect(runners).toBeGreaterThan(3000);
  });

  it('has no record in a void race, whose page tells neither how many ran nor a time', () => {
    for (const { truth, found, columns } of races.filter(({ truth }) => truth.outcome === 'void')) {
      const untold = { ran: null, winningTime: null, winningSeconds: null };
      expect(found, truth.path).toEqual({ ...raceFacts(truth), ...untold });
      expect(columns.position).toHaveLength(truth.ran);
      expect(columns.position.filter((position) => position !== 'VOI')).toEqual(truth.runners);
    }
  });

  it('is short of the riders that are not there, and whole in every other column', () => {
    const others = (all: readonly { jockey?: unknown }[]) => all.map(({ jockey: _, ...other }) => other);
    for (const { truth, columns, runners } of ran.filter(({ truth }) => riderless(truth))) {
      const { jockey, ...full } = columns;
      expect(jockey, truth.path).toEqual(truth.runners.flatMap((runner) => runner.jockey ?? []));
      expect(jockey).toHaveLength(truth.ran - 2);
      for (const [column, entries] of Object.entries(full))
        expect(entries, `${truth.path} ${column}`).toHaveLength(truth.ran);
      expect(others(runners), truth.path).toEqual(others(printed(truth)));
    }
  });

  it('finds no rating by its ending on an Arabian card, topspeed and RPR by name, and all else as ever', () => {
    for (const race of ran.filter(({ truth }) => truth.country === 'aro')) {
      const { truth, page, columns } = race;
      expect(columns).toMatchObject({ officialRating: [], topspeed: [], rpr: [] });
      const { topspeed, rpr } = readArabianRatings(page);
      expect([topspeed, rpr].map(({ length }) => length)).toEqual([truth.ran, truth.ran]);
      const runners = race.runners.map((runner, nth) => ({
        ...runner,
        officialRating: null,
        topspeed: topspeed[nth],
        rpr: rpr[nth],
      }));
      expect(runners, truth.path).toEqual(printed(truth));
    }
  });
});

describe('a reading of the classic indexes by text nodes', () => {
  const days = [...DAYS, TODAY].map((date) => ({ date, meetings: readIndex(render(indexPath(date))) }));

  it('finds in every country its races and how they stand, and in none those of another', () => {
    for (const { date, meetings } of days) {
      const day = pages.day(date);
      const pending = (race: Parameters<Pages['isPending']>[0]) => pages.isPending(race, world);
      for (const country of COUNTRIES) {
        const found = meetings
          .filter(
            (meeting) => (meeting.country === 'ARAB' ? 'GB' : meeting.country) === country.toUpperCase(),
          )
          .flatMap((meeting) => meeting.races)
          .map(({ title: _, ...race }) => race);
        const listed = listedRaces(day, country, pending).filter(({ status }) => status !== 'pending');
        expect(found, `${country} ${date}`).toEqual(listed);
      }
    }
  });

  it('finds every meeting once, under the name and the country of its course', () => {
    for (const { date, meetings } of days) {
      const found = meetings.map(({ courseId, heading }) => [courseId, heading.replace(/ [-(].*$/, '')]);
      const { meetings: met } = pages.day(date);
      expect(found).toEqual(met.map(({ course }) => [String(course.id), course.name.toUpperCase()]));
    }
    const countries = new Set(days.flatMap(({ meetings }) => meetings.map(({ country }) => country)));
    expect([...countries].toSorted()).toEqual(['ARAB', 'FR', 'GB', 'HK', 'IRE', 'USA']);
  });

  it('finds the title of every race, and that whole meetings and single races were abandoned', () => {
    const titles = new Map(
      days.flatMap(({ meetings }) =>
        meetings.flatMap(({ races }) => races).map(({ path, title }) => [path, title]),
      ),
    );
    for (const { truth } of races) expect(titles.get(truth.path)).toBe(truth.title);
    const states = days
      .flatMap(({ meetings }) => meetings)
      .map(({ races }) => new Set(races.map(({ status }) => status)))
      .filter((kinds) => kinds.has('abandoned'));
    expect(states.filter(({ size }) => size === 1).length).toBeGreaterThan(1);
    expect(states.filter(({ size }) => size > 1).length).toBeGreaterThan(1);
  });

  it('finds no meeting on a day that says it is empty', () => {
    const html = render('/results/2025-12-25');
    expect(readIndex(html)).toEqual([]);
    expect(new PageNodes(html).selected('div', 'text-errorMessageText')).toHaveLength(1);
    for (const date of DAYS)
      expect(new PageNodes(render(indexPath(date))).selected('div', 'text-errorMessageText')).toEqual([]);
  });
});
