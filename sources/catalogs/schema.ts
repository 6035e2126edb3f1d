import * as z from 'zod';

const text = (description: string) => z.string().nullable().describe(description);
const count = (description: string) => z.int().nullable().describe(description);

/** Which page a row is of, on both tables. The partition is the identifier of its state, and its year. */
const pageShape = {
  page_id: z.string().describe('Page inside its state and year: identifier of the school, a dot, page'),
  page_key: z.string().describe('state:school:year:page, by the true names'),
  state_name: z.string().describe('State as the library names it'),
  school: z.string().describe('School as the library names it'),
  year: z.int32().describe('Year of the catalogue'),
  page: z.int32().describe('Number of the image in its book, which need not be the printed one'),
  model: text('Model that read the page; null where a person put the result there'),
  prompt_version: text('Version of the prompt, page_ocr/v1.1; null as above'),
  batch_id: text('Batch that brought the answer; null as above'),
};

/** One page that was read. */
export const catalogPageSchema = z.object({
  ...pageShape,
  attempt: z.int32().nullable().describe('Which try at the page succeeded, from 1; null as above'),
  input_tokens: count('Tokens of prompt and image; null where the provider does not say'),
  output_tokens: count('Tokens of the answer, with what the model thought; null as above'),
  cost_usd: z
    .number()
    .nullable()
    .describe('US dollars for this answer by the configured prices; null without them or without tokens'),
  extracted_at: z.iso.datetime().nullable().describe('When the answer was read; null as above'),
  page_number: text('Number as printed; null where none is'),
  is_complete_page: z.boolean().describe('False where the image or its last sentence is cut'),
  content_type: z
    .string()
    .describe('What the page is: cover, faculty, courses, …, in the words of the model'),
  school_name: text('School as the page prints it'),
  catalog_year: text('Year of the catalogue as the page prints it'),
  academic_year: text('Academic year as the page prints it'),
  layout_description: z.string().describe('Layout in the words of the model'),
  text: z.string().describe('All text of the page: its blocks, a line break between two'),
  text_blocks: z
    .array(z.record(z.string(), z.any()))
    .describe('Blocks in reading order, JSON: block_id, position, text, font_style'),
  block_count: z.int32().describe('Number of blocks'),
  course_count: z.int32().describe('Rows of this page in courses'),
});

/** One course that a page names. */
export const courseSchema = z.object({
  ...pageShape,
  position: z.int32().describe('Place among the courses of its page, from 1'),
  course_name: text('Name as printed'),
  department: text('Department as printed'),
  level: text('Class or year that takes it, as printed'),
  term: text('Term, session or semester as printed'),
  description: text('Description as printed'),
  topics: z
    .array(z.string())
    .nullable()
    .describe('What it treats of, JSON; null where the page does not say'),
  textbooks: z.array(z.record(z.string(), z.any())).describe('Books, JSON: title, author, each may be null'),
  instructors: z
    .array(z.string())
    .nullable()
    .describe('Who teaches it, JSON; null where the page does not say'),
});

export type CatalogPageRow = z.infer<typeof catalogPageSchema>;
export type CourseRow = z.infer<typeof courseSchema>;
