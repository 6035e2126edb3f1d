import type { Activity } from './activity.ts';
import type { Facets } from './context.ts';
import type { PrintedTime } from './times.ts';

/** One row of a schedule. */
export interface DayRow {
  readonly label: string;
  /** `whole`: from the beginning of the day to its end. */
  readonly activity: Activity | 'whole';
  readonly start?: PrintedTime;
  readonly end?: PrintedTime;
  /** Printed in place of times: `Lunch 30 min`. */
  readonly duration?: number;
}

/** The day of some pupils as one place of a page prints it. */
export interface PrintedDay {
  readonly facets: Facets;
  readonly rows: DayRow[];
}

/** Days in the order of the page; lines under one label are one day. */
export class PrintedDays {
  readonly days: PrintedDay[] = [];
  readonly #open = new Map<string, PrintedDay>();

  /** A day of its own. */
  add(facets: Facets, rows: readonly DayRow[]): PrintedDay {
    const day = { facets, rows: [...rows] };
    this.days.push(day);
    this.#open.set(JSON.stringify(facets), day);
    return day;
  }

  /** What follows stands under another heading: rows go to days of their own. */
  close(): void {
    this.#open.clear();
  }

  /** One more row of the last day of which the same was said. */
  append(facets: Facets, row: DayRow): void {
    const open = this.#open.get(JSON.stringify(facets));
    if (open) open.rows.push(row);
    else this.add(facets, [row]);
  }
}
