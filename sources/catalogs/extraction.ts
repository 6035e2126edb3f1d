import type { Extraction } from '../../core/extract/extraction.ts';
import { type CatalogAnswer, catalogAnswer } from './answer.ts';
import { previousContext } from './previous-context.ts';
import { pageOcrV1_1 } from './prompts/page_ocr/v1.1.ts';
import { courseRows, pageRows } from './rows.ts';
import { catalogPageSchema, courseSchema } from './schema.ts';

/** Catalogues of American colleges of the 1800s: the text of their pages, and the courses that they list. */
export const catalogs: Extraction<CatalogAnswer> = {
  name: 'catalogs',
  prompts: [pageOcrV1_1],
  answer: catalogAnswer,
  previousContext,
  tables: [
    {
      table: 'catalog_pages',
      schema: catalogPageSchema,
      itemKey: 'page_id',
      rowKey: ['page_id'],
      rowsOf: pageRows,
    },
    {
      table: 'courses',
      schema: courseSchema,
      itemKey: 'page_id',
      rowKey: ['page_id', 'position'],
      rowsOf: courseRows,
    },
  ],
};
