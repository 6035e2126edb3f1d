import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { selectAll, selectOne } from 'css-select';
import type { Element } from 'domhandler';
import { DomUtils, parseDocument } from 'htmlparser2';
import { describe, expect, it } from 'vitest';
import { addDays, civilDate } from '../../core/window/civil-date.ts';
import { buildDay, type ModelOptions } from '../../demo/model/build-day.ts';
import { provisional } from '../../demo/model/provisional.ts';
import { furnish } from '../../demo/render/furniture.ts';
import { renderIndex } from '../../demo/render/index-page.ts';
import { localDateTime } from '../../demo/render/local-time.ts';
import { renderRace } from '../../demo/render/race-page.ts';
import { truthOf } from '../../demo/truth/race-truth.ts';

const OPTIONS: ModelOptions = { seed: 11, racesPerDay: 1, fieldSize: null, specials: true };
const PAGE_BYTES = 178 * 1024;
const furniture = furnish(OPTIONS.seed, PAGE_BYTES * 1.2);
const week = Array.from({ length: 7 }, (_, nth) => buildDay(OPTIONS, addDays(civilDate('2026-11-16'), nth)));
const races = week.flatMap((day) => day.meetings.flatMap((meeting) => meeting.races));
const render = (race: (typeof races)[number]) =>
  renderRace(race, { pageBytes: PAGE_BYTES, furniture, siblings: [] });

const all = (selector: string, within: Parameters<typeof selectAll>[1]) =>
  selectAll(selector, within) as unknown as Element[];
const first = (selector: string, within: Parameters<typeof selectOne>[1]) =>
  selectOne(selector, within) as unknown as Element;
const text = (node: Element | null) =>
  node ? DomUtils.textContent(node).replace(/\s+/g, ' ').trim() : undefined;
const one = (selector: string, within: Element) => text(selectOne(selector, [within]) as Element | null);

