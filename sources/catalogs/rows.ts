import type { ExtractedPage } from '../../core/extract/extraction.ts';
import { itemOfPage, pageKeyText } from '../../core/extract/page-key.ts';
import { type CatalogAnswer, pageText } from './answer.ts';
import type { CatalogPageRow, CourseRow } from './schema.ts';

function pageColumns({ key, model, promptVersion, batchId }: ExtractedPage) {
  return {
    page_id: itemOfPage(key),
    page_key: pageKeyText(key),
    state_name: key.state,
    school: key.school,
    year: key.year,
    page: key.page,
    model,
    prompt_version: promptVersion,
    batch_id: batchId,
  };
}

/** The one row of a page in `catalog_pages`. */
export function pageRows(answer: CatalogAnswer, page: ExtractedPage): CatalogPageRow[] {
  const { raw_ocr, page_info, courses, school_name, catalog_year, academic_year } = answer;
  return [
    {
      ...pageColumns(page),
      attempt: page.attempt,
      input_tokens: page.tokens?.input ?? null,
      output_tokens: page.tokens?.output ?? null,
      cost_usd: page.costUsd ?? null,
      extracted_at: page.extractedAt,
      ...page_info,
      school_name,
      catalog_year,
      academic_year,
      layout_description: raw_ocr.layout_description,
      text: pageText(answer),
      text_blocks: raw_ocr.text_blocks,
      block_count: raw_ocr.text_blocks.length,
      course_count: courses.length,
    },
  ];
}

/** A row for each course of a page, in the order of the page. */
export function courseRows({ courses }: CatalogAnswer, page: ExtractedPage): CourseRow[] {
  const columns = pageColumns(page);
  return courses.map((course, at) => ({ ...columns, position: at + 1, ...course }));
}
