import type { Row } from '../schema/columns.ts';

/** What of a source's rows goes on to be enriched. */
export interface EnrichedRows {
  /** Every kind that its records may have; the tables of all of them say that a day is empty where it is. */
  readonly kinds: readonly string[];
  /** The record of a row with its kind, or undefined where the row has none. */
  recordOf(row: Row): { readonly kind: string; readonly record: unknown } | undefined;
}

/** What the rows of a table are made of for which nothing is scraped. */
export type Derived =
  /** The entities of a kind. */
  | { readonly from: 'entities'; readonly kind: string }
  /** Pages that a model read: those of the extraction of this name. */
  | { readonly from: 'extraction'; readonly name: string };

interface Deriving {
  readonly derived?: Derived;
}

/** False for a table of entities or of an extraction, which is published from these: it has no runs. */
export function isScraped({ derived }: Deriving): boolean {
  return derived === undefined;
}

/** The kind whose entities a table holds; undefined for any other. */
export function entityKindOf({ derived }: Deriving): string | undefined {
  return derived?.from === 'entities' ? derived.kind : undefined;
}

/** The name of the extraction whose pages a table holds; undefined for any other. */
export function extractionOf({ derived }: Deriving): string | undefined {
  return derived?.from === 'extraction' ? derived.name : undefined;
}

/** Why there is no run of a table that is derived, in one line. */
export function notScrapedText({ name, derived }: Deriving & { readonly name: string }): string {
  const rows = derived?.from === 'extraction' ? 'pages that a model reads' : 'entities';
  return `${name} is a table of ${rows}, for which nothing is scraped`;
}
