import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_FAULTS } from '../../demo/faults.ts';
import { COUNTRIES } from '../../demo/model/racing-day.ts';
import type { RaceTruth, RunnerTruth } from '../../demo/truth/race-truth.ts';
import { ServedWeek, TODAY, WEEK } from './support/served-week.ts';

// Every assertion is a row of what racing.md says of today's markup, read from the JSON in the served pages.
// biome-ignore lint/suspicious/noExplicitAny: it is JSON, and its shape is what is tested
type Json = any;

let week: ServedWeek;
beforeAll(async () => {
  week = await ServedWeek.start('next');
});
afterAll(() => week.site.close());

const nextData = (html: string): Json =>
  JSON.parse(/<script id="__NEXT_DATA__" type="application\/json">([^<]+)<\/script>/.exec(html)![1]!);
const stateOf = (html: string): Json => nextData(html).props.pageProps.initialState;
const meetingsOf = async (date: string, page = ''): Promise<Json[]> =>
  stateOf(await week.text(`/results/${date}${page}`)).results.data;
const idOf = (url: string | null): string | undefined => url?.split('/')[3];
/** Every race with what its page carries. */
const results = (): { truth: RaceTruth; data: Json }[] =>
  week.races.map(({ truth, html }) => ({ truth, data: stateOf(html).raceResult.data }));
const runners = (): { truth: RaceTruth; runner: RunnerTruth; data: Json }[] =>
  results().flatMap(({ truth, data }) =>
    truth.runners.map((runner, row) => ({ truth, runner, data: data.runners[row] })),
  );

function statusOf(race: Json): string {
  if (race.isAbandoned && race.raceStatusCode === 'A' && !race.fullResultAvailable && race.runnersCount === 0)
    return 'abandoned';
  return race.isVoidRace ? 'void' : race.isResult && race.fullResultAvailable ? 'ready' : 'pending';
}

