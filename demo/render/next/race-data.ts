import { courseWithCountry } from '../../model/courses.ts';
import type { HorseName, Race, RaceType, Runner } from '../../model/racing-day.ts';
import { localDateTime } from '../local-time.ts';

/** `raceResult.data` of a race page of today's markup. */
export function raceData(race: Race): object {
  return {
    raceId: race.id,
    courseUid: race.course.id,
    courseName: race.courseName,
    courseKey: race.course.slug,
    countryCode: race.country.toUpperCase(),
    raceDatetime: localDateTime(race.date, race.off, race.country),
    header: headerOf(race),
    details: {
      numberOfRunners: race.runners.length,
      winningTime: race.winningTime.text,
      fastSlow: race.winningTime.comparison,
      totalSp: `${race.totalSp}%`,
      nonRunners: race.nonRunners.join(', '),
    },
    runners: race.runners.map((runner, row) => runnerData(race, runner, row)),
  };
}

function headerOf(race: Race): object {
  return {
    courseDisplayName: courseWithCountry(race.course),
    raceTitle: race.title,
    raceClass: race.classShown ? String(race.raceClass) : null,
    agesAllowed: [race.ratingBand, race.ageBand].filter((band) => band !== null).join(', ') || null,
    distanceShort: race.distance.text,
    distanceYard: race.distance.yards,
    going: race.going,
    raceTypeCode: typeCode(race),
    obstacles: race.obstacles,
    prizes: race.prizes.map((formatted, place) => ({ position: place + 1, formatted })),
  };
}

function typeCode(race: Race): string {
  const home: Record<RaceType, string> = { Flat: 'F', Hurdle: 'H', Chase: 'C', 'NH Flat': 'B' };
  if (race.type === 'Flat' && race.course.allWeather) return 'X';
  return race.type === 'NH Flat' && race.country === 'ire' ? 'W' : home[race.type];
}

function runnerData(race: Race, runner: Runner, row: number): object {
  const { jockey, trainer, owner, horse } = runner;
  return {
    horseUid: horse.id,
    horseName: horse.name,
    horseSuffix: suffixOf(horse),
    horseUrl: `/profile/horse/${horse.id}/${horse.slug}`,
    // A disqualified horse keeps the place in which it passed the post.
    outcomeCode: runner.position === 'DSQ' ? String(row + 1) : runner.position,
    isDisqualified: runner.position === 'DSQ',
    drawLabel: runner.draw === null ? null : `(${runner.draw})`,
    saddleClothNo: runner.number,
    beatenDistance: runner.beaten?.text || null,
    beatenDistanceToWinner: overallText(race, runner),
    odds: runner.decimal === null ? null : runner.sp.replace(/^Evens/, 'Evs'),
    headgear: runner.headgear,
    isFirstTimeHeadgear: runner.firstTimeHeadgear,
    jockeyName: jockey?.name ?? '',
    jockeyUrl: jockey && `/profile/jockey/${jockey.id}/${jockey.slug}`,
    jockeyAllowance: runner.claim || null,
    trainerName: trainer.name,
    trainerUrl: `/profile/trainer/${trainer.id}/${trainer.slug}`,
    ownerName: owner.name,
    ownerUrl: `/profile/owner/${owner.id}/${owner.slug}`,
    age: runner.age,
    // Some races are told in stones and pounds only.
    weightCarriedLbs: race.id % 5 === 2 ? null : runner.lbs,
    weightStones: Math.floor(runner.lbs / 14),
    weightPounds: runner.lbs % 14,
    extraWeight: runner.extraWeight && `${runner.extraWeight.lbs} ${runner.extraWeight.kind}`,
    officialRating: ratingText(runner.officialRating),
    rpRating: ratingText(runner.rpr),
    topspeed: ratingText(runner.topspeed),
    pedigree: pedigreeData(runner),
    comment: { comment: runner.comment, bettingMovements: runner.betting },
    silkUrl: `/silks/png/${owner.id % 97}/${owner.id}.png`,
  };
}

/**
 * Null where it equals the margin in front, except that some races repeat it; in brackets as the classic page
 * has it.
 */
function overallText(race: Race, { beaten, overall }: Runner): string | null {
  if (!overall?.text) return null;
  if (overall === beaten && race.id % 2) return null;
  return race.id % 3 ? `[${overall.text}]` : overall.text;
}

function pedigreeData({ colour, sex, sire, dam, damsire }: Runner): object {
  return {
    colourSex: `${colour} ${sex}`,
    sireName: sire?.name ?? null,
    sireSuffix: sire && suffixOf(sire),
    sireUrl: sire && `/profile/horse/${sire.id}/${sire.slug}`,
    damName: dam.name,
    damSuffix: suffixOf(dam),
    damUrl: `/profile/horse/${dam.id}/${dam.slug}`,
    damSireName: damsire.name,
    damSireUrl: `/profile/horse/${damsire.id}/${damsire.slug}`,
  };
}

function suffixOf({ country }: HorseName): string | null {
  return country && `(${country})`;
}

function ratingText(rating: number | null): string {
  return rating === null ? '–' : String(rating);
}
