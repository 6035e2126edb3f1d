import type { CivilDate } from '../../core/window/civil-date.ts';
import { commentOf } from './comments.ts';
import { type Placing, placingsOf, prizesOf, type Special } from './finish.ts';
import { surfaceOf } from './going.ts';
import { clockText, round2 } from './measures.ts';
import { type Horse, horse, horseAge, owner, POOL, person, sexOf } from './names.ts';
import { type Price, pricesOf } from './odds.ts';
import { type Conditions, conditionsOf } from './programme.ts';
import type { Country, Course, Race, Runner, WinningTime } from './racing-day.ts';
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
  /** Fixed field size; null draws 8 to 14. */
  readonly fieldSize: number | null;
  /** Horses of this day that run elsewhere already; the race adds its own. */
  readonly taken: Set<number>;
}

const HEADGEAR = ['b', 'v', 'h', 'p', 't', 'tp', 'es', 'tb'];

export function buildRace(slot: RaceSlot): Race {
  const random = seeded(slot.seed, 'race', slot.id);
  const { course, special } = slot;
  const conditions = conditionsOf(course, slot.jumps, slot.nth, slot.races, random);
  const size = special === 'walkover' ? 1 : (slot.fieldSize ?? random.int(8, 14));
  const field = drawField(slot, conditions, size, random);
  const placings = placingsOf(size, conditions.type, special, random);
  const prizes = special === 'void' ? [] : prizesOf(conditions.firstPrize, placings, special);
  const margin = 1.1 + random.int(0, 12) / 100;
  const prices = pricesOf(chancesOf(field, random), margin);
  const runners = buildRunners(slot, conditions, field, placings, prices, prizes, random);
  return {
    id: slot.id,
    course,
    courseName: course.allWeather ? `${course.name} (AW)` : course.name,
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
    outcome: special === 'void' || special === 'walkover' ? special : 'run',
    winningTime: winningTimeOf(conditions, special, random),
    totalSp: Math.round(margin * 100),
    prizes: prizes.map((amount) => moneyText(amount, course.country)),
    runners,
    nonRunners: special !== 'walkover' && random.chance(0.4) ? nonRunnersOf(slot, size, random) : [],
  };
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
  const country = homeOf(slot.course);
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
      number: cloths[row]! + 1,
      beaten: placing.beaten,
      overall: placing.overall,
      horse: facts.name,
      sp: noOdds ? 'No Odds' : prices[row]!.text,
      decimal: noOdds ? null : prices[row]!.decimal,
      jockey: person(slot.seed, 'jockey', country, jockeys[row]!),
      claim: random.chance(0.2) ? random.pick([3, 5, 7]) : 0,
      trainer: person(slot.seed, 'trainer', country, random.int(0, 99)),
      owner: owner(slot.seed, country, random.int(0, 499)),
      age,
      lbs: (drawn ? 112 : 140) + random.int(0, 28),
      overweight: random.chance(0.06) ? random.int(1, 3) : 0,
      headgear,
      firstTimeHeadgear: headgear !== null && random.chance(0.3),
      officialRating: rated ? facts.ability + (drawn ? 0 : 30) : null,
      rpr: placing.overall && random.chance(0.95) ? Math.max(20, facts.ability + 8 - row * 3) : null,
      topspeed: placing.overall && random.chance(0.8) ? Math.max(2, facts.ability - 10 - row * 4) : null,
      colour: facts.colour,
      sex: sexOf(facts.group, age),
      sire: facts.sire,
      dam: facts.dam,
      damsire: facts.damsire,
      comment: commentOf(placing.position, random),
      prize: /^\d/.test(placing.position) ? (prizes[row] ?? null) : null,
    };
  });
}

interface Entry {
  readonly facts: Horse;
  readonly age: number;
  /** On the day. */
  readonly form: number;
}

/** Horses that the conditions allow and that run nowhere else on the day. */
function drawField(slot: RaceSlot, conditions: Conditions, size: number, random: Random): Entry[] {
  const country = homeOf(slot.course);
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
  if (special === 'standard-time') return { text: 'standard time', seconds: null };
  if (special === 'zero-time' || special === 'walkover' || special === 'void')
    return { text: '0.00s', seconds: null };
  const pace = conditions.type === 'Flat' ? 17.6 : 14.4;
  const standard = conditions.distance.yards / pace;
  const off = random.int(-180, 900) / 100;
  const seconds = round2(standard + off);
  const text = `${clockText(seconds)} (${off < 0 ? 'fast' : 'slow'} by ${Math.abs(off).toFixed(2)}s)`;
  return { text, seconds };
}

function nonRunnersOf(slot: RaceSlot, size: number, random: Random): string[] {
  const reasons = ['Going', 'Vet Cert', 'Self Cert - lame', 'Travel problems', 'Unruly at stalls'];
  return Array.from({ length: random.int(1, 3) }, (_, nth) => {
    const { name } = horse(slot.seed, homeOf(slot.course), random.int(0, POOL - 1)).name;
    return `${size + nth + 1}. ${name} (${random.pick(reasons)})`;
  });
}

function homeOf(course: Course): Country {
  return course.country === 'usa' ? 'gb' : course.country;
}

/** `£12,345.60`; Ireland and France race for euros, Aqueduct for dollars. */
function moneyText(amount: number, country: Course['country']): string {
  const sign = { gb: '£', ire: '€', fr: '€', usa: '$' }[country];
  const [whole, cents] = amount.toFixed(2).split('.') as [string, string];
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`;
}