describe('a race page', () => {
  it('shows in its landmarks what the truth says of every runner', () => {
    for (const race of races.filter((_, nth) => nth % 3 === 0)) {
      const truth = truthOf(race);
      const document = parseDocument(render(race));
      const rows = all('tr.rp-horseTable__mainRow', document);
      expect(rows).toHaveLength(race.runners.length);
      expect(all('tr.rp-horseTable__commentRow > td', document)).toHaveLength(race.runners.length);
      expect(all('tr[data-test-selector=block-pedigreeInfoFullResults] > td', document)).toHaveLength(
        race.runners.length,
      );
      for (const [nth, runner] of truth.runners.entries()) {
        const row = rows[nth]!;
        const positions = all('span[data-test-selector=text-horsePosition]', [row]);
        expect(positions).toHaveLength(2);
        expect(text(positions[0]!)).toBe(runner.position);
        const link = selectOne('a[data-test-selector=link-horseName]', [row]) as Element;
        expect(text(link)).toBe(runner.horse.name);
        expect(link.attribs.href?.split('/')[3]).toBe(runner.horse.id);
        expect(one('span.rp-horseTable__horse__country', row) || '(GB)').toBe(`(${runner.horse.country})`);
        expect(one('span.rp-horseTable__horse__price', row)).toBe(runner.sp);
        expect(one('sup.rp-horseTable__pos__draw', row) ?? '').toBe(
          runner.draw === null ? '' : `(${runner.draw})`,
        );
        expect(all('a[data-test-selector=link-jockeyName]', [row])).toHaveLength(2);
        expect(one('a[data-test-selector=link-trainerName]', row)).toBe(runner.trainer.name);
        expect(one('td[data-ending=RPR]', row)).toBe(runner.rpr === null ? '–' : String(runner.rpr));
        const stones = Number(one('td.rp-horseTable__wgt span[data-ending=st]', row));
        const pounds = Number(one('td.rp-horseTable__wgt span[data-ending=lb]', row));
        expect(stones * 14 + pounds).toBe(runner.lbs);
        const spans = all('span.rp-horseTable__pos__length > span', [row]);
        expect(spans.length > 0).toBe(runner.beaten !== null);
      }
    }
  });

  it('shows the race in its landmarks', () => {
    for (const race of races) {
      const document = parseDocument(render(race));
      const main = first('main[data-analytics-race-date-time]', document);
      expect(main.attribs['data-analytics-race-date-time']).toContain(`${race.date}T${race.off}:00`);
      expect(main.attribs['data-analytics-coursename']).toBe(race.courseName);
      expect(one('h2.rp-raceTimeCourseName__title', main)).toBe(race.title);
      expect(one('span[data-test-selector=block-distanceInd]', main)).toBe(race.distance.text);
      const prizes = all('div[data-test-selector=text-prizeMoney]', [main]).map((prize) => text(prize));
      expect(prizes.slice(1)).toEqual(race.prizes);
      const values = all('div.rp-raceInfo > ul > li:first-child span.rp-raceInfo__value', [main]);
      expect(text(values.at(-2)!)).toBe(race.winningTime.text);
      expect(one('span.rp-raceInfo__value_black', main)).toBe(`${race.runners.length} ran`);
    }
  });

  it('has the size that was asked for with 12 runners, 150 to 250 KB with 8 to 14, 20 to 35 KB as gzip', () => {
    for (const race of races.filter((one) => one.outcome !== 'walkover')) {
      const page = Buffer.from(render(race));
      if (race.runners.length === 12) expect(page.byteLength).toBe(PAGE_BYTES);
      expect(page.byteLength).toBeGreaterThan(150_000);
      expect(page.byteLength).toBeLessThan(250_000);
      const zipped = gzipSync(page).byteLength;
      expect(zipped).toBeGreaterThan(20_000);
      expect(zipped).toBeLessThan(36_000);
    }
  });

  it('names no runner of a void race in the truth, although the page lists them', () => {
    const race = races.find((one) => one.outcome === 'void')!;
    expect(truthOf(race).runners).toEqual([]);
    expect(all('tr.rp-horseTable__mainRow', parseDocument(render(race))).length).toBeGreaterThan(7);
  });

  it('tells less, and one price otherwise, while it is provisional', () => {
    const race = races.find((one) => one.outcome === 'run')!;
    const [early, final] = [truthOf(provisional(race)), truthOf(race)];
    expect(early.runners.every((runner) => runner.rpr === null && runner.topspeed === null)).toBe(true);
    expect(early.runners[1]?.sp).toBe('28/1');
    expect(final.runners[1]?.sp).not.toBe('28/1');
  });
});

describe('an index page', () => {
  it('links every race once under the name of its meeting, and an abandoned meeting not at all', () => {
    for (const day of week) {
      const page = parseDocument(renderIndex(day, furniture, 80_000));
      const links = all('main a[data-test-selector=link-listCourseNameLink]', page);
      const expected = day.meetings.flatMap((meeting) =>
        meeting.races.map((race) => [meeting.label, truthOf(race).path]),
      );
      expect(links.map((link) => [text(link), link.attribs.href])).toEqual(expected);
      for (const meeting of day.meetings.filter((one) => one.abandoned)) {
        expect(text(first('main', page))).toContain(`abandoned - ${meeting.abandoned}`);
      }
    }
  });

  it('keeps its frame on a day without any meeting', () => {
    const page = parseDocument(
      renderIndex({ date: civilDate('2026-12-25'), meetings: [] }, furniture, 80_000),
    );
    expect(all('main', page)).toHaveLength(1);
    expect(all('a[data-test-selector=link-listCourseNameLink]', page)).toHaveLength(0);
  });
});

describe('the time of the off', () => {
  it('carries the offset of London, summer time included, on the days of the change', () => {
    expect(localDateTime(civilDate('2026-03-28'), '13:45')).toBe('2026-03-28T13:45:00+00:00');
    expect(localDateTime(civilDate('2026-03-29'), '13:45')).toBe('2026-03-29T13:45:00+01:00');
    expect(localDateTime(civilDate('2026-10-24'), '13:45')).toBe('2026-10-24T13:45:00+01:00');
    expect(localDateTime(civilDate('2026-10-25'), '13:45')).toBe('2026-10-25T13:45:00+00:00');
  });
});