describe("an index of today's markup", () => {
  it('lists the races of each country by the code of its meetings', async () => {
    for (const date of WEEK) {
      const meetings = (await meetingsOf(date)).filter((meeting) => !meeting.isSpecialMeeting);
      for (const country of COUNTRIES) {
        const races = meetings
          .filter(({ countryCode }) => (countryCode === 'ARO' ? 'GB' : countryCode) === country.toUpperCase())
          .flatMap((meeting) => meeting.races);
        expect(
          races.map((race) => ({
            raceId: String(race.raceUid),
            path: race.fullResultLink,
            status: statusOf(race),
          })),
        ).toEqual(week.site.listed(country, date));
      }
    }
  });

  it('names a meeting with its country, its races without one, ids as text, times as local time', async () => {
    const codes = new Set<string>();
    for (const date of WEEK) {
      for (const meeting of await meetingsOf(date)) {
        expect(typeof meeting.courseId).toBe('string');
        if (meeting.isSpecialMeeting) continue;
        codes.add(meeting.countryCode);
        const mark = { GB: '', ARO: ' (ARAB)' }[meeting.countryCode as string] ?? ` (${meeting.countryCode})`;
        expect(meeting.courseName.endsWith(mark)).toBe(true);
        for (const race of meeting.races) {
          expect(race.courseName).toBeNull();
          expect(race.raceDateTime.startsWith(`${date}T${race.raceTime}:00`)).toBe(true);
          expect(race.countryCode).toBe(meeting.countryCode);
        }
      }
    }
    expect([...codes].toSorted()).toEqual(['ARO', 'FR', 'GB', 'HK', 'IRE', 'USA']);
  });

  it('has special meetings that say GB and repeat races of others', async () => {
    for (const date of WEEK) {
      const meetings = await meetingsOf(date);
      const [special, ordinary] = [true, false].map((kind) =>
        meetings.filter((meeting) => meeting.isSpecialMeeting === kind),
      ) as [Json[], Json[]];
      expect(special.map(({ courseId }) => courseId)).toEqual(['-2', '-1', '0']);
      expect(meetings[0].isSpecialMeeting).toBe(true);
      const known = new Set(ordinary.flatMap(({ races }) => races.map((race: Json) => race.raceUid)));
      for (const race of special.flatMap(({ races }) => races)) expect(known.has(race.raceUid)).toBe(true);
      expect(special.some(({ races }) => races.some((race: Json) => race.countryCode !== 'GB'))).toBe(true);
    }
  });

  it('calls a meeting abandoned that is lost whole, and not one that is lost in part; neither has pages', async () => {
    const whole: Json[] = [];
    const part: Json[] = [];
    for (const date of WEEK) {
      for (const meeting of (await meetingsOf(date)).filter((one) => !one.isSpecialMeeting)) {
        const lost = meeting.races.filter((race: Json) => race.isAbandoned);
        if (lost.length === 0) continue;
        (lost.length === meeting.races.length ? whole : part).push(meeting);
        for (const race of lost) expect((await fetch(week.site.url + race.fullResultLink)).status).toBe(404);
      }
    }
    expect(whole.map(({ isAbandoned }) => isAbandoned)).toEqual([true, true, true]);
    expect(part.map(({ isAbandoned }) => isAbandoned)).toEqual([false, false, false]);
  });

  it('says of a race of today that it is not run yet, until tomorrow', async () => {
    const find = async () =>
      (await meetingsOf(TODAY)).flatMap(({ races }) => races).filter((race) => statusOf(race) === 'pending');
    const [pending] = await find();
    expect(pending).toMatchObject({ isResult: false, fullResultAvailable: false, isAbandoned: false });
    expect(week.site.listed('gb', TODAY).filter(({ status }) => status === 'pending')).toEqual([
      { raceId: String(pending.raceUid), path: expect.any(String), status: 'pending' },
    ]);
    const waiting = week.site.truth('gb', TODAY).filter(({ outcome }) => outcome === 'pending');
    expect(waiting).toMatchObject([{ raceId: String(pending.raceUid), runners: [] }]);
  });

  it('is null with an error and a message on a day without racing, also in the order of times', async () => {
    for (const path of ['/results/2025-12-25', '/results/2025-12-25/time-order']) {
      const html = await week.text(path);
      expect(stateOf(html).results).toMatchObject({ data: null, error: 'An error occurred' });
      expect(html).toContain('data-testid="Text__NoResultsMessage"');
    }
  });

  it('tells the same races in the order of times', async () => {
    const [day] = WEEK;
    const uids = (meetings: Json[]) =>
      meetings.flatMap(({ races }) => races.map((race: Json) => race.raceUid));
    const [index, ordered] = [await meetingsOf(day!), await meetingsOf(day!, '/time-order')];
    expect(uids(ordered).toSorted()).toEqual(uids(index).toSorted());
    expect(await week.text(`/results/${day}`)).not.toContain('Text__NoResultsMessage');
  });

  it('loses its list where a fault says so, as on a day without racing, and keeps it in the order of times', async () => {
    const day = WEEK[1]!;
    const rule = { where: { path: `/results/${day}` }, fault: { kind: 'lost-list' }, times: 1 } as const;
    week.site.setFaults({ ...NO_FAULTS, rules: [rule] });
    const html = await week.text(`/results/${day}`);
    expect(stateOf(html).results).toMatchObject({ data: null, error: 'An error occurred' });
    expect(html).toContain('data-testid="Text__NoResultsMessage"');
    expect((await meetingsOf(day, '/time-order')).length).toBeGreaterThan(5);
    expect((await meetingsOf(day)).length).toBeGreaterThan(5);
    week.site.setFaults(NO_FAULTS);
  });
});

