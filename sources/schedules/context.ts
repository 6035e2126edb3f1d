import { activityOf } from './activity.ts';
import { type DayType, dayTypeIn, namesDay } from './day-type.ts';
import { type Grades, gradesIn, type TextKind } from './grades.ts';
import { schoolYearsIn } from './school-year.ts';
import { tidy, withoutTimes } from './times.ts';

/** What a heading, a label or a head of a column says of the times below it. */
export interface Facets {
  readonly grades?: Grades;
  readonly day?: DayType;
  readonly years?: readonly string[];
  readonly school?: string;
  /** Why nothing below it is the schedule of pupils: office hours, a proposal. */
  readonly aside?: true;
}

const LEVEL_WORD =
  '(?:Elementary|Primary|Middle|Intermediate|Junior High|High|Secondary|Academy|Charter|Magnet|K-8)';
/** A name before a word of schools: `Oak Hollow Elementary`, `Carver Junior High School`. */
const SCHOOL = new RegExp(
  `^((?:(?!${LEVEL_WORD}\\b)[A-Z][\\w.'’-]*\\s){1,5}(?:${LEVEL_WORD}(?:\\s(?:School|Academy))?|School|Academy))\\b(?!\\s(?:School\\s)?(?:Districts?|Boards?|System|Corporation|Department|Unit)\\b)`,
);
const NO_NAME =
  /^(?:the|our|all|regular|daily|bell|district|school|public|every|each|after|before|early|welcome|start|end|senior|junior|upper|lower)\s/i;
const PROPOSED = /\bpropos(?:ed|als?)\b|\bdraft\b|\bunder consideration\b|\btentative\b/i;
const PUPILS = /\b(?:school|bell|student|class|daily|instructional)\s(?:hours?|times?|schedules?|day)\b/i;
/** Whole sections that are about something else. */
const OTHER_SECTION =
  /\b(?:calendar|events?|athletics?|sports|menus?|transportation|bus|news|registration|enrollment|testing|meetings?|conferences?|contact|phone)\b/i;

/** `label`: short text that names things; `prose`: a sentence. */
export function facetsOf(text: string, kind: TextKind = 'label'): Facets {
  const grades = gradesIn(text, kind);
  const day = dayTypeIn(text);
  const years = schoolYearsIn(text);
  const school = schoolIn(text);
  return {
    ...(grades && { grades }),
    ...(namesDay(day) && { day }),
    ...(years.length > 0 && { years }),
    ...(school !== undefined && { school }),
    ...(isAside(text) && { aside: true }),
  };
}

/** The name of a school at the beginning of a text; `Middle School` alone is the name of none. */
export function schoolIn(text: string): string | undefined {
  const name = SCHOOL.exec(tidy(text))?.[1];
  return name === undefined || NO_NAME.test(name) ? undefined : name;
}

function isAside(text: string): boolean {
  if (PROPOSED.test(text)) return true;
  if (PUPILS.test(text) && !/\boffice\b/i.test(text)) return false;
  return OTHER_SECTION.test(text) || activityOf(text) === 'aside';
}

/** Words of a label that is set as any other text. */
const MOST_WORDS = 4;

/** Where a reader is: the headings above him, and the last label. */
export class Context {
  readonly #headings: { readonly level: number; readonly facets: Facets }[] = [];
  #label: Facets = {};

  constructor(page: Facets) {
    this.#headings.push({ level: 0, facets: page });
  }

  heading(level: number, text: string): void {
    while (this.#headings.at(-1)!.level >= level) this.#headings.pop();
    this.#headings.push({ level, facets: facetsOf(text) });
    this.#label = {};
  }

  /**
   * A line without times. A label of grades, a school or something else begins anew; one of days goes on. A
   * link in it (`own` is the rest) says nothing of years, and a few words in passing nothing of other
   * sections. True where it says anything.
   */
  label(text: string, own: string, strong: boolean): boolean {
    const { aside, years: _, ...told } = facetsOf(withoutTimes(text));
    const years = schoolYearsIn(own);
    const isHead = strong || text.endsWith(':') || text.split(' ').length <= MOST_WORDS;
    const facets: Facets = {
      ...told,
      ...(years.length > 0 && { years }),
      ...(aside && isHead && { aside }),
    };
    const isNew = facets.grades || facets.school !== undefined || facets.aside;
    this.#label = isNew ? facets : { ...this.#label, ...facets };
    return Object.keys(facets).length > 0;
  }

  /** What holds here: the nearest word on each question. */
  facets(): Facets {
    return this.#headings.reduceRight<Facets>((near, { facets }) => below(facets, near), this.#label);
  }
}

/** `near` together with what stands above it: on each question the nearest word counts. */
export function below(above: Facets, near: Facets): Facets {
  return { ...above, ...near };
}
