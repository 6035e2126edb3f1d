import type { CivilDate } from '../../core/calendar/civil-date.ts';
import { bettingOf, commentOf } from './comments.ts';
import { courseHome, courseName } from './courses.ts';
import { isVoid, type Placing, placingsOf, prizesOf, type Special } from './finish.ts';
import { surfaceOf } from './going.ts';
import { clockText, round2 } from './measures.ts';
import { type Horse, horse, horseAge, owner, POOL, person, sexOf } from './names.ts';
import { type Price, pricesOf } from './odds.ts';
import { type Conditions, conditionsOf } from './programme.ts';
import type { Course, ExtraWeight, Race, Runner, WinningTime } from './racing-day.ts';
import { type Random, seeded, shuffled } from './random.ts';

/** Where a race stands in its day. */
export interface RaceSlot {
  readonly seed: number;
  readonly id: number;
  readonly course: Course;
  readonly date: CivilDate;
  readonly off: string;
  readonly going: string;
  readonly jumps: boolean;
  /** From 0, in its meeting. */
  readonly nth: number;
  readonly races: number;
  readonly special: Special;
  /** False where every page must carry every fact. */
  readonly rarities: boolean;
  /** Fixed field size; null draws 8 to 14, and now and then a big field of 16 to 24. */
  readonly fieldSize: number | null;
  /** Horses of this day that run elsewhere already; the race adds its own. */
  readonly taken: Set<number>;
}

const HEADGEAR = ['b', 'v', 'h', 'p', 't', 'tp', 'es', 'tb'];

export function buildRace(slot: RaceSlot): Race {
  const random = seeded(slot.seed, 'race', slot.id);
  const { course, special } = slot;
  const conditions = conditionsOf(course, slot.jumps, slot.nth, slot.races, random);
  const size = special === 'walkover' ? 1 : (slot.fieldSize ?? drawSize(slot, random));
  const field = drawField(slot, conditions, size, random);
  const placings = placingsOf(size, conditions.type, special, random);
  const prizes =
    special === 'void' ? [] : prizesOf(conditions.firstPrize, placings, special, course.country === 'gb');
  const margin = 1.1 + random.int(0, 12) / 100;
  const prices = pricesOf(chancesOf(field, random), margin);
  const runners = buildRunners(slot, conditions, field, placings, prices, prizes, random);
  return {
    id: slot.id,
    course,
    courseName: courseName(course),
    country: course.country,
    date: slot.date,
    off: slot.off,
    title: conditions.title,
    name: conditions.name,
    raceClass: conditions.raceClass,
    classShown: conditions.classShown,
    pattern: conditions.pattern,
    ratingBand: conditions.ratingBand,
    ageBand: conditions.ageBand,
    sexRestriction: conditions.sexRestriction,
    distance: conditions.distance,
    courseDetail: random.chance(0.3) ? random.pick(['Inner', 'Str', 'Rnd', 'New', 'Old']) : null,
    going: slot.going,
    surface: surfaceOf(slot.going),
    type: conditions.type,
    obstacles: conditions.obstacles,
    outcome: outcomeOf(special),
    winningTime: winningTimeOf(conditions, special, random),
    totalSp: Math.round(margin * 100),
    prizes: prizes.map((amount) => moneyText(amount, course.country)),
    runners: special === 'abandoned' ? [] : runners,
    nonRunners:
      special !== 'walkover' && special !== 'abandoned' && random.chance(0.4)
        ? nonRunnersOf(slot, size, random)
        : [],
  };
}

function drawSize({ rarities, id }: RaceSlot, random: Random): number {
  const size = random.int(8, 14);
  return rarities && id % 16 === 11 ? size + 10 : size;
}

function outcomeOf(special: Special): Race['outcome'] {
  if (isVoid(special)) return 'void';
  return special === 'walkover' || special === 'abandoned' ? special : 'run';
}

function buildRunners(
  slot: RaceSlot,
  conditions: Conditions,
  field: readonly Entry[],
  placings: readonly Placing[],
  prices: readonly Price[],
  prizes: readonly number[],
  random: Random,
): Runner[] {
  const country = courseHome(slot.course.country);
  const drawn = conditions.type === 'Flat';
  const stalls = shuffled(field.length, random);
  const cloths = shuffled(field.length, random);
  const jockeys = shuffled(60, random);
  return field.map(({ facts, age }, row) => {
    const placing = placings[row]!;
    const noOdds = slot.special === 'walkover' || (slot.special === 'no-odds' && row % 3 === 1);
    const headgear = random.chance(0.35) ? random.pick(HEADGEAR) : null;
    const rated = age > 2 && random.chance(0.8);
    return {
      position: placing.position,
      draw: drawn ? stalls[row]! + 1 : null,
      number: slot.course.numbered || !slot.rarities ? cloths[row]! + 1 : null,
      beaten: placing.beaten,
      overall: placing.overall,
      horse: facts.name,
      sp: noOdds ? 'No Odds' : prices[row]!.text,
      decimal: noOdds ? null : prices[row]!.decimal,
      jockey: riderless(slot.special, row) ? null : person(slot.seed, 'jockey', country, jockeys[row]!),
      claim: claimOf(slot.special, row, random),
      trainer: person(slot.seed, 'trainer', country, random.int(0, 99)),
      owner: owner(slot.seed, country, random.int(0, 499)),
      age,
      lbs: (drawn ? 112 : 140) + random.int(0, 28),
      extraWeight: random.chance(0.12) ? extraWeightOf(random) : null,
      headgear,
      firstTimeHeadgear: headgear !== null && random.chance(0.3),
      officialRating: rated && slot.course.country !== 'aro' ? facts.ability + (drawn ? 0 : 30) : null,
      rpr: placing.overall && random.chance(0.95) ? Math.max(20, facts.ability + 8 - row * 3) : null,
      topspeed: placing.overall && random.chance(0.8) ? Math.max(2, facts.ability - 10 - row * 4) : null,
      colour: facts.colour,
      sex: sexOf(facts.group, age),
      sire: facts.sire,
      dam: facts.dam,
      damsire: facts.damsire,
      comment: commentOf(placing.position, random),
      betting: bettingOf(random),
      // By place and not by row: NaN, for who has none, names no prize.
      prize: prizes[Number(placing.position) - 1] ?? null,
    };
  });
}

