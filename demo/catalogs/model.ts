import { createHash } from 'node:crypto';
import type { PageRequest } from '../gemini/lines.ts';
import { type DemoPage, demoPages, printedLines } from './books.ts';
import { imageOfPage } from './library.ts';

/**
 * A model that reads the pages of both libraries: what it says depends on the image that it is shown, and on
 * the prompt, which alone tells it the department that stands on the page before.
 */
export function catalogModel(): (request: PageRequest) => string {
  const all = [...demoPages(true), ...demoPages(false)];
  const pages = new Map(all.map((page) => [hashOf(imageOfPage(page)), page]));
  return ({ image, prompt }) => {
    const page = pages.get(hashOf(image));
    return page ? JSON.stringify(answerOf(page, departmentBefore(prompt))) : 'I cannot read this page.';
  };
}

function hashOf(image: Uint8Array): string {
  return createHash('sha256').update(image).digest('hex');
}

/** Of the last course that the prompt tells of; null where it tells of none, or of none with a department. */
function departmentBefore(prompt: string): string | null {
  const last = [...prompt.matchAll(/\(department=(.+?), level=/g)].at(-1)?.[1];
  return last === undefined || last === 'None' ? null : last;
}

function answerOf(page: DemoPage, before: string | null): object {
  const lines = printedLines(page).filter((line) => line !== '');
  return {
    raw_ocr: {
      text_blocks: lines.map((text, at) => ({
        block_id: at + 1,
        position: at === 0 ? 'top center' : 'middle',
        text,
        font_style: text === text.toUpperCase() ? 'capitals' : 'roman',
      })),
      layout_description: 'one column',
    },
    page_info: { page_number: String(page.page), is_complete_page: true, content_type: 'courses' },
    school_name: page.school,
    catalog_year: String(page.year),
    academic_year: null,
    courses: page.courses.map((course) => ({
      course_name: course.name,
      department: page.printsDepartment ? course.department : before,
      level: course.level,
      topics: course.topics,
      textbooks: course.textbook ? [course.textbook] : [],
      term: course.term,
      instructors: course.instructors,
      description: null,
    })),
  };
}
