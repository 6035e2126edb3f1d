import { describe, expect, it } from 'vitest';
import { addDays, civilDate } from '../../core/window/civil-date.ts';
import { buildDay, racesOf } from '../../demo/model/build-day.ts';
import { COUNTRIES } from '../../demo/model/racing-day.ts';
import { furnish } from '../../demo/render/furniture.ts';
import { renderIndex } from '../../demo/render/index-page.ts';
import { indexPath } from '../../demo/render/paths.ts';
import { renderRace } from '../../demo/render/race-page.ts';
import { type HorseTruth, type RaceTruth, type RunnerTruth, truthOf } from '../../demo/truth/race-truth.ts';
import { racing } from '../../sources/racing/source.ts';

const OPTIONS = { seed: 3, racesPerDay: 1, fieldSize: null, specials: true };
const furniture = furnish(OPTIONS.seed, 1);
const week = Array.from({ length: 7 }, (_, nth) => buildDay(OPTIONS, addDays(civilDate('2026-10-20'), nth)));
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
    course_detail: race.courseDetail,
    going: race.going,
    surface: race.surface,
    type: race.type,
    ran: race.ran,
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
    jockey: runner.jockey.name,
    jockey_id: runner.jockey.id,
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
    damsire: named(runner.damsire),
    damsire_id: runner.damsire.id,
    comment: runner.comment,
    secs: runner.seconds,
  };
}

describe('the racing source on the pages of the demo', () => {
  it('finds in every index the races of each country, in order, and no others', () => {
    for (const day of week) {
      const page = pageOf(indexPath(day.date), renderIndex(day, furniture, 0));
      for (const country of COUNTRIES) {
        const found = racing.discover.parse(
          page,
          { target: country, date: day.date },
          { attempt: 1, notes: [] },
        );
        const ids = found.kind === 'items' ? found.items.map((item) => item.id) : found;
        expect(ids).toEqual(racesOf(day, country).map((race) => String(race.id)));
      }
    }
  });

  it('reads every field of every runner as the model has it', () => {
    let runners = 0;
    for (const race of week.flatMap((day) => COUNTRIES.flatMap((country) => racesOf(day, country)))) {
      const truth = truthOf(race);
      const page = pageOf(truth.path, renderRace(race, { pageBytes: 0, furniture, siblings: [] }));
      const partition = { target: race.country, date: race.date };
      const parsed = racing.parse(page, { id: truth.raceId, url: truth.path }, partition);
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
        runners++;
      }
    }
    expect(runners).toBeGreaterThan(1000);
  });
});
