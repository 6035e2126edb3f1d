import * as z from 'zod';
import type { StateStore, StateWrite } from '../ports/state-store.ts';
import type { Place } from '../state/collection.ts';
import type { EntityKey, ReadParent } from './entity.ts';

/** `fingerprint`: of the record of the parent, as derive read it. */
const dependentSchema = z.object({ fingerprint: z.string() });

/** An entity whose derived fields were made with what another one said. */
export interface Dependent extends EntityKey {
  /** Of the record that derive read. */
  readonly fingerprint: string;
}

/** Written with a child whose derive read that parent. */
export function dependentWrite(parent: ReadParent, child: EntityKey): StateWrite {
  return { kind: 'put', ...dependentPlace(parent, child), value: { fingerprint: parent.fingerprint } };
}

export function dependentPlace(parent: EntityKey, child: EntityKey): Place {
  return { partition: dependentsPartition(parent), sort: `${child.kind}#${child.key}` };
}

/** Those that read this parent. */
export async function* dependentsOf(state: StateStore, parent: EntityKey): AsyncGenerator<Dependent> {
  for await (const { sort, value } of state.query(dependentsPartition(parent))) {
    const [kind = '', key = ''] = sort.split('#');
    yield { kind, key, ...dependentSchema.parse(value) };
  }
}

function dependentsPartition({ kind, key }: EntityKey): string {
  return `dependents#${kind}#${key}`;
}