describe("a race page of today's markup", () => {
  it('has no table of the classic page', () => {
    for (const { html } of week.races)
      expect(html).not.toMatch(/rp-horseTable|data-analytics-race-date-time/);
  });

  it('carries the race in its keys', () => {
    for (const { truth, data } of results()) {
      const { header, details } = data;
      expect(String(data.raceId)).toBe(truth.raceId);
      expect(String(data.courseUid)).toBe(truth.courseId);
      expect(data.courseName).toBe(truth.course);
      expect(header.courseDisplayName.startsWith(truth.course)).toBe(true);
      expect(data.countryCode).toBe(truth.country.toUpperCase());
      expect(data.raceDatetime).toMatch(new RegExp(`^${truth.date}T${truth.off}:00[+]0[01]:00$`));
      expect(header.raceTitle).toBe(truth.title);
      if (truth.country === 'gb') expect(header.raceClass).toBe(String(truth.raceClass));
      else expect(header.raceClass).toBeNull();
      const bands = [truth.ratingBand, truth.ageBand].filter((band) => band !== null);
      expect(header.agesAllowed).toBe(bands.join(', ') || null);
      expect(header.distanceShort).toBe(truth.distance);
      expect(header.distanceYard).toBe(truth.yards);
      expect(header.going).toBe(truth.going);
      const types = { F: 'Flat', X: 'Flat', H: 'Hurdle', C: 'Chase', B: 'NH Flat', W: 'NH Flat' };
      expect(types[header.raceTypeCode as keyof typeof types]).toBe(truth.type);
      expect(details.numberOfRunners).toBe(truth.ran);
      const { winningTime, fastSlow } = details;
      expect(fastSlow ? `${winningTime} (${fastSlow})` : winningTime).toBe(truth.winningTime);
    }
  });

  it('pays by place, and nothing to a disqualified horse', () => {
    for (const { truth, data } of results()) {
      for (const { position, prize } of truth.runners) {
        const paid = data.header.prizes.find((one: Json) => String(one.position) === position)?.formatted;
        expect(prize).toBe(paid === undefined ? null : Number(paid.replace(/[^\d.]/g, '')));
      }
    }
  });

  it('carries a runner in its keys', () => {
    const [odds, weights, overall] = [new Set<string>(), new Set<boolean>(), new Set<string>()];
    for (const { runner, data } of runners()) {
      expect(data.isDisqualified ? 'DSQ' : data.outcomeCode).toBe(runner.position);
      expect(data.drawLabel).toBe(runner.draw === null ? null : `(${runner.draw})`);
      expect(data.saddleClothNo).toBe(runner.number);
      expect(data.horseName).toBe(runner.horse.name);
      expect(data.horseSuffix ?? '(GB)').toBe(`(${runner.horse.country})`);
      expect(String(data.horseUid)).toBe(runner.horse.id);
      if (data.odds === null) expect(runner.sp).toBe('No Odds');
      else {
        expect(data.odds.replace('Evs', 'Evens')).toBe(runner.sp);
        odds.add(data.odds.replace(/^[\d/]+/, ''));
      }
      expect(data.headgear).toBe(runner.headgear);
      expect(data.isFirstTimeHeadgear).toBe(runner.firstTimeHeadgear);
      expect(data.jockeyName || null).toBe(runner.jockey?.name ?? null);
      expect(idOf(data.jockeyUrl)).toBe(runner.jockey?.id);
      expect([data.trainerName, idOf(data.trainerUrl)]).toEqual([runner.trainer.name, runner.trainer.id]);
      expect([data.ownerName, idOf(data.ownerUrl)]).toEqual([runner.owner.name, runner.owner.id]);
      expect(data.age).toBe(runner.age);
      expect(data.weightCarriedLbs ?? data.weightStones * 14 + data.weightPounds).toBe(runner.lbs);
      weights.add(data.weightCarriedLbs === null);
      expect(data.officialRating).toBe(String(runner.officialRating ?? '–'));
      expect(data.rpRating).toBe(String(runner.rpr ?? '–'));
      expect(data.topspeed).toBe(String(runner.topspeed ?? '–'));
      const { comment, bettingMovements } = data.comment;
      expect(bettingMovements ? `${comment} (${bettingMovements})` : comment).toBe(runner.comment);
      expect(data.silkUrl).toMatch(/\.png$/);
      const { beatenDistance, beatenDistanceToWinner } = data;
      if (runner.beaten === null) expect([beatenDistance, beatenDistanceToWinner]).toEqual([null, null]);
      else if (beatenDistance && beatenDistanceToWinner === null) expect(runner.overall).toBe(runner.beaten);
      overall.add(
        beatenDistanceToWinner?.startsWith('[') ? 'brackets' : String(beatenDistanceToWinner && 'bare'),
      );
    }
    expect([...odds]).toEqual(expect.arrayContaining(['F', 'J']));
    expect([...odds].some((mark) => mark.startsWith('Evs'))).toBe(true);
    expect(weights.size).toBe(2);
    expect([...overall].toSorted()).toEqual(['bare', 'brackets', 'null']);
    expect(runners().filter(({ data }) => data.jockeyName === '').length).toBeGreaterThan(1);
    expect(runners().filter(({ data }) => data.isDisqualified).length).toBeGreaterThan(1);
  });

  it('carries the parents of a runner, null where a sire is missing, no country for the sire of the dam', () => {
    let missing = 0;
    for (const { runner, data } of runners()) {
      const { pedigree } = data;
      expect(pedigree.colourSex).toBe(`${runner.colour} ${runner.sex}`);
      expect(pedigree.sireName).toBe(runner.sire?.name ?? null);
      expect(idOf(pedigree.sireUrl)).toBe(runner.sire?.id);
      if (runner.sire) expect(pedigree.sireSuffix ?? '(GB)').toBe(`(${runner.sire.country})`);
      else missing++;
      expect([pedigree.damName, idOf(pedigree.damUrl)]).toEqual([runner.dam.name, runner.dam.id]);
      expect(pedigree.damSuffix ?? '(GB)').toBe(`(${runner.dam.country})`);
      expect([pedigree.damSireName, idOf(pedigree.damSireUrl)]).toEqual([
        runner.damsire.name,
        runner.damsire.id,
      ]);
    }
    expect(missing).toBeGreaterThan(0);
  });

  it('of a void race calls every outcome VOI', () => {
    const voids = results().filter(({ truth }) => truth.outcome === 'void');
    expect(voids.length).toBe(2);
    for (const { data } of voids)
      expect(new Set(data.runners.map((runner: Json) => runner.outcomeCode))).toEqual(new Set(['VOI']));
  });

  it('of an Arabian card has a country of its own and no official rating', async () => {
    const meetings = (await Promise.all(WEEK.map((date) => meetingsOf(date)))).flat();
    const card = meetings.find(({ countryCode }) => countryCode === 'ARO');
    const { data } = stateOf(await week.text(card.races[0].fullResultLink)).raceResult;
    expect([data.countryCode, data.header.courseDisplayName]).toEqual(['ARO', 'Newbury (ARAB)']);
    expect(new Set(data.runners.map((runner: Json) => runner.officialRating))).toEqual(new Set(['–']));
    expect(data.runners.some((runner: Json) => /^\d+$/.test(runner.rpRating))).toBe(true);
  });

  it('is there as JSON under the build id of the page, with the same properties, and under no other id', async () => {
    for (const path of [week.races[0]!.truth.path, `/results/${WEEK[0]}`, `/results/${WEEK[0]}/time-order`]) {
      const { buildId, props } = nextData(await week.text(path));
      expect(week.site.dataPath(path)).toBe(`/_next/data/${buildId}${path}.json`);
      const response = await fetch(week.site.url + week.site.dataPath(path));
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(((await response.json()) as Json).pageProps).toEqual(props.pageProps);
      expect((await fetch(`${week.site.url}/_next/data/elsewhere${path}.json`)).status).toBe(404);
    }
  });
});
