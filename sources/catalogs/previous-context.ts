import { type CatalogAnswer, pageText } from './answer.ts';

/** Code points of text, and courses: enough to go on with a sentence or a list that began a page earlier. */
const LAST_CHARACTERS = 500;
const LAST_COURSES = 3;

/** What the prompt of a page is told of the page before: how its text ends, and its last courses. */
export function previousContext(answer: CatalogAnswer): string {
  const text = lastCodePoints(pageText(answer), LAST_CHARACTERS);
  const lines = answer.courses
    .slice(-LAST_COURSES)
    .map(
      ({ course_name, department, level, term }, at) =>
        `${at + 1}. ${shown(course_name)} (department=${shown(department)}, level=${shown(level)}, term=${shown(term)})`,
    );
  const last = `LAST_${LAST_COURSES}_COURSES:\n${lines.join('\n') || '(none)'}`;
  return (text === '' ? last : `LAST_${LAST_CHARACTERS}_CHARS:\n${text}\n\n${last}`).trim();
}

/** As the prompt has it since its first version. */
function shown(value: string | null): string {
  return value ?? 'None';
}

/** A character beyond U+FFFF is one, and never cut in two. */
function lastCodePoints(text: string, count: number): string {
  return [...text.slice(-2 * count)].slice(-count).join('');
}
