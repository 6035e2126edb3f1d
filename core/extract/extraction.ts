import type * as z from 'zod';
import type { PageKey } from '../ports/page-library.ts';

/**
 * What is read from pages, as a value: the prompts, the shape of an answer, and the tables that are made of
 * answers. Everything that knows what is printed on a page is here; the machine around it does not.
 */
export interface Extraction<Answer = unknown> {
  /** An identifier: `catalogs`. */
  readonly name: string;
  /** Oldest first; each is kept as long as results were made with it. */
  readonly prompts: readonly PromptVersion[];
  /** Names that it does not know are dropped. */
  readonly answer: z.ZodType<Answer>;
  /** What the prompt of the next page is told of this one: the variable `previous_context`. */
  previousContext(answer: Answer): string;
  readonly tables: readonly ExtractionTable<Answer>[];
}

/** Made by `definePrompt`. */
export interface PromptVersion {
  /** `page_ocr/v1.1` */
  readonly name: string;
  /** With its variables as `{{previous_context}}`. */
  readonly text: string;
  /** The variables that stand in the text. */
  readonly variables: readonly string[];
}

export interface ExtractionTable<Answer = unknown> {
  readonly table: string;
  /** Columns of the table, without those of its partition (state, date). */
  readonly schema: z.ZodObject;
  /** Column that holds the item: `itemOfPage`. */
  readonly itemKey: string;
  readonly rowKey: readonly string[];
  /** Rows that fit the schema; may be none. */
  rowsOf(answer: Answer, page: ExtractedPage): readonly Readonly<Record<string, unknown>>[];
}

/** What is known of a valid result beside its answer: of one that a person put there, its page alone. */
export interface ExtractedPage {
  readonly key: PageKey;
  readonly model: string | null;
  /** Name of the prompt. */
  readonly promptVersion: string | null;
  readonly batchId: string | null;
  /** Failures before it, and one. */
  readonly attempt: number | null;
  /** Undefined where the provider does not say. */
  readonly tokens: { readonly input: number; readonly output: number } | undefined;
  /** US dollars by the prices of the configuration; undefined where these or the tokens are not known. */
  readonly costUsd: number | undefined;
  /** When the answer was read, ISO 8601 in UTC. */
  readonly extractedAt: string | null;
}
