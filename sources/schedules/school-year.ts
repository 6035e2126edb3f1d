import type { CivilDate } from '../../core/calendar/civil-date.ts';

/** `2025-26`. It begins in July: what is posted in summer is the schedule of the next one. */
export function schoolYearOf(date: CivilDate): string {
  const year = Number(date.slice(0, 4));
  return yearFrom(Number(date.slice(5, 7)) >= 7 ? year : year - 1);
}

function yearFrom(first: number): string {
  return `${first}-${String((first + 1) % 100).padStart(2, '0')}`;
}

const SCHOOL_YEAR = /(?<![\d/-])(20\d\d)\s{0,2}[-\u2010-\u2015/]\s{0,2}(?:20)?(\d\d)(?![\d/-])/g;

/** The school years that a text names: `2025-2026`, `2025- 2026`, `2024-25`, `2023/24`. */
export function schoolYearsIn(text: string): string[] {
  const years = [...text.matchAll(SCHOOL_YEAR)].flatMap(([, first, second]) =>
    (Number(first) + 1) % 100 === Number(second) ? [yearFrom(Number(first))] : [],
  );
  return [...new Set(years)];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const LONG_DATE =
  /\b(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?\s{1,2}(?:\d{1,2}(?:st|nd|rd|th)?,?\s{1,2})?(20\d\d)\b/gi;
const SHORT_DATE = /(?<![\d/-])(\d{1,2})[/-]\d{1,2}[/-](20\d\d|\d\d)(?![\d/-])/g;
const SAID_YEAR =
  /\b(?:posted|updated|revised|effective|modified|published|as of)\b[^.\n]{0,30}?\b(20\d\d)\b(?!\s{0,2}[-\u2010-\u2015/]\s{0,2}\d)/gi;

/**
 * The school years into which the dates of a text fall: a note of 2018 stands on a page of then. A year that
 * is said alone (`posted 2014`) may be either of two.
 */
export function datedYearsIn(text: string): string[] {
  const found: string[] = [];
  for (const [, month, year] of text.matchAll(LONG_DATE))
    found.push(yearOfMonth(MONTHS.indexOf(month!.slice(0, 3).toLowerCase()) + 1, Number(year)));
  for (const [, month, year] of text.matchAll(SHORT_DATE))
    found.push(yearOfMonth(Number(month), year!.length === 2 ? 2000 + Number(year) : Number(year)));
  for (const [, year] of text.matchAll(SAID_YEAR))
    found.push(yearFrom(Number(year)), yearFrom(Number(year) - 1));
  return [...new Set(found)];
}

function yearOfMonth(month: number, year: number): string {
  return yearFrom(month >= 7 ? year : year - 1);
}
