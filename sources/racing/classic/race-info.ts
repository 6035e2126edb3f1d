import type { HtmlElement, HtmlIndex } from '../../../core/source/html.ts';
import { collapse, hasClass, textOf } from '../../../core/source/html.ts';

/** A value of the box under the runners, with the text that stands before it. */
interface LabelledValue {
  readonly label: string;
  readonly value: string;
  /** The bold count of runners. */
  readonly isCount: boolean;
}

/**
 * What the box under the runners says. Values are found by their label: some pages have an off time, some
 * have not.
 */
export interface RaceInfo {
  readonly hasBox: boolean;
  /** How many values are not empty: a void race leaves an empty box. */
  readonly filled: number;
  /** `12 ran`; null where the page does not count. */
  readonly ran: number | null;
  /** Empty where none was taken; undefined where no value is labelled so. */
  readonly winningTime: string | undefined;
}

export function readRaceInfo(page: HtmlIndex): RaceInfo {
  const [box] = page.withClass('rp-raceInfo', 'div');
  const values: LabelledValue[] = [];
  if (box) readLines(box, values);
  return {
    hasBox: box !== undefined,
    filled: values.filter(({ value }) => value !== '').length,
    ran: ranOf(values),
    winningTime: values.find(({ label }) => /\bwinning time\b/i.test(label))?.value,
  };
}

/** The values of each `li` below the element. */
function readLines(element: HtmlElement, values: LabelledValue[]): void {
  for (const child of element.children) {
    if (typeof child === 'string') continue;
    if (child.tag === 'li') readLine(child, values);
    readLines(child, values);
  }
}

/** Answers the text that has no value behind it yet. */
function readLine(line: HtmlElement, values: LabelledValue[], before = ''): string {
  let label = before;
  for (const child of line.children) {
    if (typeof child === 'string') label += child;
    else if (hasClass(child, 'rp-raceInfo__value')) {
      const isCount = hasClass(child, 'rp-raceInfo__value_black');
      values.push({ label: collapse(label), value: textOf(child), isCount });
      label = '';
    } else if (child.tag !== 'li' && child.tag !== 'ul') label = readLine(child, values, label);
  }
  return label;
}

function ranOf(values: readonly LabelledValue[]): number | null {
  for (const { value, isCount } of values) {
    const digits = (isCount ? /^(\d+)(?:\s*ran\b|$)/i : /^(\d+)\s*ran\b/i).exec(value)?.[1];
    if (digits !== undefined) return Number(digits);
  }
  return null;
}
