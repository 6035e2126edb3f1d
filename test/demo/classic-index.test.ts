import type { Document, Element } from 'domhandler';
import { parseDocument } from 'htmlparser2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import { COUNTRIES } from '../../demo/model/racing-day.ts';
import { startDemoSite } from '../../demo/site.ts';
import { all, only, text } from './support/elements.ts';
import { ServedWeek, TODAY, WEEK } from './support/served-week.ts';

let week: ServedWeek;
let days: { readonly date: (typeof WEEK)[number]; readonly document: Document }[];
beforeAll(async () => {
  week = await ServedWeek.start('classic');
  days = [];
  for (const date of WEEK) days.push({ date, document: parseDocument(await week.text(`/results/${date}`)) });
});
afterAll(() => week.site.close());

const SECTION = 'section[data-test-selector=course-container][data-course-id]';
const PANEL = 'div.rp-raceCourse__panel__race[data-diffusion-race-id][data-diffusion-racetime]';
const TITLE = 'a[data-test-selector=link-listCourseNameLink]';
const headingOf = (section: Element) => text(only('h2[data-test-selector=course-name]', section));
const meetings = (document: Document) =>
  all(SECTION, document).filter(({ attribs }) => Number(attribs['data-course-id']) > 0);
/** An Arabian card names no country: it is held in Great Britain. */
const abroad = (heading: string) => /\((IRE|FR|HK|USA)\)/.exec(heading)?.[1];
const statusOf = (section: Element, panel: Element) => {
  if (headingOf(section).includes('ABANDONED') || /\bAbandoned\b/.test(text(panel))) return 'abandoned';
  return /\bVoid\b/.test(text(panel)) ? 'void' : 'ready';
};

