import type { Country, Course } from './racing-day.ts';

type Kind = 'flat' | 'jumps' | 'both' | 'aw';

function course(
  id: number,
  name: string,
  country: Course['country'],
  kind: Kind,
  numbered: boolean = true,
): Course {
  return {
    id,
    name,
    slug: slugOf(kind === 'aw' ? `${name} aw` : name),
    country,
    allWeather: kind === 'aw',
    codes: kind === 'aw' ? 'flat' : kind,
    numbered,
  };
}

/** `Compiègne` → `compiegne`, `L'Étoile d'Or (s)` → `letoile-dor-s`. */
export function slugOf(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[\u0300-\u036f'’.]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/**
 * The country whose horses, people and kinds of race a meeting has: the distant ones borrow those of Great
 * Britain.
 */
export function courseHome(country: Course['country']): Country {
  return country === 'ire' || country === 'fr' ? country : 'gb';
}

/** Ids are made up. An all-weather track and the turf course of the same place are two courses. */
export const COURSES: readonly Course[] = [
  course(2, 'Ascot', 'gb', 'both'),
  course(5, 'Bath', 'gb', 'flat'),
  course(12, 'Cheltenham', 'gb', 'jumps'),
  course(15, 'Doncaster', 'gb', 'both'),
  course(31, 'Lingfield', 'gb', 'both'),
  course(1138, 'Lingfield', 'gb', 'aw'),
  course(38, 'Newmarket', 'gb', 'flat'),
  course(513, 'Wolverhampton', 'gb', 'aw'),
  course(1353, 'Newcastle', 'gb', 'aw'),
  course(1083, 'Chelmsford', 'gb', 'aw'),
  course(84, 'Chepstow', 'gb', 'both'),
  course(44, 'Plumpton', 'gb', 'jumps'),
  course(73, 'Uttoxeter', 'gb', 'jumps'),
  course(178, 'Leopardstown', 'ire', 'both'),
  course(1138 + 300, 'Dundalk', 'ire', 'aw'),
  course(187, 'Naas', 'ire', 'both'),
  course(198, 'Tramore', 'ire', 'jumps'),
  course(180, 'Gowran Park', 'ire', 'flat'),
  course(204, 'Chantilly', 'fr', 'flat'),
  course(1204, 'Chantilly', 'fr', 'aw'),
  course(209, 'Compiègne', 'fr', 'both'),
  course(211, 'Saint-Cloud', 'fr', 'flat'),
  course(205, 'Auteuil', 'fr', 'jumps'),
  course(216, 'Cagnes-sur-Mer', 'fr', 'both', false),
  course(372, 'Happy Valley', 'hk', 'flat', false),
  course(373, 'Sha Tin', 'hk', 'flat', false),
  course(255, 'Aqueduct', 'usa', 'flat'),
  course(261, 'Gulfstream Park', 'usa', 'flat'),
  course(1840, 'Newbury', 'aro', 'flat'),
];

/** Behind a course's name; Great Britain has none, an Arabian card says so instead. */
const MARKS: Readonly<Record<Course['country'], string>> = {
  gb: '',
  ire: ' (IRE)',
  fr: ' (FR)',
  hk: ' (HK)',
  usa: ' (USA)',
  aro: ' (ARAB)',
};

/** `Dundalk (AW)`: with the surface, without the country. */
export function courseName(course: Course): string {
  return course.allWeather ? `${course.name} (AW)` : course.name;
}

/** `Dundalk (AW) (IRE)`: the surface, then the country unless it is Great Britain. */
export function courseWithCountry(course: Course): string {
  return courseName(course) + MARKS[course.country];
}
