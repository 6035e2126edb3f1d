import * as z from 'zod';
import { flag, text, wholeNumber } from '../../core/extract/answer-schema.ts';

const block = z.object({
  block_id: wholeNumber(),
  position: text(),
  text: text(),
  font_style: text(),
});

const textbook = z.object({ title: text().nullable(), author: text().nullable() });

const course = z.object({
  course_name: text().nullable(),
  department: text().nullable(),
  level: text().nullable(),
  topics: z.array(text()).nullable(),
  textbooks: z.array(textbook),
  term: text().nullable(),
  instructors: z.array(text()).nullable(),
  description: text().nullable(),
});

/** What the model is asked to write of a page: its text as it is printed, and the courses that it lists. */
export const catalogAnswer = z.object({
  raw_ocr: z.object({ text_blocks: z.array(block), layout_description: text() }),
  page_info: z.object({ page_number: text().nullable(), is_complete_page: flag(), content_type: text() }),
  school_name: text().nullable(),
  catalog_year: text().nullable(),
  academic_year: text().nullable(),
  courses: z.array(course),
});
export type CatalogAnswer = z.output<typeof catalogAnswer>;

/** All text of a page: its blocks, a line break between two. */
export function pageText({ raw_ocr }: CatalogAnswer): string {
  return raw_ocr.text_blocks
    .map((each) => each.text)
    .filter((each) => each !== '')
    .join('\n');
}
