import { expandRanges } from './ranges.ts';
import { GRADE_LEVELS, type GradeLevel } from './schema.ts';

/** Which grades a text speaks of: by number (-2 is PK, -1 TK, 0 K), or by the name of a level. */
export interface Grades {
  readonly numbers: readonly number[];
  readonly levels: readonly GradeLevel[];
}

/** A `label` is short and names things; in `prose` words like middle and high mean other things, too. */
export type TextKind = 'label' | 'prose';

const FIRST_AND_LAST: Readonly<Record<GradeLevel, readonly [number, number]>> = {
  elementary: [-2, 5],
  middle: [6, 8],
  high: [9, 12],
};

/**
 * A level counts where two of its grades are named, so that K-6 is elementary and 5-8 middle; where there is
 * none such, that of the last grade.
 */
export function levelsOf(numbers: readonly number[]): GradeLevel[] {
  const counts = GRADE_LEVELS.map((level) => {
    const [first, last] = FIRST_AND_LAST[level];
    return { level, count: numbers.filter((grade) => grade >= first && grade <= last).length };
  });
  const many = counts.filter(({ count }) => count >= 2);
  const touched = counts.filter(({ count }) => count > 0);
  const chosen =
    many.length > 0 ? many : numbers.length === 2 && touched.length === 2 ? middleOf(touched) : touched;
  return chosen.map(({ level }) => level);
}

/** 5-6 and 8-9 are middle schools. */
function middleOf<Touched extends { readonly level: GradeLevel }>(touched: readonly Touched[]): Touched[] {
  return touched.filter(({ level }) => level === 'middle');
}

const GRADE = '(?:pre-?\\s?k(?:indergarten)?|pk|t-?k|k(?:inder(?:garten)?)?|1[0-2]|[1-9])(?:st|nd|rd|th)?';
const JOIN = '\\s{0,2}(?:,\\s{0,2}(?:&|and)|[-\\u2010-\\u2015&,/]|to|through|thru|and)\\s{0,2}';
const LIST = `${GRADE}(?:${JOIN}${GRADE})*`;
const NOT_A_GRADE =
  '(?!\\s{0,2}(?:st|nd|rd|th)?\\s{0,2}(?:hour|period|block|bell|lunch|semester|quarter|day|wave|week|shift|recess|floor|class\\b|mod\\b))';
/** Each with the list of grades in its one group. */
const NUMBERED: Readonly<Record<TextKind, readonly RegExp[]>> = {
  prose: [
    new RegExp(`\\bgrades?\\s{1,2}(${LIST})(?![\\w:])`, 'gi'),
    new RegExp(`(?<![\\w:/-])(${LIST})[\\s-]{1,2}grade`, 'gi'),
    /(?<![\w/])((?:pre-?k|pk|tk|k)\s{0,1}[-\u2013]\s{0,1}(?:1[0-2]|[1-9])(?:st|nd|rd|th)?)(?![\w:/])/gi,
    /\b(kindergarten)\b/gi,
  ],
  label: [
    new RegExp(`\\b(?:grades?|gr\\.?)\\s{0,2}(${LIST})(?![\\w:])`, 'gi'),
    new RegExp(
      `(?<![\\w:/.-])((?:${GRADE}${JOIN})*(?:1[0-2]|[1-9])(?:st|nd|rd|th)(?:${JOIN}${GRADE})*)(?!\\w)${NOT_A_GRADE}`,
      'gi',
    ),
    new RegExp(
      `(?<![\\w/.-])((?:pre-?k(?:indergarten)?|pk|tk|k(?:inder(?:garten)?)?)(?:${JOIN}${GRADE})*)(?![\\w:'])`,
      'gi',
    ),
    new RegExp(
      `^(?:[a-z\\s./&-]{0,40}(?:school|high|middle|elementary|intermediate)s?)?[\\s(]{0,3}(${GRADE}\\s{0,2}[-\\u2013]\\s{0,2}${GRADE})\\)?$`,
      'gi',
    ),
    new RegExp(`\\((${LIST})\\)`, 'gi'),
  ],
};

