import pLimit from 'p-limit';
import type { BatchProvider, RequestLine } from '../ports/batch-provider.ts';
import type { PageKey } from '../ports/page-library.ts';
import type { Member } from './batch-store.ts';
import type { ExtractContext } from './extract-context.ts';
import type { PromptVersion } from './extraction.ts';
import type { HeldBatch } from './held-batch.ts';
import { pageOfKey } from './page-key.ts';
import { pageRequest } from './prompt.ts';
import { readResult } from './result-object.ts';
import { askAgain, isProblem } from './retry-waits.ts';
import type { RunMemory } from './run-memory.ts';

/** Side by side, as the provider's own client does. */
const UPLOADS_AT_ONCE = 4;
export interface MadeRequests {
  readonly lines: readonly RequestLine[];
  /** Pages that are not sent, with the reason. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Those of them of which the provider refuses the image. */
  readonly refused: ReadonlySet<string>;
  /** Another orchestrator has the batch. */
  readonly isLost: boolean;
}

/** Uploads the images of pages, afresh each time, and makes the question of each. */
export async function makeRequests(
  context: ExtractContext,
  provider: BatchProvider,
  held: HeldBatch,
  members: readonly Member[],
  prompt: PromptVersion,
  memory: RunMemory,
): Promise<MadeRequests> {
  const leftOut = new Map<string, string>();
  const refused = new Set<string>();
  let isLost = false;
  const leaveOut = (key: string, reason: string, isRefused = false) => {
    leftOut.set(key, reason);
    if (isRefused) refused.add(key);
    memory.leaveOut(key, reason, isRefused);
  };

  const requestOf = async ({ page: key, follows }: Member): Promise<RequestLine | undefined> => {
    if (memory.refusal !== undefined) return void leftOut.set(key, 'no image is taken');
    isLost ||= !(await held.renew());
    if (isLost) return undefined;
    if (context.mustStop()) {
      leftOut.set(key, 'no time was left for it');
      memory.unsettled();
      return undefined;
    }
    const page = pageOfKey(key);
    let reason = 'its image is gone';
    const image = await context.library.image(page, (told) => {
      reason = told;
    });
    if (!image) return void leaveOut(key, reason);
    const uploaded = await askAgain(context, context.settings.uploadAttempts, () =>
      provider.upload({ ...image, displayName: key }, context.signal),
    );
    if (isProblem(uploaded)) return void leaveOut(key, uploaded.message, uploaded.cause === 'refused');
    memory.uploaded(key);
    const before = follows ? await contextBefore(context, key, page) : undefined;
    return pageRequest(page, prompt, { previous_context: before }, uploaded);
  };

  const lines = await pLimit(UPLOADS_AT_ONCE).map(members, requestOf);
  return { lines: lines.filter((line) => line !== undefined), leftOut, refused, isLost };
}

/** What the prompt is told of the page before; undefined where that has no result that can be read. */
async function contextBefore(
  { lake, extraction, tell }: ExtractContext,
  key: string,
  page: PageKey,
): Promise<string | undefined> {
  const read = await readResult(lake, extraction, { ...page, page: page.page - 1 });
  if (read.kind === 'result') return extraction.previousContext(read.answer);
  if (read.kind === 'unreadable') tell({ kind: 'no-context', page: key, reason: read.reason });
  return undefined;
}
