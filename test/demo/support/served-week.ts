import { addDays, type CivilDate, civilDate } from '../../../core/calendar/civil-date.ts';
import { COUNTRIES, type Country } from '../../../demo/model/racing-day.ts';
import type { MarkupChoice } from '../../../demo/render/markup.ts';
import { type DemoSite, startDemoSite } from '../../../demo/site.ts';
import type { RaceTruth } from '../../../demo/truth/race-truth.ts';

/** The day after the last of the week, so that every race of it is run. */
export const TODAY = civilDate('2026-11-23');
export const WEEK: readonly CivilDate[] = Array.from({ length: 7 }, (_, nth) => addDays(TODAY, nth - 7));

export interface ServedRace {
  readonly country: Country;
  readonly truth: RaceTruth;
  readonly html: string;
}

/** A week of the site with nothing on its pages but results, as it comes over the wire. */
export class ServedWeek {
  readonly site: DemoSite;
  readonly races: readonly ServedRace[];

  private constructor(site: DemoSite, races: readonly ServedRace[]) {
    this.site = site;
    this.races = races;
  }

  static async start(markup: MarkupChoice): Promise<ServedWeek> {
    const site = await startDemoSite({ seed: 11, today: TODAY, markup, pageBytes: 0, indexBytes: 0 });
    const races: ServedRace[] = [];
    for (const date of WEEK) {
      for (const country of COUNTRIES) {
        for (const truth of site.truth(country, date)) {
          if (truth.country === 'aro') continue; // a card of Arabian horses is laid out in its own way
          races.push({ country, truth, html: await textOf(site, truth.path) });
        }
      }
    }
    return new ServedWeek(site, races);
  }

  text(path: string): Promise<string> {
    return textOf(this.site, path);
  }
}

async function textOf(site: DemoSite, path: string): Promise<string> {
  const response = await fetch(site.url + path);
  if (response.status !== 200) throw new Error(`${path}: HTTP ${response.status}`);
  return response.text();
}
