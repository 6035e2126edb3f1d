/** A time of day as a page prints it. */
export interface PrintedTime {
  /** Minutes since midnight. */
  readonly minutes: number;
  readonly text: string;
}

/** One time, or two with a dash or `to` between them; `from` and `to` are where it stands in the text. */
export interface TimeSpan {
  readonly start: PrintedTime;
  readonly end?: PrintedTime;
  readonly from: number;
  readonly to: number;
}

const TIME =
  /\b(?:12(?::00)?\s{0,2})?noon\b|(?<![\d:.,$#/])(\d{1,2})(?::(\d{2}))?(?![\d:/%]|[.,]\d)(?:\s{0,2}([ap])\.?\s?m\b\.?|([ap])(?![a-z.]))?/gi;
const BETWEEN = /^\s{0,3}(?:[-\u2010-\u2015\u2212~]|to|until|till|thru|through)\s{0,3}$/i;
/** What is counted, and not told, by a number that stands behind it. */
const COUNTED =
  /(?:grades?|gr\.?|periods?|blocks?|room|tier|(?<!\b(?:school|student|class|bell)\s)(?:hours?|day))\s{0,2}[\d&,\s-]{0,12}$/i;
/** What stands before a number that is the end of a range, or the day of a month. */
const NO_HOUR =
  /(?:[-\u2010-\u2015&,/]\s{0,2}|\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?\s{1,3}|\b(?:ages?|aged)\s{1,3})$/i;
/** What may stand behind a bare hour that ends a range. */
const AFTER_HOUR = /^\s{0,3}(?:$|[.,;)|]|(?:on|for|each|every|daily|and|mon|tue|wed|thu|fri)[a-z]{0,8}\b)/i;
/** Minutes; nothing at a school is longer. */
const LONGEST_RANGE = 600;

interface Token extends PrintedTime {
  readonly from: number;
  readonly to: number;
  /** Neither minutes nor a marker: a time only beside one. */
  readonly isBare: boolean;
  readonly hasMarker: boolean;
}

/**
 * The times of a text in its order. Without am or pm the hours from 6 to 11 are in the morning, 12 and 1 to 5
 * in the afternoon. A marker behind the second of two is the second's alone, so `7:40-2:45 p.m.` is a day. A
 * bare hour is one beside a marker (`8-2:45 p.m.`), or where a word leads to the other time (`8 to 2:45`).
 */
export function timesIn(text: string): TimeSpan[] {
  const tokens = [...text.matchAll(TIME)].flatMap((match) => tokenOf(match) ?? []);
  const spans: TimeSpan[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const one = tokens[at]!;
    const other = tokens[at + 1];
    const isPair = other !== undefined && BETWEEN.test(text.slice(one.to, other.from));
    if (isPair && isRange(one, other, text)) {
      const [start, end] = [printed(one), printed(other)];
      spans.push({ start, end, from: one.from, to: other.to });
      at++;
    } else if (!one.isBare) spans.push({ start: printed(one), from: one.from, to: one.to });
  }
  return spans;
}

function isRange(one: Token, other: Token, text: string): boolean {
  if (!one.isBare && !other.isBare) return true;
  const before = text.slice(0, one.from);
  if (COUNTED.test(before)) return false;
  return (one.isBare ? other.hasMarker : one.hasMarker) || isSpoken(one, other, text);
}

/** `8 to 2:45`, `8:15 until 3`: one hour without minutes, no am or pm, and a word between them. */
function isSpoken(one: Token, other: Token, text: string): boolean {
  if (one.isBare === other.isBare || !/[a-z]/i.test(text.slice(one.to, other.from))) return false;
  const length = other.minutes - one.minutes;
  if (length <= 0 || length > LONGEST_RANGE) return false;
  return one.isBare ? !NO_HOUR.test(text.slice(0, one.from)) : AFTER_HOUR.test(text.slice(other.to));
}

function tokenOf(match: RegExpExecArray): Token | undefined {
  const [whole, hour, minute, marker, letter] = match;
  const from = match.index;
  const to = from + whole.length;
  if (hour === undefined) return { minutes: 720, text: whole, from, to, isBare: false, hasMarker: true };
  const half = (marker ?? letter)?.toLowerCase();
  const minutes = minutesOf(Number(hour), Number(minute ?? 0), half);
  if (minutes === undefined) return undefined;
  const isBare = minute === undefined && half === undefined;
  // `7th` and `2nd` are no hours.
  if (isBare && /^[a-z]/i.test(match.input.slice(to))) return undefined;
  return { minutes, text: whole.trim(), from, to, isBare, hasMarker: half !== undefined };
}

function minutesOf(hour: number, minute: number, half: string | undefined): number | undefined {
  if (minute > 59 || hour > 23 || (half && hour > 12 && half === 'a')) return undefined;
  if (half === 'a') return (hour % 12) * 60 + minute;
  if (half === 'p') return (hour > 12 ? hour : (hour % 12) + 12) * 60 + minute;
  return (hour >= 1 && hour <= 5 ? hour + 12 : hour) * 60 + minute;
}

function printed({ minutes, text }: Token): PrintedTime {
  return { minutes, text };
}

/** The text without its times, which is what they are the times of. */
export function withoutTimes(text: string): string {
  let rest = '';
  let at = 0;
  for (const { from, to } of timesIn(text)) {
    rest += `${text.slice(at, from)} `;
    at = to;
  }
  return tidy(rest + text.slice(at));
}

/** Without the dashes, colons and brackets that are left around a label. */
export function tidy(text: string): string {
  return text
    .replace(/\(\s*\)/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s:;,.\-\u2010-\u2015|•*]+|[\s:;,\-\u2010-\u2015|•*]+$/g, '');
}

/** Minutes of a break, told right beside its name: `30 min lunch`, `lunch (30 minutes)`. */
const TOLD_BREAKS = {
  lunch: toldBreak('lunch'),
  recess: toldBreak('recess|break|nutrition|snack|brunch'),
} as const;

function toldBreak(name: string): RegExp {
  const length = '(\\d{1,3})\\s{0,2}-?\\s{0,2}min(?:ute)?s?\\b\\.?';
  return new RegExp(
    `\\b${length}\\s{0,2}(?:(?:for|of)\\s)?(?:${name})\\b|\\b(?:${name})\\b[\\s:,(-]{0,4}(?:(?:is|of|for)\\s)?${length}`,
    'i',
  );
}

/** The length of a break that lies within what the label names; undefined where it is not printed. */
export function breakWithin(label: string, kind: keyof typeof TOLD_BREAKS): number | undefined {
  const match = TOLD_BREAKS[kind].exec(label);
  return match ? Number(match[1] ?? match[2]) : undefined;
}

const DURATION = /\b(\d{1,3})\s{0,2}(?:-\s{0,2})?min(?:ute)?s?\b/i;

/** `57 min`, `30-minute lunch`; undefined without one. */
export function durationIn(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match ? Number(match[1]) : undefined;
}
