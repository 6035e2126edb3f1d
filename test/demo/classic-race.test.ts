import { parseDocument } from 'htmlparser2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClassicPages, mainRows } from './support/classic-pages.ts';
import { all, only, ownTexts, text, tidy } from './support/elements.ts';

// Every assertion is a row of the table of the classic race page, read without the source's parser.
let served: ClassicPages;
beforeAll(async () => {
  served = await ClassicPages.start();
});
afterAll(() => served.close());

describe('the head of a classic race page', () => {
  it('carries course, date and off in the attributes of main, and prints times of twelve hours', () => {
    for (const { document, truth } of served.pages) {
      const main = only('main[data-analytics-race-date-time]', document);
      expect(main.attribs['data-analytics-race-date-time']).toMatch(
        new RegExp(`^${truth.date}T${truth.off}:00[+]0[01]:00$`),
      );
      expect(main.attribs['data-analytics-coursename']).toBe(truth.course);
      const [hour, minute] = text(only('[data-test-selector=text-raceTime]', document)).split(':');
      expect(Number(hour) % 12).toBe(Number(truth.off.slice(0, 2)) % 12);
      expect(Number(hour)).toBeLessThan(13);
      expect(minute).toBe(truth.off.slice(3));
    }
  });

  it('names the course with its country, which Great Britain has none of', () => {
    for (const { document, truth, country } of served.pages) {
      const mark = { gb: '', ire: ' (IRE)', fr: ' (FR)' }[country];
      expect(text(only('a.rp-raceTimeCourseName__name', document))).toBe(truth.course + mark);
    }
  });

  it('has the whole title, and class only in Great Britain', () => {
    for (const { document, truth, country } of served.pages) {
      expect(text(only('h2.rp-raceTimeCourseName__title', document))).toBe(truth.title);
      const classes = all('span.rp-raceTimeCourseName_class', document).map(text);
      expect(classes).toEqual(country === 'gb' ? [`(Class ${truth.raceClass})`] : []);
    }
    for (const ending of [/\(GBB Race\)$/, /\(Div II\)$/, /\(Fillies\)$/, /\(Class D\)/]) {
      expect(
        served.pages.some(({ truth }) => ending.test(truth.title)),
        String(ending),
      ).toBe(true);
    }
  });

  it('has either band, both or one', () => {
    const printed = served.pages.map(({ document }) =>
      text(all('span.rp-raceTimeCourseName_ratingBandAndAgesAllowed', document)[0]),
    );
    for (const form of [/^\(0-\d+, \dyo[+]?\)$/, /^\(\dyo[+]?\)$/, /^\(0-\d+\)$/])
      expect(
        printed.some((band) => form.test(band)),
        String(form),
      ).toBe(true);
  });

  it('has the full distance before the short one, only where it differs, and never abroad', () => {
    let both = 0;
    for (const { document, truth, country } of served.pages) {
      const spans = all('span.rp-raceTimeCourseName_distance', document);
      const names = spans.map((span) => span.attribs['data-test-selector']);
      if (names.length === 2) {
        both++;
        expect(names).toEqual(['block-fullDistanceInd', 'block-distanceInd']);
        expect(truth.yards).not.toBe(truth.furlongs * 220);
        expect(country).not.toBe('fr');
      } else {
        expect(names).toEqual(['block-distanceInd']);
        expect(truth.yards).toBe(truth.furlongs * 220);
      }
      expect(text(spans.at(-1))).toBe(truth.distance);
      if (country === 'fr') expect(truth.metres).toBe(truth.furlongs * 200);
    }
    expect(both).toBeGreaterThan(10);
    expect(both).toBeLessThan(served.pages.length - 10);
  });

  it('tells all prizes in one block, the amounts as text behind the titles of their places', () => {
    for (const { document, truth, country } of served.pages) {
      const blocks = all('div[data-test-selector=text-prizeMoney]', document);
      expect(blocks.length).toBeLessThan(2);
      const [block] = blocks;
      if (!block) continue;
      const titles = all('span', block);
      const amounts = ownTexts(block).map(tidy);
      expect(amounts[0]).toBe('');
      expect(amounts).toHaveLength(titles.length + 1);
      const byPlace = new Map(titles.map((title, nth) => [text(title), amounts[nth + 1]!]));
      for (const amount of byPlace.values())
        expect(amount).toMatch(country === 'ire' ? /^€[\d,.]+$/ : /^£[\d,.]+$/);
      for (const { prize, position } of truth.runners) {
        const printed = [...byPlace].find(([title]) => Number.parseInt(title, 10) === Number(position))?.[1];
        expect(prize).toBe(printed === undefined ? null : Number(printed.replace(/[^\d.]/g, '')));
        if (position === 'DSQ') expect(prize).toBeNull();
      }
    }
  });

  it('tells runners and times by label, the time of the off only in Great Britain and Ireland', () => {
    for (const { document, truth, country } of served.pages.filter((page) => page.truth.outcome !== 'void')) {
      const first = all('div.rp-raceInfo > ul > li', document)[0]!;
      const said = text(first);
      const off = country === 'fr' ? '' : 'Off time: \\d{1,2}:\\d\\d:\\d\\d ';
      expect(said).toMatch(new RegExp(`^${truth.ran} ran ${off}Winning time: .+ Total SP: \\d+%$`));
      expect(said).toContain(`Winning time: ${truth.winningTime} Total SP`);
    }
    const times = served.pages.map(({ truth }) => truth.winningTime);
    for (const form of [/^standard time$/, /^0[.]00s$/, /^\dm \d+[.]\d\ds \((slow|fast) by [\d.]+s\)$/])
      expect(
        times.some((time) => form.test(time)),
        String(form),
      ).toBe(true);
  });

  it('names withdrawn horses in another item of its list', () => {
    const withdrawn = served.pages.filter(({ document }) =>
      all('div.rp-raceInfo > ul > li:not(:first-child)', document).some((item) =>
        /^Non-runners: \d+[.] \S.* \(.+\)$/.test(text(item)),
      ),
    );
    expect(withdrawn.length).toBeGreaterThan(10);
    expect(withdrawn.length).toBeLessThan(served.pages.length);
  });

  it('has ten heads over its columns and no strip of times', () => {
    for (const { document } of served.pages) {
      expect(all('th', document)).toHaveLength(10);
      expect(all('.rp-raceTimes', document)).toHaveLength(0);
    }
  });
});

