import * as z from 'zod';
import { lazily } from '../../../core/source/define-source.ts';
import type { Page } from '../../../core/source/page.ts';
import type { OwnSettings, PageRequest, Rejected } from '../../../core/source/source.ts';
import { textOrNull } from '../classes.ts';
import { persistedQuery, readGraphql } from '../graphql.ts';

/** A store as the platform lists it. */
export interface ListedStore {
  readonly platformId: string;
  readonly name: string;
  /** What it is called in addresses; may be another name than the one that was asked for. */
  readonly cName: string | null;
  /** Two letters; null where the list does not tell. */
  readonly state: string | null;
}

const answer = lazily(() =>
  z.object({
    data: z.object({
      filteredDispensaries: z.array(
        z.object({
          // 24 hexadecimal digits; those of old stores are 17 letters and digits.
          id: z.string().regex(/^(?:[0-9a-f]{24}|[A-Za-z0-9]{17})$/, { error: 'is no id of a store' }),
          name: z.string(),
          cName: z.string().nullish(),
          location: z.object({ state: z.string().nullish() }).nullish(),
        }),
      ),
    }),
  }),
);

/** Asks which store has this slug or id. */
export function lookUpRequest(endpoint: string, cNameOrID: string, settings: OwnSettings): PageRequest {
  const variables = { dispensaryFilter: { cNameOrID } };
  const hash = settings.hash_consumer_dispensaries ?? '';
  return persistedQuery(endpoint, 'ConsumerDispensaries', variables, hash);
}

/** The stores of an answer(), looked up or listed by place: none where the platform knows none. */
export function parseStores(
  page: Page,
): { readonly kind: 'stores'; readonly stores: readonly ListedStore[] } | Rejected {
  const read = readGraphql(page, answer());
  if (read.kind === 'rejected') return read;
  const stores = read.value.data.filteredDispensaries.map(
    ({ id, name, cName, location }): ListedStore => ({
      platformId: id,
      name: textOrNull(name) ?? '',
      cName: textOrNull(cName),
      state: textOrNull(location?.state),
    }),
  );
  return { kind: 'stores', stores };
}
