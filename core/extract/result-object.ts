import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ObjectStore } from '../ports/object-store.ts';
import type { PageKey } from '../ports/page-library.ts';
import type { ExtractedPage, Extraction } from './extraction.ts';
import { identifierOf, lakePathOfPage, pageKeyText } from './page-key.ts';

/** Below it, an object for each page that has a result. */
export const RESULTS = 'extractions/';

const FAILURES = 'extraction-failures/';

/** Where the results of a state are. */
export function resultsOf(state: string): string {
  return `${RESULTS}${identifierOf(state)}/`;
}

/** Where the result of a page is: `extractions/Alabama/LincolnCollege/1851/4.json`. */
export function resultKeyOf(page: PageKey): string {
  return `${RESULTS}${lakePathOfPage(page)}.json`;
}

/** Where the line of a failed answer is kept as it came. */
export function rawKeyOf(page: PageKey, batch: string): string {
  return `${FAILURES}${lakePathOfPage(page)}/${batch}.txt`;
}

/** Where lines of a batch that belong to no page of it are kept: no identifier of a state begins with `_`. */
export function strayLinesOf(batch: string): string {
  return `${FAILURES}_lines/${batch}/`;
}

/** By what the line says: results that are read again leave the same objects. */
export function strayLineKeyOf(batch: string, raw: string): string {
  return `${strayLinesOf(batch)}${createHash('sha256').update(raw).digest('hex').slice(0, 24)}.txt`;
}

/** What this machine knows of a result, in it; one that a person put there has none. */
const PROVENANCE = '_extraction';

/** The answer, then where it comes from: JSON of two spaces, names in the order of the answer's shape. */
export function encodeResult(answer: unknown, page: ExtractedPage): Uint8Array {
  const { key, model, promptVersion, batchId, attempt, tokens, costUsd, extractedAt } = page;
  const text = JSON.stringify(
    {
      ...(answer as object),
      [PROVENANCE]: {
        key: pageKeyText(key),
        state: key.state,
        school: key.school,
        year: key.year,
        page: key.page,
        model,
        prompt_version: promptVersion,
        batch_id: batchId,
        attempt,
        input_tokens: tokens?.input ?? null,
        output_tokens: tokens?.output ?? null,
        cost_usd: costUsd ?? null,
        extracted_at: extractedAt,
      },
    },
    undefined,
    2,
  );
  return new TextEncoder().encode(`${text}\n`);
}

const provenanceSchema = z.object({
  model: z.string(),
  prompt_version: z.string(),
  batch_id: z.string(),
  attempt: z.int(),
  input_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  cost_usd: z.number().nullable(),
  extracted_at: z.iso.datetime(),
});

export type ReadResult =
  | {
      readonly kind: 'result';
      readonly answer: unknown;
      readonly page: ExtractedPage;
      /** Milliseconds; when the object was put there. */
      readonly putAt: number;
    }
  | { readonly kind: 'none' }
  /** It counts as a result all the same. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** The answer that a result holds, whoever put it there, and what it says of where it comes from. */
export async function readResult(
  lake: Pick<ObjectStore, 'get'>,
  { answer: shape }: Pick<Extraction, 'answer'>,
  page: PageKey,
): Promise<ReadResult> {
  const object = await lake.get(resultKeyOf(page));
  if (!object) return { kind: 'none' };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(object.body));
  } catch {
    return { kind: 'unreadable', reason: `the result of ${pageKeyText(page)} is no JSON` };
  }
  const checked = shape.safeParse(value);
  if (checked.success)
    return {
      kind: 'result',
      answer: checked.data,
      page: extractedPage(page, value),
      putAt: object.lastModified,
    };
  return { kind: 'unreadable', reason: `the result of ${pageKeyText(page)} has another shape` };
}

const madeSchema = z.object({ [PROVENANCE]: provenanceSchema });

function extractedPage(key: PageKey, result: unknown): ExtractedPage {
  const { data: made } = madeSchema.safeParse(result);
  const known = made?.[PROVENANCE];
  const { input_tokens: input, output_tokens: output } = known ?? {};
  return {
    key,
    model: known?.model ?? null,
    promptVersion: known?.prompt_version ?? null,
    batchId: known?.batch_id ?? null,
    attempt: known?.attempt ?? null,
    tokens: input == null || output == null ? undefined : { input, output },
    costUsd: known?.cost_usd ?? undefined,
    extractedAt: known?.extracted_at ?? null,
  };
}
