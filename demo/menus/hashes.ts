import { createHash } from 'node:crypto';
import type { Hashes } from './graphql.ts';

/** The hashes of the queries of a release. */
export function hashesOf(release: string): Hashes {
  const hash = (operation: string) => createHash('sha256').update(`${operation} ${release}`).digest('hex');
  return {
    FilteredProducts: hash('FilteredProducts'),
    ConsumerDispensaries: hash('ConsumerDispensaries'),
    DispensarySearch: hash('DispensarySearch'),
  };
}
