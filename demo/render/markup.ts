import { type CivilDate, epochDay } from '../../core/calendar/civil-date.ts';
import type { Race } from '../model/racing-day.ts';

/** `classic`: the tables of until spring 2026. `next`: the JSON in the pages since summer 2026. */
export type Markup = 'classic' | 'next';

/** In a `mix` dates take turns, and of each day's races every fourth is told in the other markup. */
export const MARKUP_CHOICES = ['classic', 'next', 'mix'] as const;
export type MarkupChoice = (typeof MARKUP_CHOICES)[number];

/** In a mix the day that is on is always told in today's markup: only that says what has not been run yet. */
export function indexMarkup(choice: MarkupChoice, date: CivilDate, today: CivilDate): Markup {
  if (choice !== 'mix') return choice;
  return date === today ? 'next' : turnOf(epochDay(date));
}

export function raceMarkup(choice: MarkupChoice, race: Race): Markup {
  if (choice !== 'mix') return choice;
  return turnOf(epochDay(race.date) + (race.id % 4 === 1 ? 1 : 0));
}

function turnOf(day: number): Markup {
  return day % 2 === 0 ? 'classic' : 'next';
}
