import type { PageKey } from '../ports/page-library.ts';
import { MAX_WRITES } from '../ports/state-transaction.ts';
import type { Batch } from './batch.ts';
import type { ExtractContext } from './extract-context.ts';
import { createBatch, type HeldBatch } from './held-batch.ts';
import { pageKeyText } from './page-key.ts';
import type { StoredPage } from './page-store.ts';

/** A page that could be sent when it was looked at. */
export interface Candidate {
  readonly page: PageKey;
  /** True where the page before it is labelled. */
  readonly follows: boolean;
  /** Of its record, 0 for none: whoever changed it since may have sent it. */
  readonly revision: number;
}

/** The lease of the batch and the list of its members are in the transaction as well. */
const CLAIMED_AT_ONCE = MAX_WRITES - 2;

/**
 * Claims pages for a new batch. One whose record has changed since it was looked at is passed over: somebody
 * else may have it. Undefined where too few were left to be sent.
 */
export async function claimBatch(
  context: ExtractContext,
  candidates: readonly Candidate[],
  { route, minimum }: { readonly route: Batch['route']; readonly minimum: number },
): Promise<HeldBatch | undefined> {
  const held = await createBatch(context, route);
  let pages = 0;
  for (let from = 0, piece = 0; from < candidates.length; from += CLAIMED_AT_ONCE, piece++) {
    if (!(await held.renew())) return undefined;
    const claimed = await claimGroup(context, held, piece, candidates.slice(from, from + CLAIMED_AT_ONCE));
    if (claimed === undefined) return undefined;
    pages += claimed;
  }
  if (pages === 0 || pages < minimum) {
    await held.end('empty', 'others have claimed its pages', { pages });
    return undefined;
  }
  if (!(await held.change((batch) => ({ ...batch, pages })))) return undefined;
  context.tell({ kind: 'claimed', batch: held.batch.id, pages });
  return held;
}

/** How many it got, all in one transaction; undefined where the batch itself is lost. */
async function claimGroup(
  context: ExtractContext,
  held: HeldBatch,
  piece: number,
  group: readonly Candidate[],
): Promise<number | undefined> {
  const { pages, batches, state } = context;
  const { id } = held.batch;
  const stored = await Promise.all(group.map(({ page }) => pages.get(pageKeyText(page))));
  let wanted: { readonly candidate: Candidate; readonly stored: StoredPage }[] = group
    .map((candidate, at) => ({ candidate, stored: stored[at]! }))
    .filter((each) => each.stored.revision === each.candidate.revision);
  while (wanted.length > 0) {
    const members = wanted.map(({ candidate: { page, follows } }) => ({ page: pageKeyText(page), follows }));
    const answer = await state.transact([
      batches.check(held.stored),
      batches.pieceWrite(id, { piece, members }),
      ...wanted.map((each) => pages.write(each.stored, { ...each.stored.page, batch: id })),
    ]);
    if (answer.kind === 'written') return wanted.length;
    const failed = new Set(answer.at);
    if (failed.has(0)) return void held.lost();
    wanted = wanted.filter((_, at) => !failed.has(at + 2));
  }
  return 0;
}

/**
 * Frees pages that are not sent after all: they leave the batch and its list. False where the batch is lost.
 */
export async function releasePages(
  context: ExtractContext,
  held: HeldBatch,
  keys: ReadonlySet<string>,
): Promise<boolean> {
  const { pages, batches, state } = context;
  const { id } = held.batch;
  for await (const { piece, members } of batches.pieces(id)) {
    const left = members.filter(({ page }) => keys.has(page));
    if (left.length === 0) continue;
    const kept = members.filter(({ page }) => !keys.has(page));
    for (;;) {
      const stored = await Promise.all(left.map(({ page }) => pages.get(page)));
      const answer = await state.transact([
        batches.check(held.stored),
        batches.pieceWrite(id, { piece, members: kept }),
        ...stored
          .filter(({ page }) => page.batch === id)
          .map((each) => pages.write(each, { ...each.page, batch: null })),
      ]);
      if (answer.kind === 'written') break;
      // A record that a person has changed meanwhile is read again.
      if (answer.at.includes(0)) return held.lost();
    }
  }
  return true;
}