describe('a classic page of a race that was no race', () => {
  it('which is void lists its horses as VOI over empty information; one of two keeps the prizes', () => {
    const voids = served.pages.filter(({ truth }) => truth.outcome === 'void');
    const prizes = voids.map(({ document, truth }) => {
      expect(truth.runners).toEqual([]);
      const positions = all('span[data-test-selector=text-horsePosition]', document).map(text);
      expect(positions.length).toBeGreaterThan(7);
      for (const position of positions) expect(position).toMatch(/^VOI( \(\d+\))?$/);
      expect(only('div.rp-raceInfo', document).children).toEqual([]);
      return all('div[data-test-selector=text-prizeMoney]', document).length;
    });
    expect(prizes.toSorted()).toEqual([0, 1]);
  });

  it('is one of one runner in a walkover', () => {
    const walkovers = served.pages.filter(({ truth }) => truth.outcome === 'walkover');
    expect(walkovers.length).toBeGreaterThan(0);
    for (const { document, truth } of walkovers) {
      expect(mainRows(document)).toHaveLength(1);
      expect(truth.runners).toHaveLength(1);
    }
  });
});

describe('a classic page of an Arabian card', () => {
  it('says so in its heading, and labels the cells of ratings otherwise', async () => {
    const index = await served.week.text('/results/2026-11-17');
    const path = /href="(\/results\/1840\/newbury\/2026-11-17\/\d+)"/.exec(index)![1]!;
    const document = parseDocument(await served.week.text(path));
    expect(text(only('a.rp-raceTimeCourseName__name', document))).toBe('Newbury (ARAB)');
    for (const row of mainRows(document)) {
      const cells = all('td', row).slice(-4);
      expect(cells.map(({ attribs }) => attribs['data-ending'])).toEqual(['ARO', '', '', 'MR']);
      expect(text(cells[0])).toMatch(/^\d+$/);
      expect(cells[1]).toBe(only('[data-test-selector=full-result-topspeed]', row));
      expect(cells[2]).toBe(only('[data-test-selector=full-result-rpr]', row));
    }
  });
});
