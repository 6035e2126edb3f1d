import { describe, expect, it } from 'vitest';
import { addDays, type CivilDate, civilDate } from '../../core/calendar/civil-date.ts';
import { buildDay, type ModelOptions, racesOf } from '../../demo/model/build-day.ts';
import { courseWithCountry } from '../../demo/model/courses.ts';
import { COUNTRIES, type Country, type Race, type RacingDay } from '../../demo/model/racing-day.ts';

const OPTIONS: ModelOptions = { seed: 7, racesPerDay: 1, fieldSize: null, specials: true };
const FIRST = civilDate('2026-03-02');
const DAYS = 28;

function days(from: CivilDate, count: number, options = OPTIONS): RacingDay[] {
  return Array.from({ length: count }, (_, nth) => buildDay(options, addDays(from, nth)));
}
const month = days(FIRST, DAYS);
const racesIn = (days: readonly RacingDay[]) =>
  days.flatMap((day) => day.meetings.flatMap((meeting) => meeting.races));
const races = racesIn(month).filter((race) => race.outcome !== 'abandoned');
const runners = races.flatMap((race) => race.runners);

/** Cards of Arabian horses, which are held in Great Britain, left out. */
const ownRaces = (day: RacingDay, country: Country) =>
  racesOf(day, country).filter((race) => race.country === country);

