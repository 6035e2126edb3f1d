import { addDays, type CivilDate, parseCivilDate } from '../../core/window/civil-date.ts';
import type { Fault } from '../faults.ts';
import { buildDay, type ModelOptions, racesOf } from '../model/build-day.ts';
import { provisional } from '../model/provisional.ts';
import { COUNTRIES, type Country, type Race, type RacingDay } from '../model/racing-day.ts';
import { renderChangedRace } from '../render/changed-page.ts';
import { type Furniture, furnish } from '../render/furniture.ts';
import { renderIndex } from '../render/index-page.ts';
import { racePath } from '../render/paths.ts';
import { renderRace } from '../render/race-page.ts';
import type { World } from './world.ts';

/** A page that the site has, before anything is compressed. */
export interface SitePage {
  /** Tells one content of an address from another; two equal keys mean equal bytes. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  /** The text; a costly call. */
  render(): string;
}

/** Faults that change what a page says and not how it is sent. */
export type ContentFault = Extract<
  Fault,
  { kind: 'changed-page' | 'shifted-cells' | 'empty-table' | 'invalid-record' }
>['kind'];

/** Days that stay in memory: a week of three countries asks for each of them over and over. */
const DAYS_KEPT = 32;
const RACE_PATH = /^\/results\/\d+\/[a-z0-9-]+\/(\d{4}-\d\d-\d\d)\/(\d+)$/;
const INDEX_PATH = /^\/results\/(\d{4}-\d\d-\d\d)$/;
const DAMAGED_ROW = 3;
/** Where an index stands to a race page of 178 KB. */
const INDEX_SHARE = 0.45;

/** What stands under which address, from the model and the state of the world. */
export class Pages {
  readonly #options: ModelOptions;
  readonly #pageBytes: number;
  readonly #furniture: Furniture;
  readonly #days = new Map<CivilDate, RacingDay>();

  constructor(options: ModelOptions, pageBytes: number) {
    this.#options = options;
    this.#pageBytes = pageBytes;
    this.#furniture = furnish(options.seed, Math.round(pageBytes * 1.2));
  }

  /** The nth race of a country's day, from the end where negative; undefined where there is none. */
  race(country: Country, date: CivilDate, nth: number): Race | undefined {
    return racesOf(this.#day(date), country).at(nth);
  }

  /** The races of a country's day as the site tells them in this state of the world. */
  races(country: Country, date: CivilDate, world: World): Race[] {
    if (world.isEmpty(country, date)) return [];
    return racesOf(this.#day(date), country).map((race) =>
      world.isProvisional(race) ? provisional(race) : race,
    );
  }

  find(path: string, world: World, fault: ContentFault | undefined): SitePage | undefined {
    const index = INDEX_PATH.exec(path);
    const date = parseCivilDate((index ?? RACE_PATH.exec(path))?.[1] ?? '');
    if (date === undefined || date > world.today) return undefined;
    return index ? this.#index(date, path, world) : this.#race(date, path, world, fault);
  }

  #index(date: CivilDate, path: string, world: World): SitePage {
    const day = this.#day(date);
    const empty = COUNTRIES.filter((country) => world.isEmpty(country, date));
    const meetings = day.meetings.filter(
      ({ course }) => !empty.some((country) => country === course.country),
    );
    return {
      key: `${path}|${empty.join()}`,
      lastModified: midnightAfter(date, 0),
      render: () =>
        renderIndex({ date, meetings }, this.#furniture, Math.round(this.#pageBytes * INDEX_SHARE)),
    };
  }

  #race(date: CivilDate, path: string, world: World, fault: ContentFault | undefined): SitePage | undefined {
    const meeting = this.#day(date).meetings.find(({ races }) =>
      races.some((race) => racePath(race) === path),
    );
    const settled = meeting?.races.find((race) => racePath(race) === path);
    if (!meeting || !settled) return undefined;
    if (settled.country !== 'usa' && world.isEmpty(settled.country, date)) return undefined;
    const early = world.isProvisional(settled);
    const race = early ? provisional(settled) : settled;
    const row = Math.min(DAMAGED_ROW, race.runners.length - 1);
    return {
      key: `${path}|${early ? 'provisional' : ''}|${fault ?? ''}`,
      lastModified: midnightAfter(date, early ? 0 : world.settlesAfter(settled)),
      render: () => {
        const rendering = { pageBytes: this.#pageBytes, furniture: this.#furniture, siblings: meeting.races };
        if (fault === 'changed-page') return renderChangedRace(race, rendering);
        const damage = {
          noRows: fault === 'empty-table',
          shiftedRow: fault === 'shifted-cells' ? row : undefined,
          invalidRow: fault === 'invalid-record' ? row : undefined,
        };
        return renderRace(race, { ...rendering, damage });
      },
    };
  }

  #day(date: CivilDate): RacingDay {
    const known = this.#days.get(date);
    if (known) return known;
    const day = buildDay(this.#options, date);
    if (this.#days.size >= DAYS_KEPT) this.#days.delete(this.#days.keys().next().value!);
    this.#days.set(date, day);
    return day;
  }
}

/** Midnight UTC at the start of the day: a Last-Modified must never lie in the future, and today's pages exist all day. */
function midnightAfter(date: CivilDate, days: number): number {
  return Date.parse(`${addDays(date, days)}T00:00:00Z`);
}