/** Words that name a level, longer ones first; what one has found the others do not see. */
const NAMED: readonly (readonly [levels: readonly GradeLevel[], label: RegExp, prose?: RegExp])[] = [
  [['middle', 'high'], /\b(?:junior|jr\.?)\s{0,2}[/&-]?\s{0,2}(?:and\s)?(?:senior|sr\.?)\s{1,2}high\b/gi],
  [
    ['middle', 'high'],
    /(?<!post-?\s?)\bsecondary\b/gi,
    /(?<!post-?\s?)\bsecondary\s{1,2}(?:schools?|students)\b/gi,
  ],
  [['middle'], /\b(?:junior|jr\.?)\s{1,2}highs?\b|\bJHS\b/gi],
  [['middle'], /\bmiddles?\b|\bMS\b/g, /\bmiddle[\s-]school/gi],
  [['middle'], /\bmiddle[\s-]school/gi],
  [['middle'], /\bintermediate\b/gi, /\bintermediate\s{1,2}(?:schools?|students)\b/gi],
  [['high'], /\bhigh[\s-]schools?\b|\b(?:senior|sr\.?)\s{1,2}high\b|\bHS\b/gi],
  [['high'], /\bHigh\b|\bHIGH\b|^high$/g, /(?!)/g],
  [['middle'], /\bMiddle\b|\bMIDDLE\b/g, /(?!)/g],
  [
    ['elementary'],
    /\belementar(?:y|ies)\b|\belem\b|\bES\b|\bprimary\b|\bgrade school\b/gi,
    /\b(?:elementary|primary)\s{1,2}(?:and\b|&|or\b|schools?|students|campus)/gi,
  ],
  [['elementary'], /\bpre-?school\b/gi],
  [['elementary', 'middle', 'high'], /\ball\s{1,2}(?:grades|grade levels|levels)\b/gi],
];

/** Undefined where no grade is named: what is not known stays so. Numbers tell more than names. */
export function gradesIn(text: string, kind: TextKind): Grades | undefined {
  const numbers = [...numbersIn(text, kind)].sort((a, b) => a - b);
  if (numbers.length > 0) return { numbers, levels: levelsOf(numbers) };
  const levels = namedIn(text, kind);
  return levels.length > 0 ? { numbers: [], levels } : undefined;
}

function numbersIn(text: string, kind: TextKind): Set<number> {
  const numbers = new Set<number>();
  for (const pattern of NUMBERED[kind])
    for (const [, list] of text.matchAll(pattern))
      for (const grade of gradesOfList(list!)) numbers.add(grade);
  return numbers;
}

function namedIn(text: string, kind: TextKind): GradeLevel[] {
  let rest = text;
  const found = new Set<GradeLevel>();
  for (const [levels, label, prose = label] of NAMED) {
    const next = rest.replace(kind === 'label' ? label : prose, ' ');
    if (next === rest) continue;
    rest = next;
    for (const level of levels) found.add(level);
  }
  return GRADE_LEVELS.filter((level) => found.has(level));
}

const GRADE_OR_JOIN = new RegExp(`${GRADE}|[-\\u2010-\\u2015]|\\bto\\b|through|thru`, 'gi');

/** `K-2 & 4`: the grades of a list, those between the ends of a range included. */
export function gradesOfList(list: string): number[] {
  return expandRanges(list.matchAll(GRADE_OR_JOIN), gradeOf);
}

function gradeOf(token: string): number | undefined {
  const name = token.toLowerCase();
  if (/^p/.test(name)) return -2;
  if (/^t-?k/.test(name)) return -1;
  if (/^k/.test(name)) return 0;
  const number = Number.parseInt(name, 10);
  return Number.isNaN(number) ? undefined : number;
}
