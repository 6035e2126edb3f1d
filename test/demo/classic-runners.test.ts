import type { Element } from 'domhandler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunnerTruth } from '../../demo/truth/race-truth.ts';
import { ClassicPages, mainRows } from './support/classic-pages.ts';
import { all, only, ownTexts, text, tidy } from './support/elements.ts';

// Every assertion is a row of the table of the classic race page, read without the source's parser.
let served: ClassicPages;
beforeAll(async () => {
  served = await ClassicPages.start();
});
afterAll(() => served.close());

const runnersWhere = (test: (runner: RunnerTruth) => boolean) =>
  served.runners.filter(({ runner }) => test(runner));
const lengthSpans = (row: Element) =>
  all('span', only('span.rp-horseTable__pos__length', row)).map((span) => text(span));
/** The row so many rows further down. */
const nextRow = (row: Element, steps: number): Element => {
  let at: Element = row;
  for (let step = 0; step < steps; step++) {
    do at = at.next as Element;
    while (at.type !== 'tag');
  }
  return at;
};

describe('a runner of a classic race page', () => {
  it('has one main row, and a page as many as ran', () => {
    for (const { document, truth } of served.pages) expect(mainRows(document)).toHaveLength(truth.ran);
  });

  it('has text in its cells as often as readers by text nodes count on', () => {
    const texts = (selector: string, row: Element) =>
      all(selector, row).flatMap((element) => ownTexts(element).map(tidy));
    for (const { runner, row } of served.runners) {
      const [jockey, trainer] = [runner.jockey?.name, runner.trainer.name];
      const ridden = jockey === undefined ? [] : [jockey, '', jockey];
      expect(texts('a[data-test-selector=link-jockeyName]', row)).toEqual(ridden);
      expect(texts('a[data-test-selector=link-trainerName]', row)).toEqual([trainer, '', trainer, '']);
      for (const selector of ['sup.rp-horseTable__pos__draw', 'span.rp-horseTable__saddleClothNo'])
        expect(texts(selector, row)).toHaveLength(1);
    }
  });

  it('has a main row, then one for its pedigree, one for the comment and one of tools', () => {
    for (const { row } of served.runners) {
      expect(nextRow(row, 1).attribs['data-test-selector']).toBe('block-pedigreeInfoFullResults');
      expect(nextRow(row, 2).attribs.class).toContain('rp-horseTable__commentRow');
      expect(nextRow(row, 3).attribs.class).toBe('rp-horseTable__hackRow');
    }
  });

  it('has position and draw in one span, the position before a comment, the draw in a sup that is always there', () => {
    for (const { runner, row } of served.runners) {
      const span = only('span[data-test-selector=text-horsePosition]', row);
      expect(ownTexts(span).map(tidy)).toEqual([runner.position, '']);
      expect(span.children[1]?.type).toBe('comment');
      const sup = only('sup.rp-horseTable__pos__draw', span);
      expect(text(sup)).toBe(runner.draw === null ? '' : `(${runner.draw})`);
    }
  });

  it('has one empty length for the winner and for who did not finish, else one or two', () => {
    for (const { runner, row } of served.runners) {
      const spans = lengthSpans(row);
      if (runner.beaten === null || (runner.position === '1' && runner.overall === 0)) {
        expect(['', 'dht']).toContain(spans[0]);
        expect(spans).toHaveLength(1);
      } else if (spans.length === 1) expect(runner.overall).toBe(runner.beaten);
      else expect(spans[1]).toMatch(/^\[[^\]]+\]$/);
    }
    const dead = runnersWhere(({ beaten, position }) => beaten === 0 && position !== '1');
    expect(dead.some(({ row }) => lengthSpans(row)[0] === 'dht')).toBe(true);
  });

  it('disqualified from first place stands first with an empty length, and the promoted winner has one', () => {
    const first = served.pages.filter(({ truth }) => truth.runners[0]?.position === 'DSQ');
    expect(first.length).toBeGreaterThan(0);
    for (const { document, truth } of first) {
      const [disqualified, winner] = mainRows(document);
      expect(lengthSpans(disqualified!)).toEqual(['']);
      expect(truth.runners[0]).toMatchObject({ beaten: null, overall: null, prize: null, seconds: null });
      expect(truth.runners[1]!.position).toBe('1');
      expect(lengthSpans(winner!)).toEqual([expect.stringMatching(/./)]);
      expect(truth.runners[1]!.beaten).toBeGreaterThan(0);
    }
  });

  it('has a name in a link and its country behind it, white space for GB', () => {
    for (const { runner, row } of served.runners) {
      const link = only('a[data-test-selector=link-horseName]', row);
      expect(text(link)).toBe(runner.horse.name);
      expect(link.attribs.href?.split('/')[3]).toBe(runner.horse.id);
      const country = text(only('span.rp-horseTable__horse__country', row));
      expect(country).toBe(runner.horse.country === 'GB' ? '' : `(${runner.horse.country})`);
      expect(text(only('span.rp-horseTable__horse__price', row))).toBe(runner.sp);
    }
    expect(runnersWhere(({ horse }) => /[^\x20-\x7e]/.test(horse.name)).length).toBeGreaterThan(10);
    expect(runnersWhere(({ sp }) => sp === 'No Odds').length).toBeGreaterThan(1);
  });

  it('has a number on its cloth, except at one meeting abroad', () => {
    for (const { runner, row, page } of served.runners) {
      const number = text(only('span.rp-horseTable__saddleClothNo', row));
      expect(number).toBe(runner.number === null ? '' : `${runner.number}.`);
      if (runner.number === null) expect(page.country).toBe('fr');
    }
    expect(runnersWhere(({ number }) => number === null).length).toBeGreaterThan(0);
  });

  it('names jockey and trainer twice, each link ending in comments and a picture', () => {
    for (const { runner, row } of served.runners) {
      for (const [role, person] of [
        ['jockey', runner.jockey],
        ['trainer', runner.trainer],
      ] as const) {
        const links = all(`a[data-test-selector=link-${role}Name]`, row);
        expect(links).toHaveLength(person ? 2 : 0);
        for (const link of links) {
          expect(tidy(ownTexts(link)[0]!)).toBe(person?.name);
          expect(link.attribs.href).toBe(`/profile/${role}/${person?.id}/${person?.slug}`);
          expect(link.children.slice(1, 4).map(({ type }) => type)).toEqual(['comment', 'tag', 'comment']);
          only('svg', link);
        }
      }
    }
  });

  it('without a jockey has an empty span in the place of the link, and may keep a claim', () => {
    const riderless = runnersWhere(({ jockey }) => jockey === null);
    expect(riderless.length).toBeGreaterThan(1);
    const claims = riderless.map(({ row }) => {
      const [wide, narrow] = all('span[data-test-selector=link-jockeyName]', row);
      expect([text(wide), text(narrow)]).toEqual(['', '']);
      return all('span[data-test-selector=link-jockeyName] + sup', row).map(text);
    });
    expect(claims).toContainEqual([]);
    expect(claims).toContainEqual(['7', '7']);
  });

  it('names its owner and the silks by a link and a picture', () => {
    for (const { runner, row } of served.runners) {
      const link = only('a[data-test-selector=link-silk]', row);
      expect(link.attribs.href).toBe(`/profile/owner/${runner.owner.id}/${runner.owner.slug}`);
      expect(only('img.rp-horseTable__silk', link).attribs.src).toMatch(/^\/silks\/.+\.png$/);
    }
  });

  it('has age, stones and pounds, and headgear that is not what stands beside the weight', () => {
    let extra = 0;
    for (const { runner, row } of served.runners) {
      expect(text(only('td[data-test-selector=horse-age]', row))).toBe(String(runner.age));
      const cell = only('td.rp-horseTable__wgt', row);
      const [stones, pounds] = ['st', 'lb'].map((unit) =>
        Number(text(only(`span[data-ending=${unit}]`, cell))),
      );
      expect(stones! * 14 + pounds!).toBe(runner.lbs);
      const [gear] = all('span.rp-horseTable__headGear', cell);
      if (gear) {
        expect(ownTexts(gear)).toEqual([runner.headgear]);
        expect(gear.children.map(({ type }) => type)).toEqual(
          runner.firstTimeHeadgear ? ['text', 'comment', 'tag'] : ['text'],
        );
        if (runner.firstTimeHeadgear) expect(text(only('sup', gear))).toBe('1');
      } else expect(runner.headgear).toBeNull();
      extra += all('span.rp-horseTable__extraData', cell).length;
    }
    expect(extra).toBeGreaterThan(10);
  });

  it('has ratings by the ending of their cells, a dash for none, and an MR cell behind them', () => {
    for (const { runner, row } of served.runners) {
      const cells = all('td', row).slice(-4);
      expect(cells.map(({ attribs }) => attribs['data-ending'])).toEqual(['OR', 'TS', 'RPR', 'MR']);
      const values = [runner.officialRating, runner.topspeed, runner.rpr].map((value) =>
        String(value ?? '–'),
      );
      expect(cells.slice(0, 3).map(text)).toEqual(values);
    }
  });

  it("has colour, sex and parents: the sire's country behind his link, the dam's in hers, none for her sire", () => {
    for (const { runner, row } of served.runners) {
      const cell = only('td', nextRow(row, 1));
      const links = all('a', cell);
      const own = ownTexts(cell).map(tidy);
      expect(own[0]).toBe(`${runner.colour} ${runner.sex}`);
      expect(links.map(({ attribs }) => attribs.href?.split('/')[3])).toEqual(
        [runner.sire, runner.dam, runner.damsire].flatMap((horse) => (horse ? [horse.id] : [])),
      );
      if (runner.sire) {
        expect(text(links[0])).toBe(runner.sire.name);
        expect(own[1]).toBe(runner.sire.country === 'GB' ? '-' : `(${runner.sire.country}) -`);
      } else expect(own.join('')).not.toContain('-');
      const [dam, damsire] = links.slice(-2) as [Element, Element];
      expect(tidy(ownTexts(dam)[0]!)).toBe(runner.dam.name);
      expect(text(only('span', dam))).toBe(runner.dam.country === 'GB' ? '' : `(${runner.dam.country})`);
      expect(ownTexts(damsire)).toEqual([`(${runner.damsire.name})`]);
    }
    const fatherless = runnersWhere(({ sire }) => sire === null).length;
    expect(fatherless).toBeGreaterThan(0);
    expect(fatherless).toBeLessThan(served.runners.length / 50);
  });

  it('has a comment that ends in the betting', () => {
    for (const { runner, row } of served.runners)
      expect(text(only('td', nextRow(row, 2)))).toBe(runner.comment);
    const betting = runnersWhere(({ comment }) => /\((op|tchd) [^)]+\)$/.test(comment));
    expect(betting.length).toBeGreaterThan(10);
  });

  it('has arrows to where it ran on other dates', () => {
    for (const { row, page } of served.runners) {
      const arrows = all('a[href^="/results/"]', row).map(({ attribs }) => attribs.href!);
      expect(arrows.length).toBeGreaterThan(0);
      for (const href of arrows) expect(href).not.toContain(`/${page.truth.date}/`);
    }
  });
});