/** Two horses of such a race have no rider, and the second keeps the claim of the one it lost. */
function riderless(special: Special, row: number): boolean {
  return special === 'riderless' && (row === 2 || row === 4);
}

function claimOf(special: Special, row: number, random: Random): number {
  const claim = random.chance(0.2) ? random.pick([3, 5, 7]) : 0;
  if (!riderless(special, row)) return claim;
  return row === 4 ? 7 : 0;
}

function extraWeightOf(random: Random): ExtraWeight {
  const kind = random.pick(['over-weights', 'out of handicap', 'extra weight'] as const);
  return { kind, lbs: random.int(1, 6) };
}

interface Entry {
  readonly facts: Horse;
  readonly age: number;
  /** On the day. */
  readonly form: number;
}

/** Horses that the conditions allow and that run nowhere else on the day. */
function drawField(slot: RaceSlot, conditions: Conditions, size: number, random: Random): Entry[] {
  const country = courseHome(slot.course.country);
  const year = Number(slot.date.slice(0, 4));
  const [youngest, oldest] = conditions.ages;
  const field: Entry[] = [];
  for (
    let index = random.int(0, POOL - 1), seen = 0;
    field.length < size;
    index = (index + 37) % POOL, seen++
  ) {
    const age = horseAge(index, year);
    if (age < youngest || age > oldest) continue;
    // A day that asks for more horses than there are lets some run twice.
    if (slot.taken.has(index) && seen < POOL) continue;
    const facts = horse(slot.seed, country, index);
    if (!allowed(facts, conditions.sexRestriction)) continue;
    slot.taken.add(index);
    field.push({ facts, age, form: facts.ability + random.int(0, 45) });
  }
  // Better horses finish in front, with luck in it.
  return field.sort((a, b) => b.form - a.form);
}

function allowed(facts: Horse, restriction: Race['sexRestriction']): boolean {
  if (restriction === null) return true;
  if (restriction === 'C & G') return facts.group !== 'female';
  if (restriction === 'C & F') return facts.group !== 'gelding';
  return facts.group === 'female';
}

/** Better horses are shorter, with luck in it; adds up to 1. */
function chancesOf(field: readonly Entry[], random: Random): number[] {
  const weights = field.map(({ facts }) => Math.exp(facts.ability / 28 + random.next() * 1.6));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function winningTimeOf(conditions: Conditions, special: Special, random: Random): WinningTime {
  if (special === 'standard-time') return { text: 'standard time', comparison: null, seconds: null };
  if (special === 'zero-time' || special === 'walkover' || isVoid(special))
    return { text: '0.00s', comparison: null, seconds: null };
  const pace = conditions.type === 'Flat' ? 17.6 : 14.4;
  const standard = conditions.distance.yards / pace;
  const off = random.int(-180, 900) / 100;
  const seconds = round2(standard + off);
  const comparison = `${off < 0 ? 'fast' : 'slow'} by ${Math.abs(off).toFixed(2)}s`;
  return { text: clockText(seconds), comparison, seconds };
}

function nonRunnersOf(slot: RaceSlot, size: number, random: Random): string[] {
  const reasons = ['Going', 'Vet Cert', 'Self Cert - lame', 'Travel problems', 'Unruly at stalls'];
  return Array.from({ length: random.int(1, 3) }, (_, nth) => {
    const { name } = horse(slot.seed, courseHome(slot.course.country), random.int(0, POOL - 1)).name;
    return `${size + nth + 1}. ${name} (${random.pick(reasons)})`;
  });
}

/** `£12,345`, `€7,020.50`: Ireland is told in euros, the rest of the world in pounds. */
function moneyText(amount: number, country: Course['country']): string {
  const [whole, cents] = amount.toFixed(2).split('.') as [string, string];
  const pounds = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${country === 'ire' ? '€' : '£'}${pounds}${cents === '00' ? '' : `.${cents}`}`;
}
