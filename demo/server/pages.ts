import { addDays, type CivilDate, parseCivilDate } from '../../core/calendar/civil-date.ts';
import type { Fault } from '../faults.ts';
import { buildDay, lastRaceOf, type ModelOptions, racesOf } from '../model/build-day.ts';
import { provisional } from '../model/provisional.ts';
import { COUNTRIES, type Country, type Race, type RacingDay } from '../model/racing-day.ts';
import { hash32 } from '../model/random.ts';
import { renderChangedRace } from '../render/changed-page.ts';
import { renderClassicIndex } from '../render/classic/index-page.ts';
import { renderClassicRace } from '../render/classic/race-page.ts';
import { type Furniture, furnish } from '../render/furniture.ts';
import { indexMarkup, type MarkupChoice, raceMarkup } from '../render/markup.ts';
import {
  indexProps,
  lostListProps,
  raceProps,
  renderNextIndex,
  renderNextRace,
} from '../render/next/next-page.ts';
import { dataPath, racePath } from '../render/paths.ts';
import type { World } from './world.ts';

/** A page that the site has, before anything is compressed. */
export interface SitePage {
  /** Tells one content of an address from another; two equal keys mean equal bytes. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  readonly contentType: string;
  /** The text; a costly call. */
  render(): string;
}

/** Faults that change what a page says and not how it is sent. */
const CONTENT_FAULTS = [
  'changed-page',
  'shifted-cells',
  'empty-table',
  'invalid-record',
  'lost-list',
] as const;
export type ContentFault = (typeof CONTENT_FAULTS)[number];

export function contentFault(fault: Fault | undefined): ContentFault | undefined {
  return CONTENT_FAULTS.find((kind) => kind === fault?.kind);
}

export interface PageOptions {
  readonly markup: MarkupChoice;
  /** Bytes of a race page with 12 runners. */
  readonly pageBytes: number;
  readonly indexBytes: number;
}

/** Days that stay in memory: a week of three countries asks for each of them over and over. */
const DAYS_KEPT = 32;
const RACE_PATH = /^\/results\/\d+\/[a-z0-9-]+\/(\d{4}-\d\d-\d\d)\/(\d+)$/;
const INDEX_PATH = /^\/results\/(\d{4}-\d\d-\d\d)(\/time-order)?$/;
const DATA_PATH = /^\/_next\/data\/([^/]+)(\/results\/.+)\.json$/;
const DAMAGED_ROW = 3;
const HTML = 'text/html; charset=utf-8';

/** What stands under which address, from the model and the state of the world. */
export class Pages {
  readonly #model: ModelOptions;
  readonly #options: PageOptions;
  readonly #furniture: Furniture;
  readonly #buildId: string;
  readonly #days = new Map<CivilDate, RacingDay>();

  constructor(model: ModelOptions, options: PageOptions) {
    this.#model = model;
    this.#options = options;
    this.#furniture = furnish(model.seed, Math.round(options.pageBytes * 1.2));
    this.#buildId = `demo-${hash32(`build ${model.seed}`).toString(36)}`;
  }

  /** The nth race of a country's day, from the end where negative; undefined where there is none. */
  race(country: Country, date: CivilDate, nth: number): Race | undefined {
    return racesOf(this.day(date), country).at(nth);
  }

  /** The races of a country's day as the site tells them in this state of the world. */
  races(country: Country, date: CivilDate, world: World): Race[] {
    if (world.isEmpty(country, date)) return [];
    return racesOf(this.day(date), country).map((race) =>
      world.isProvisional(race) ? provisional(race) : race,
    );
  }

