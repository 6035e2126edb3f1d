import { collapse } from '../../core/source/html.ts';
import { isNone, withoutBrackets } from './none.ts';

/** What the title of a race says. */
export interface RaceTitle {
  /** The title without the marks that have columns of their own. */
  readonly name: string;
  /** `Class 4`, from the title only. */
  readonly class: string | null;
  /** `Group 1` to `Group 3`, `Grade 1` to `Grade 3`, `Grade A` to `Grade C`, `Listed`. */
  readonly pattern: string | null;
  readonly sexRestriction: string | null;
}

const GRADED = /\b(?:(group)\s+([1-3]|i{1,3})|(grade)\s+([1-3]|i{1,3}|[abc]))\b/i;
const LISTED = /\blisted race\b|(?<=\(\s*)listed\b/i;
const CLASS = /\bclass\s+([1-7]|[a-h])\b/i;
const MARKS = [GRADED, LISTED, CLASS].map((mark) => new RegExp(mark, 'gi'));

/** Letters of the classes before 2004; the pages' own equivalents. */
const CLASS_OF_LETTER: Readonly<Record<string, number>> = { A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, G: 6, H: 7 };

/** First match wins: `Fillies & Mares` before `Fillies`. */
const SEX_RESTRICTIONS: readonly (readonly [RegExp, string])[] = [
  [/\bfillies['’]?\s*(?:&|and)\s*mares\b|\(f\s*&\s*m\)/i, 'F & M'],
  [/\bcolts['’]?\s*(?:&|and)\s*fillies\b|\(c\s*&\s*f\)/i, 'C & F'],
  [/\bcolts['’]?\s*(?:&|and|\/)\s*geldings\b|\(c\s*&\s*g\)/i, 'C & G'],
  [/\bfillies\b/i, 'F'],
  [/\bmares\b/i, 'M'],
];

/**
 * Takes class, group and listed marks out of the title of a race: `Irish Derby (Group 1)` is the Group 1
 * `Irish Derby`.
 */
export function readTitle(title: string): RaceTitle {
  const graded = GRADED.exec(title);
  const listed = LISTED.test(title);
  const code = CLASS.exec(title)?.[1];
  const isMarked = graded !== null || listed || code !== undefined;
  return {
    name: isMarked ? withoutMarks(title) : collapse(title),
    class: code === undefined ? null : className(code),
    pattern: graded ? patternOf(graded) : listed ? 'Listed' : null,
    sexRestriction: SEX_RESTRICTIONS.find(([words]) => words.test(title))?.[1] ?? null,
  };
}

/**
 * The class column: what the page prints (`(Class 4)`), else the title's, else Class 1 for Group and Listed
 * races. Graded jumps races without a printed class stay without one: Ireland does not class its races.
 */
export function classOf(printed: string, title: RaceTitle): string | null {
  const bare = withoutBrackets(printed);
  if (isNone(bare)) {
    return title.class ?? (/^(?:Group|Listed)/.test(title.pattern ?? '') ? 'Class 1' : null);
  }
  const code = /^(?:class\s*)?([1-7]|[a-h])$/i.exec(bare)?.[1];
  return code === undefined ? bare : className(code);
}

function className(code: string): string {
  return `Class ${CLASS_OF_LETTER[code.toUpperCase()] ?? code}`;
}

function patternOf(match: RegExpExecArray): string {
  const rank = (match[2] ?? match[4] ?? '').toUpperCase();
  const kind = match[1] === undefined ? 'Grade' : 'Group';
  return `${kind} ${/^I+$/.test(rank) ? rank.length : rank}`;
}

function withoutMarks(title: string): string {
  const bare = MARKS.reduce((text, mark) => text.replace(mark, ''), title);
  // A mark may share its brackets: `(Grade 3 Handicap)` leaves `(Handicap)`, `(Class 1, Group 2)` leaves
  // nothing.
  return collapse(bare.replace(/\(([^()]*)\)/g, (_, inner: string) => bracketed(inner))).replace(
    /\s*[-–,:]$/,
    '',
  );
}

function bracketed(inner: string): string {
  const rest = inner.replace(/^[\s,;:–-]+|[\s,;:–-]+$/g, '');
  return rest === '' ? '' : `(${rest})`;
}
