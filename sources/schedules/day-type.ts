import { expandRanges } from './ranges.ts';

/** Which days of a school a text speaks of. */
export interface DayType {
  /** `other`: early release, delay, finals and whatever else is not most of the year. */
  readonly kind: 'regular' | 'other' | 'unnamed';
  /** Weekdays that it names; 0 for none. */
  readonly weekdays: number;
  /** Of days that alternate: A or B, odd or even. */
  readonly rotation?: string;
}

const OTHER =
  /\bearly[\s-]{0,3}(?:release|dismissal|out\b|closing|days?\b)|\bminimum\b|\bshort(?:ened)?\b|\bhalf[\s-]{0,3}days?\b|\blate[\s-]{0,3}(?:start|arrival|opening)|\bdelay|\bassembl|\bfinals?\b|\bexams?\b|\btesting\b|\brally\b|\babbreviated\b|\bmodified\b|\bconferences?\b|\bcollaboration\b|\bPLC\b|\bemergency\b|\binclement\b|\bsnow\b|\bholiday|\bsummer\b|\bspecial\s(?:schedule|bell|day)|\breduced\b|\bactivity\s(?:day|schedule|bell)|\bhomeroom\s(?:schedule|day)|\badvisory\s(?:schedule|day)|\bvirtual\b|\bremote\b|\b(?:first|last) day\b|\b(?:one|two|three|[123])[\s-]hours?\b/i;
const REGULAR = /\bregular\b|\bfull[\s-]{0,3}days?\b|\bnormal\b|\bstandard\b|\btraditional\b|\btypical\b/i;

const ROTATION = /\b[AB][\s-]days?\b|\b(?:odd|even)\b/i;

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri'];
const NAME = '(?:mon(?:day)?s?|tue(?:s(?:day)?)?s?|wed(?:nesday)?s?|thu(?:r(?:s(?:day)?)?)?s?|fri(?:day)?s?)';
const LETTER = '(?:M|Tu|TH|Th|T|W|R|F)';
const NAMES = new RegExp(`\\b${NAME}\\b\\.?|[-\\u2010-\\u2015]|\\b(?:through|thru|to)\\b`, 'gi');
const LETTERS = new RegExp(
  `(?<![\\w.'])${LETTER}(?:\\s{0,2}[-\\u2010-\\u2015,/&]\\s{0,2}(?:and\\s)?${LETTER})+(?![\\w'])`,
);
const LETTER_OR_DASH = new RegExp(`${LETTER}|[-\\u2010-\\u2015]`, 'g');
const EXCEPT = /\b(?:except|excluding|other than)\b.*/i;
const LETTER_DAYS: Readonly<Record<string, number>> = { M: 0, T: 1, Tu: 1, W: 2, TH: 3, Th: 3, R: 3, F: 4 };

export function dayTypeIn(text: string): DayType {
  const kind = OTHER.test(text) ? 'other' : REGULAR.test(text) ? 'regular' : 'unnamed';
  const days = weekdaysIn(text.replace(EXCEPT, ''));
  for (const day of weekdaysIn(EXCEPT.exec(text)?.[0] ?? '')) days.delete(day);
  const rotation = ROTATION.exec(text)?.[0].toLowerCase();
  return { kind, weekdays: days.size, ...(rotation !== undefined && { rotation }) };
}

function weekdaysIn(text: string): Set<number> {
  const names = expandRanges(text.matchAll(NAMES), (token) => {
    const day = WEEKDAYS.indexOf(token.slice(0, 3).toLowerCase());
    return day < 0 ? undefined : day;
  });
  const letters = names.length > 0 ? undefined : LETTERS.exec(text)?.[0];
  return new Set(
    letters ? expandRanges(letters.matchAll(LETTER_OR_DASH), (token) => LETTER_DAYS[token]) : names,
  );
}

/** True where the text names days at all. */
export function namesDay({ kind, weekdays, rotation }: DayType): boolean {
  return kind !== 'unnamed' || weekdays > 0 || rotation !== undefined;
}
