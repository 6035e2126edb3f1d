import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COUNTRIES } from '../../demo/model/racing-day.ts';
import type { HorseTruth, RaceTruth, RunnerTruth } from '../../demo/truth/race-truth.ts';
import { racing } from '../../sources/racing/source.ts';
import { ServedWeek, TODAY, WEEK } from './support/served-week.ts';

// The demo and the racing source are two readings of the same facts: where they differ, one of them is wrong.
const pageOf = (url: string, text: string) => ({ url, status: 200, contentType: 'text/html', text });

const named = (horse: HorseTruth) => `${horse.name} (${horse.country})`;

/** The columns of the racing source, in the words of the model. */
function recordOf(race: RaceTruth, runner: RunnerTruth): Record<string, unknown> {
  return {
    race_id: race.raceId,
    course_id: race.courseId,
    course: race.course,
    off: race.off,
    race_name: race.name,
    class: race.raceClass && `Class ${race.raceClass}`,
    pattern: race.pattern,
    rating_band: race.ratingBand,
    age_band: race.ageBand,
    sex_rest: race.sexRestriction,
    dist: race.distance,
    dist_y: race.yards,
    dist_f: race.furlongs,
    dist_m: Math.round(race.metres),
    going: race.going,
    surface: race.surface,
    type: race.type,
    ran: race.ran,
    winning_time: race.winningTime,
    winning_secs: race.winningSeconds,
    prize: runner.prize,
    pos: runner.position,
    draw: runner.draw,
    num: runner.number,
    btn: runner.beaten,
    ovr_btn: runner.overall,
    horse: named(runner.horse),
    horse_id: runner.horse.id,
    dec: runner.decimal,
    jockey: runner.jockey?.name ?? null,
    jockey_id: runner.jockey?.id ?? null,
    trainer: runner.trainer.name,
    trainer_id: runner.trainer.id,
    owner_id: runner.owner.id,
    age: runner.age,
    lbs: runner.lbs,
    hg: runner.headgear && `${runner.headgear}${runner.firstTimeHeadgear ? '1' : ''}`,
    or: runner.officialRating,
    rpr: runner.rpr,
    ts: runner.topspeed,
    sex: runner.sex,
    colour: runner.colour,
    sire: runner.sire && named(runner.sire),
    sire_id: runner.sire?.id ?? null,
    dam: named(runner.dam),
    dam_id: runner.dam.id,
    damsire: runner.damsire.name,
    damsire_id: runner.damsire.id,
    comment: runner.comment,
    secs: runner.seconds,
  };
}

describe.each(['classic', 'next'] as const)('the racing source on the %s pages of the demo', (markup) => {
  let week: ServedWeek;
  beforeAll(async () => {
    week = await ServedWeek.start(markup);
  });
  afterAll(() => week.site.close());

  it('finds in every index the races of each country, in order, how they stand, and no others', async () => {
    for (const date of [...WEEK, TODAY]) {
      const page = pageOf(`/results/${date}`, await week.text(`/results/${date}`));
      for (const country of COUNTRIES) {
        const context = { attempt: 1, notes: [] };
        const found = racing.discover.parse(page, { value: country, date }, context);
        const items = found.kind === 'items' ? found.items : [];
        const listed = week.site
          .listed(country, date)
          .filter(({ status }) => markup === 'next' || status !== 'pending');
        expect(
          items.map(({ id, status = 'ready' }) => ({ id, status })),
          `${country} ${date}: ${found.kind}`,
        ).toEqual(listed.map(({ raceId: id, status }) => ({ id, status })));
        for (const [nth, { status, path }] of listed.entries())
          if (status === 'ready') expect(items[nth]!.url).toBe(path);
      }
    }
  });

  it('reads every field of every runner as the model has it', () => {
    let runners = 0;
    for (const { truth, html, country } of week.races) {
      const parsed = racing.parse(
        pageOf(truth.path, html),
        { id: truth.raceId, url: truth.path },
        { value: country, date: truth.date },
        { page: 0, requests: [], rowKeys: new Set(), settings: {} },
      );
      if (truth.outcome === 'void') {
        expect(parsed.kind).toBe('empty');
        continue;
      }
      const records = parsed.kind === 'records' ? parsed.records : [];
      expect(records, `${truth.path}: ${JSON.stringify(parsed).slice(0, 200)}`).toHaveLength(
        truth.runners.length,
      );
      for (const [row, runner] of truth.runners.entries()) {
        expect(records[row], `${truth.path}, row ${row}`).toMatchObject(recordOf(truth, runner));
        // Only the classic page tells which part of the course it was.
        if (markup === 'classic') expect(records[row]).toMatchObject({ course_detail: truth.courseDetail });
        runners++;
      }
    }
    expect(runners).toBeGreaterThan(1000);
  });
});
