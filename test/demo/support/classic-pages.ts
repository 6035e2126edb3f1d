import type { Document, Element } from 'domhandler';
import { parseDocument } from 'htmlparser2';
import type { RunnerTruth } from '../../../demo/truth/race-truth.ts';
import { all } from './elements.ts';
import { type ServedRace, ServedWeek } from './served-week.ts';

export interface ClassicPage extends ServedRace {
  readonly document: Document;
}

/** A runner of a race that has records, with its main row. */
interface RunnerOnPage {
  readonly runner: RunnerTruth;
  readonly row: Element;
  readonly page: ClassicPage;
}

export class ClassicPages {
  readonly week: ServedWeek;
  readonly pages: readonly ClassicPage[];
  readonly runners: readonly RunnerOnPage[];

  private constructor(week: ServedWeek) {
    this.week = week;
    this.pages = week.races.map((race) => ({ ...race, document: parseDocument(race.html) }));
    this.runners = this.pages.flatMap((page) => {
      const rows = mainRows(page.document);
      return page.truth.runners.map((runner, nth) => ({ runner, row: rows[nth]!, page }));
    });
  }

  static async start(): Promise<ClassicPages> {
    return new ClassicPages(await ServedWeek.start('classic'));
  }

  close(): Promise<void> {
    return this.week.site.close();
  }
}

export function mainRows(document: Document): Element[] {
  return all('tr.rp-horseTable__mainRow', document);
}