  /** Not run yet: such a race has no page. */
  isPending(race: Race, world: World): boolean {
    return race.date === world.today && race.id === lastRaceOf(this.#model, this.day(race.date))?.id;
  }

  find(path: string, world: World, fault: ContentFault | undefined): SitePage | undefined {
    const [, buildId, dataOf] = DATA_PATH.exec(path) ?? [];
    if (buildId !== undefined && buildId !== this.#buildId) return undefined;
    const asked = dataOf ?? path;
    const index = INDEX_PATH.exec(asked);
    const date = parseCivilDate((index ?? RACE_PATH.exec(asked))?.[1] ?? '');
    if (date === undefined || date > world.today) return undefined;
    const asJson = dataOf !== undefined;
    return index
      ? this.#index(date, asked, index[2] !== undefined, world, fault, asJson)
      : this.#race(date, asked, world, fault, asJson);
  }

  day(date: CivilDate): RacingDay {
    const known = this.#days.get(date);
    if (known) return known;
    const day = buildDay(this.#model, date);
    if (this.#days.size >= DAYS_KEPT) this.#days.delete(this.#days.keys().next().value!);
    this.#days.set(date, day);
    return day;
  }

  /** Whether the index of a day that is on is told otherwise the day after. */
  get #changesOvernight(): boolean {
    return this.#model.specials || this.#options.markup === 'mix';
  }

  #index(
    date: CivilDate,
    path: string,
    timeOrder: boolean,
    world: World,
    fault: ContentFault | undefined,
    asJson: boolean,
  ): SitePage | undefined {
    const day = this.day(date);
    const empty = COUNTRIES.filter((country) => world.isEmpty(country, date));
    const open = day.meetings.flatMap(({ races }) => races).filter((race) => this.isPending(race, world));
    const lost = fault === 'lost-list';
    const markup = lost ? 'next' : indexMarkup(this.#options.markup, date, world.today);
    if (asJson && markup !== 'next') return undefined;
    const listed = (): RacingDay => {
      const here = day.meetings.filter(({ course }) => !empty.some((country) => country === course.country));
      return { date, meetings: timeOrder ? inTimeOrder(here) : here };
    };
    const props = () => (lost ? lostListProps() : indexProps(listed(), (race) => open.includes(race)));
    const { indexBytes: bytes } = this.#options;
    return {
      key: [path, asJson, markup, lost, empty.join(), open.map(({ id }) => id).join()].join('|'),
      lastModified: midnightAfter(date, this.#changesOvernight && date < world.today ? 1 : 0),
      contentType: asJson ? 'application/json' : HTML,
      render: () => {
        if (asJson) return nextData(props());
        if (markup === 'classic')
          return renderClassicIndex(withoutRaces(listed(), open), this.#furniture, bytes);
        return renderNextIndex(date, props(), timeOrder ? '/results/[date]/time-order' : '/results/[date]', {
          furniture: this.#furniture,
          buildId: this.#buildId,
          bytes,
        });
      },
    };
  }

  #race(
    date: CivilDate,
    path: string,
    world: World,
    fault: ContentFault | undefined,
    asJson: boolean,
  ): SitePage | undefined {
    const settled = this.day(date)
      .meetings.flatMap(({ races }) => races)
      .find((race) => racePath(race) === path);
    if (!settled || settled.outcome === 'abandoned' || this.isPending(settled, world)) return undefined;
    if (COUNTRIES.some((country) => country === settled.country && world.isEmpty(country, date)))
      return undefined;
    const markup = raceMarkup(this.#options.markup, settled);
    if (asJson && markup !== 'next') return undefined;
    const early = world.isProvisional(settled);
    const race = early ? provisional(settled) : settled;
    const row = Math.min(DAMAGED_ROW, race.runners.length - 1);
    const damage = {
      noRows: fault === 'empty-table',
      shiftedRow: fault === 'shifted-cells' ? row : undefined,
      invalidRow: fault === 'invalid-record' ? row : undefined,
    };
    return {
      key: `${path}|${asJson}|${early ? 'provisional' : ''}|${fault ?? ''}`,
      lastModified: midnightAfter(date, early ? 0 : world.settlesAfter(settled)),
      contentType: asJson ? 'application/json' : HTML,
      render: () => {
        const rendering = { pageBytes: this.#options.pageBytes, furniture: this.#furniture, damage };
        if (fault === 'changed-page') return renderChangedRace(race, rendering);
        if (asJson) return nextData(raceProps(race, damage));
        if (markup === 'classic') return renderClassicRace(race, rendering);
        return renderNextRace(race, '/results/[courseId]/[course]/[date]/[raceId]', {
          ...rendering,
          buildId: this.#buildId,
        });
      },
    };
  }

  /** The JSON route of a page of today's markup. */
  dataPath(pagePath: string): string {
    return dataPath(this.#buildId, pagePath);
  }
}

function nextData(props: object): string {
  return JSON.stringify({ pageProps: props, __N_SSP: true });
}

/** Meetings by their first race; the races of a meeting are in order already. */
function inTimeOrder(meetings: RacingDay['meetings']): RacingDay['meetings'] {
  const first = ({ races }: RacingDay['meetings'][number]): string => races[0]?.off ?? '';
  return meetings.toSorted((a, b) => (first(a) < first(b) ? -1 : 1));
}

/** A classic index lists a race once it has a result. */
function withoutRaces(day: RacingDay, open: readonly Race[]): RacingDay {
  const meetings = day.meetings.map((meeting) => ({
    ...meeting,
    races: meeting.races.filter((race) => !open.includes(race)),
  }));
  return { ...day, meetings };
}

/**
 * Midnight UTC at the start of the day: a Last-Modified must never lie in the future, and today's pages exist
 * all day.
 */
function midnightAfter(date: CivilDate, days: number): number {
  return Date.parse(`${addDays(date, days)}T00:00:00Z`);
}