describe('a classic index', () => {
  it('lists the races of each country under headings that name it, GB by naming none', () => {
    for (const { date, document } of days) {
      for (const country of COUNTRIES) {
        const found = meetings(document)
          .filter((section) => (abroad(headingOf(section)) ?? 'GB') === country.toUpperCase())
          .flatMap((section) =>
            all(PANEL, section).map((panel) => ({
              raceId: panel.attribs['data-diffusion-race-id'],
              path: only(TITLE, panel).attribs.href,
              status: statusOf(section, panel),
            })),
          );
        expect(found).toEqual(week.site.listed(country, date));
      }
    }
  });

  it('writes headings in capitals, with surface and country in brackets', () => {
    const headings = days.flatMap(({ document }) => meetings(document).map(headingOf));
    for (const form of [
      /^[A-Z]+$/,
      /^[A-Z]+ \(AW\)$/,
      / \(IRE\)/,
      / \(FR\)/,
      / \(HK\)$/,
      / \(ARAB\)$/,
      / \(USA\)$/,
    ])
      expect(
        headings.some((heading) => form.test(heading)),
        String(form),
      ).toBe(true);
    expect(headings.some((heading) => heading.includes('DUNDALK (AW) (IRE)'))).toBe(true);
  });

  it('repeats races in sections whose id is not positive, the first of all among them', () => {
    for (const { document } of days) {
      const sections = all(SECTION, document);
      expect(sections[0]!.attribs['data-course-id']).toBe('-2');
      expect(headingOf(sections[0]!)).toBe('WORLDWIDE STAKES');
      const ids = meetings(document).flatMap((section) => all(PANEL, section).map(idOf));
      const repeated = sections.filter((section) => Number(section.attribs['data-course-id']) <= 0);
      expect(repeated).toHaveLength(3);
      for (const section of repeated) {
        const again = all(PANEL, section).map(idOf);
        expect(again.length).toBeGreaterThan(0);
        for (const id of again) expect(ids).toContain(id);
      }
    }
  });

  it('titles a race in one link, and links it from half a dozen elements more, divs and a replay among them', () => {
    for (const { document } of days) {
      for (const panel of meetings(document).flatMap((section) => all(PANEL, section))) {
        const path = only(TITLE, panel).attribs.href!;
        expect(path).toMatch(new RegExp(`^/results/\\d+/[a-z-]+/\\d{4}-\\d\\d-\\d\\d/${idOf(panel)}$`));
        const links = all('[href^="/results/"]', panel);
        expect(links.length).toBeGreaterThanOrEqual(5);
        expect(links.filter(({ name }) => name === 'div')).toHaveLength(2);
        expect(links.map(({ attribs }) => attribs.href)).toContain(`${path}#fullReplay-resultList`);
        expect(panel.attribs['data-diffusion-racetime']).toMatch(/^\d{1,2}:\d\d$/);
      }
    }
    for (const { truth } of week.races) {
      const day = days.find(({ date }) => date === truth.date)!;
      const link = all(TITLE, day.document).find(({ attribs }) => attribs.href === truth.path);
      expect(text(link)).toBe(truth.title);
    }
  });

  it('has panels without an id, which are no races', () => {
    for (const { document } of days) {
      const nameless = all('div.rp-raceCourse__panel__race:not([data-diffusion-race-id])', document);
      expect(nameless.length).toBeGreaterThan(0);
    }
  });

  it('links abandoned races, of a whole meeting or its last ones, to pages that are not there', async () => {
    const whole = days.flatMap(({ document }) =>
      meetings(document).filter((section) => headingOf(section).includes('ABANDONED')),
    );
    expect(whole.map((section) => abroad(headingOf(section)) ?? 'GB').toSorted()).toEqual([
      'FR',
      'GB',
      'IRE',
    ]);
    const part = days.flatMap(({ document }) =>
      meetings(document).filter((section) => {
        const states = all(PANEL, section).map((panel) => statusOf(section, panel));
        return states.includes('abandoned') && states.includes('ready');
      }),
    );
    expect(part).toHaveLength(3);
    for (const section of [...whole, ...part]) {
      for (const panel of all(PANEL, section)) {
        if (statusOf(section, panel) !== 'abandoned') continue;
        const path = only(TITLE, panel).attribs.href!;
        expect((await fetch(week.site.url + path)).status).toBe(404);
      }
    }
  });

  it('says so where a day is empty, and says it nowhere else', async () => {
    const empty = parseDocument(await week.text('/results/2025-12-25'));
    expect(text(only('div[data-test-selector=text-errorMessageText]', empty))).toMatch(/no results/);
    expect(all(SECTION, empty)).toEqual([]);
    for (const { document } of days)
      expect(all('[data-test-selector=text-errorMessageText]', document)).toEqual([]);
  });

  it('leaves a race out until it has a result', async () => {
    const today = parseDocument(await week.text(`/results/${TODAY}`));
    const pending = week.site.listed('gb', TODAY).filter(({ status }) => status === 'pending');
    expect(pending).toHaveLength(1);
    const listed = all(PANEL, today).map(idOf);
    expect(listed).not.toContain(pending[0]!.raceId);
    expect((await fetch(week.site.url + pending[0]!.path)).status).toBe(404);
  });

  it('leaves a country out that has no meeting, and no other', async () => {
    const day = civilDate('2026-11-20');
    week.site.setFaults({ ...NO_FAULTS, emptyDays: [{ country: 'ire', date: day }] });
    const headings = meetings(parseDocument(await week.text(`/results/${day}`))).map(headingOf);
    week.site.setFaults(NO_FAULTS);
    expect(headings.some((heading) => heading.includes('(IRE)'))).toBe(false);
    expect(headings.some((heading) => heading.includes('(FR)'))).toBe(true);
  });

  it('has 1.7 MB unless it is told otherwise', async () => {
    const site = await startDemoSite({ seed: 11, today: TODAY });
    const bytes = (await (await fetch(`${site.url}/results/${TODAY}`)).bytes()).byteLength;
    await site.close();
    expect(bytes / 1e6).toBeCloseTo(1.7, 1);
  });
});

function idOf(panel: Element): string | undefined {
  return panel.attribs['data-diffusion-race-id'];
}