describe('the model of the demo site', () => {
  it('gives the same day for the same seed and another for another', () => {
    expect(buildDay(OPTIONS, FIRST)).toEqual(buildDay(OPTIONS, FIRST));
    expect(buildDay({ ...OPTIONS, seed: 8 }, FIRST)).not.toEqual(buildDay(OPTIONS, FIRST));
  });

  it('holds about 20 races a day: 11 to 13 gb, 5 or 6 in Ireland and France', () => {
    for (const day of month) {
      const counts = COUNTRIES.map((country) => ownRaces(day, country).length);
      expect(counts[0]).toBeGreaterThanOrEqual(11);
      expect(counts[0]).toBeLessThanOrEqual(13);
      for (const count of counts.slice(1)) expect([5, 6]).toContain(count);
    }
  });

  it('multiplies the races of a day without giving an id or an address twice', () => {
    const many = buildDay({ ...OPTIONS, racesPerDay: 5 }, FIRST).meetings.flatMap((meeting) => meeting.races);
    expect(many.length).toBeGreaterThan(100);
    expect(new Set(many.map((race) => race.id)).size).toBe(many.length);
  });

  it('fields 8 to 14 runners, now and then up to 24, one in a walkover and none in an abandoned race', () => {
    const sizes = races.filter((race) => race.outcome !== 'walkover').map((race) => race.runners.length);
    expect(Math.min(...sizes)).toBe(8);
    expect(Math.max(...sizes)).toBeGreaterThan(20);
    expect(sizes.filter((size) => size > 14).length).toBeLessThan(sizes.length / 10);
    for (const race of racesIn(month)) {
      if (race.outcome === 'walkover') expect(race.runners).toHaveLength(1);
      if (race.outcome === 'abandoned') expect(race.runners).toEqual([]);
    }
  });

  it('gives no id twice, lost races and those of distant countries included', () => {
    const ids = racesIn(month).map((race) => race.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('rests at Christmas, unless every day must have everything', () => {
    expect(buildDay(OPTIONS, civilDate('2026-12-25')).meetings).toEqual([]);
    expect(
      buildDay({ ...OPTIONS, specials: false }, civilDate('2026-12-25')).meetings.length,
    ).toBeGreaterThan(3);
  });

  it('runs no horse twice on a day of one country', () => {
    for (const day of month) {
      for (const country of COUNTRIES) {
        const ids = ownRaces(day, country).flatMap((race) => race.runners.map((runner) => runner.horse.id));
        expect(new Set(ids).size).toBe(ids.length);
      }
    }
  });

  it('runs no horse twice where one target finds it, Arabian cards among the races of Britain', () => {
    const plain = { ...OPTIONS, specials: false, fieldSize: 12 };
    for (const day of days(civilDate('2025-08-03'), 90, plain)) {
      const ids = racesOf(day, 'gb').flatMap((race) => race.runners.map(({ horse }) => horse.id));
      expect(new Set(ids).size, day.date).toBe(ids.length);
    }
  });

  it('shows every rarity within any seven days', () => {
    for (let start = 0; start + 7 <= DAYS; start += 7) {
      const week = month.slice(start, start + 7);
      const ofWeek = week.flatMap((day) => day.meetings.flatMap((meeting) => meeting.races));
      expect(ofWeek.some((race) => race.outcome === 'void')).toBe(true);
      expect(ofWeek.some((race) => race.outcome === 'walkover')).toBe(true);
      expect(ofWeek.some((race) => race.winningTime.text === 'standard time')).toBe(true);
      expect(week.some((day) => day.meetings.some((meeting) => meeting.abandoned !== null))).toBe(true);
      const inPart = ({ abandoned, races: ofMeeting }: RacingDay['meetings'][number]) =>
        abandoned === null && ofMeeting.some((race) => race.outcome === 'abandoned');
      expect(week.some((day) => day.meetings.some(inPart))).toBe(true);
      const all = ofWeek.flatMap((race) => race.runners);
      expect(all.some((runner) => runner.beaten?.text === 'dht')).toBe(true);
      const disqualified = ofWeek.map((race) => race.runners.findIndex(({ position }) => position === 'DSQ'));
      expect(disqualified.includes(0) && disqualified.some((row) => row > 1)).toBe(true);
      const riderless = all.filter((runner) => runner.jockey === null);
      expect(riderless.map(({ claim }) => claim)).toEqual(expect.arrayContaining([0, 7]));
      expect(all.some((runner) => runner.number === null)).toBe(true);
      expect(all.some((runner) => runner.sp === 'No Odds')).toBe(true);
      expect(all.some((runner) => runner.sire === null)).toBe(true);
      expect(all.some((runner) => runner.firstTimeHeadgear)).toBe(true);
      expect(ofWeek.some((race) => race.nonRunners.length > 0)).toBe(true);
    }
  });

  it('leaves every rarity out where it is told to', () => {
    const plain = days(FIRST, 7, { ...OPTIONS, specials: false, fieldSize: 12 }).flatMap(
      (day) => day.meetings,
    );
    const ofWeek = plain.flatMap((meeting) => meeting.races);
    expect(ofWeek.every((race) => race.outcome === 'run' && race.winningTime.seconds !== null)).toBe(true);
    expect(ofWeek.every((race) => race.runners.length === 12)).toBe(true);
    expect(plain.every((meeting) => meeting.abandoned === null)).toBe(true);
    const ridden = ofWeek.flatMap((race) => race.runners);
    expect(ridden.every((runner) => runner.jockey !== null && runner.number !== null)).toBe(true);
  });

  it('names meetings with surface and country, and has two each day that no target asks for', () => {
    const labels = month.map((day) => day.meetings.map((meeting) => courseWithCountry(meeting.course)));
    expect(labels.flat()).toContain('Dundalk (AW) (IRE)');
    expect(labels.flat().some((label) => /^[A-Za-z]+ \(AW\)$/.test(label))).toBe(true);
    for (const day of labels) expect(day.filter((label) => /\((HK|USA|ARAB)\)$/.test(label))).toHaveLength(2);
  });

  it('has names with accents, apostrophes and brackets', () => {
    const names = runners.flatMap((runner) => [runner.horse.name, runner.trainer.name, runner.owner.name]);
    for (const mark of [/[éèçÉ]/, /'/, /\(s\)/, /&/])
      expect(names.some((name) => mark.test(name))).toBe(true);
  });

  it('counts distances beaten upwards and gives none to a horse that did not finish', () => {
    for (const race of races) {
      const finishers = race.runners.filter((runner) => runner.overall !== null);
      for (const [row, runner] of finishers.entries()) {
        // To the quarter length, so that a short head may vanish in the sum.
        const before = finishers[row - 1]?.overall?.value ?? 0;
        expect(runner.overall!.value).toBeGreaterThanOrEqual(before - 0.15);
      }
      for (const runner of race.runners) {
        const first = runner === race.runners[0] && runner.position === 'DSQ';
        expect(runner.overall === null).toBe(first || !/^(\d+|DSQ)$/.test(runner.position));
      }
    }
  });

  it('pays a dead heat evenly, a placed horse its place, and nobody else', () => {
    for (const race of races) {
      for (const [row, runner] of race.runners.entries()) {
        if (!/^\d/.test(runner.position)) expect(runner.prize).toBeNull();
        const rival = race.runners[row + 1];
        if (rival?.beaten?.text !== 'dht') continue;
        expect(rival.position).toBe(runner.position);
        expect(rival.prize).toBe(runner.prize);
      }
    }
  });

  it('prints more prizes than there are takers where a horse is disqualified', () => {
    const disqualified = races.filter((race) => race.runners.some((runner) => runner.position === 'DSQ'));
    expect(disqualified.length).toBeGreaterThan(0);
    for (const race of disqualified) expect(race.prizes.length).toBeGreaterThan(takers(race));
  });

  it('marks one favourite F, two J and more C', () => {
    for (const race of races.filter((one) => one.runners.every((runner) => runner.decimal !== null))) {
      const shortest = Math.min(...race.runners.map((runner) => runner.decimal!));
      const marked = race.runners.filter((runner) => /[FJC]$/.test(runner.sp));
      expect(marked.every((runner) => runner.decimal === shortest)).toBe(true);
      const mark = { 1: 'F', 2: 'J' }[marked.length] ?? 'C';
      expect(marked.length > 0 && marked.every((runner) => runner.sp.endsWith(mark))).toBe(true);
    }
  });
});

function takers(race: Race): number {
  return race.runners.filter((runner) => runner.prize !== null).length;
}
