import { type Random, seeded } from '../model/random.ts';

export interface DemoCourse {
  readonly name: string;
  readonly department: string;
  readonly level: string;
  readonly term: string | null;
  readonly topics: readonly string[] | null;
  readonly textbook: { readonly title: string; readonly author: string } | null;
  readonly instructors: readonly string[] | null;
}

export interface DemoPage {
  /** `Alabama:Larch Hill College:1851:1` */
  readonly key: string;
  readonly state: string;
  readonly school: string;
  readonly year: number;
  readonly page: number;
  /** False where the department stands on the page before, and this one goes on with its courses. */
  readonly printsDepartment: boolean;
  readonly courses: readonly DemoCourse[];
}

/** Labelled pages of each book: gaps, a page 10 after 9, names with spaces, dots and apostrophes. */
const BOOKS: readonly (readonly [state: string, school: string, year: number, pages: readonly number[]])[] = [
  ['Alabama', 'Larch Hill College', 1851, [1, 2, 5, 6]],
  ['Alabama', 'Larch Hill College', 1852, [1, 2, 3, 4]],
  ['Alabama', "St. Mary's-on-the-Hill", 1880, [9, 10, 11]],
  ['Alabama', 'Vale Academy', 1860, [1, 2, 3]],
  ['New York', 'Brant & Dunmore Seminary', 1849, [1, 2, 3, 4, 5]],
  ['New York', 'Free School No. 4', 1866, [1, 2, 3]],
  ['New York', "Ladies' Inst. of Mt. Amber", 1875, [1, 2, 3, 4]],
  ['New York', 'Thornfield College', 1870, [1, 2]],
  ['Ohio', 'Cedar Creek College', 1855, [1, 2, 3, 4]],
  ['Ohio', 'Normal School at Orle', 1890, [2, 4, 6]],
  ['Ohio', 'Quill Seminary', 1861, [1, 2, 3]],
  ['Ohio', 'Xenworth Seminary', 1868, [1, 2, 3, 4]],
];

const DEPARTMENTS: Readonly<Record<string, readonly string[]>> = {
  Mathematics: ['Algebra', 'Geometry', 'Trigonometry', 'Conic Sections', 'Surveying', 'Calculus'],
  Languages: ['Virgil', 'Cicero', 'Greek Grammar', 'Xenophon', 'French Prose', 'German Readers'],
  'Natural Science': ['Botany', 'Chemistry', 'Physiology', 'Mineralogy', 'Mechanics', 'Astronomy'],
  'Moral Philosophy': ['Logic', 'Rhetoric', 'Evidences', 'Political Economy', 'Ethics', 'Elocution'],
};
const NAMES = Object.keys(DEPARTMENTS);
const LEVELS = ['Freshman', 'Sophomore', 'Junior', 'Senior'];
const TERMS = ['First Term', 'Second Term', 'Third Term', null];
const TOPICS = ['Definitions', 'Exercises', 'Recitations', 'Lectures', 'Problems', 'Themes'];
const AUTHORS = ['Harnay', 'Wexcombe', 'Dellow', 'Prine', 'Ostley', 'Cardwin'];

/** So much later is the library in which nothing goes wrong: of one lake neither has results of the other. */
const YEARS_LATER = 40;

/** All labelled pages in book order; always the same. `hasFaults`: of which of the two libraries. */
export function demoPages(hasFaults = true): DemoPage[] {
  return BOOKS.flatMap(([state, school, firstYear, pages]) => {
    const year = hasFaults ? firstYear : firstYear + YEARS_LATER;
    const random = seeded('catalogs', state, school, year);
    let department = random.pick(NAMES);
    return pages.map((page, at) => {
      const follows = pages[at - 1] === page - 1;
      const printsDepartment = !(follows && random.chance(0.6));
      // A page that goes on with a book that is not here goes on with a department that nobody can know.
      if (printsDepartment) department = random.pick(NAMES.filter((each) => each !== department));
      const key = `${state}:${school}:${year}:${page}`;
      const courses = coursesOf(department, random);
      return { key, state, school, year, page, printsDepartment, courses };
    });
  });
}

function coursesOf(department: string, random: Random): DemoCourse[] {
  const names = DEPARTMENTS[department]!;
  const first = random.int(0, names.length - 1);
  return Array.from({ length: random.int(1, 4) }, (_, at) => ({
    name: names[(first + at) % names.length]!,
    department,
    level: random.pick(LEVELS),
    term: random.pick(TERMS),
    topics: random.chance(0.5) ? [random.pick(TOPICS)] : null,
    textbook: random.chance(0.6)
      ? {
          title: `${names[(first + at) % names.length]}, in ${random.int(2, 9)} parts`,
          author: random.pick(AUTHORS),
        }
      : null,
    instructors: random.chance(0.3) ? [`Prof. ${random.pick(AUTHORS)}`] : null,
  }));
}

/** What is printed on a page, line by line. */
export function printedLines({ school, year, page, printsDepartment, courses }: DemoPage): string[] {
  return [
    `${school.toUpperCase()}: CATALOGUE ${year}`,
    `${page}`,
    '',
    ...(printsDepartment ? [`DEPARTMENT OF ${courses[0]!.department.toUpperCase()}`, ''] : []),
    ...courses.map(printedCourse),
  ];
}

function printedCourse({ name, level, term, topics, textbook, instructors }: DemoCourse): string {
  const also = [
    term,
    topics?.join(', '),
    textbook && `${textbook.author}'s ${textbook.title}`,
    ...(instructors ?? []),
  ];
  return [`${name}: ${level}`, ...also.filter((each) => each)].join(', ');
}
