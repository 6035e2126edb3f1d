import * as z from 'zod';
import { Collection } from '../state/collection.ts';
import type { Batch } from './batch.ts';
import type { ExtractContext } from './extract-context.ts';

const waitSchema = z.object({ since: z.number() });
const HOUR_MS = 3_600_000;

/** By which way a group of pages goes to its provider now; undefined: it waits for more pages. */
export async function routeOf(context: ExtractContext, pages: number): Promise<Batch['route'] | undefined> {
  const { provider, singleProvider, settings, clock, tell } = context;
  const minimum = provider.limits.minimumPages;
  if (pages >= minimum) {
    await endWaiting(context);
    return 'batch';
  }
  const { since } = (await waits(context).update(placeOf(context), (before) =>
    before ? undefined : { since: clock.now() },
  ))!;
  const until = since + settings.maxWaitHours * HOUR_MS;
  const goesSingly = settings.tooFew === 'one-by-one' && singleProvider !== undefined;
  if (goesSingly && clock.now() >= until) {
    tell({ kind: 'one-by-one', pages, minimum });
    return 'single';
  }
  tell({ kind: 'held', pages, minimum, until: goesSingly ? until : null });
  return undefined;
}

/** No page waits any more: the next that does begins anew. */
export async function endWaiting(context: ExtractContext): Promise<void> {
  if (context.provider.limits.minimumPages > 1) await waits(context).remove(placeOf(context));
}

/** Since when pages wait until there are enough of them: one document of the extraction. */
function waits({ state }: ExtractContext): Collection<z.infer<typeof waitSchema>> {
  return new Collection(state, (value) => waitSchema.parse(value));
}

function placeOf({ extraction }: ExtractContext) {
  return { partition: 'extract-waits', sort: extraction.name };
}
