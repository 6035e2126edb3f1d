import type { StateDocument, StateStore, StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import { MAX_TRIES } from '../state/collection.ts';
import { dependentPlace } from './dependents.ts';
import { type Entity, type EntityKey, entityName, entityPlace, parseEntity } from './entity.ts';
import { changeWrite } from './entity-changes.ts';

export interface EntityQuery {
  readonly prefix?: string;
  /** Inclusive lower bound of the key. */
  readonly from?: string;
  readonly limit?: number;
}

/** The entities of a state store; what writes them is `persist.ts`. */
export class EntityStore {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  async get(entity: EntityKey): Promise<Entity | undefined> {
    const { partition, sort } = entityPlace(entity);
    const document = await this.#state.get(partition, sort);
    return document && entityOf(entity.kind, document);
  }

  /** In the byte order of their keys, page by page. */
  async *list(kind: string, query: EntityQuery = {}): AsyncGenerator<Entity> {
    for await (const document of this.#state.query(entityPlace({ kind, key: '' }).partition, query))
      yield entityOf(kind, document);
  }

  /** Reads them all. */
  async count(kind: string): Promise<number> {
    let count = 0;
    for await (const _ of this.#state.query(entityPlace({ kind, key: '' }).partition)) count++;
    return count;
  }

  /**
   * Removes an entity, marks its partition as changed, and says whether it was there. Records that refer to
   * it stay as they are; those that come from now on are parked. A message about it that comes later makes it
   * anew. Throws a StorageError where others change it for ever.
   */
  async delete(entity: EntityKey): Promise<boolean> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const stored = await this.get(entity);
      if (!stored) return false;
      const writes: StateWrite[] = [
        { kind: 'delete', ...entityPlace(entity), expect: stored.revision },
        changeWrite({ ...entity, feed: stored.feed, date: stored.date }),
        ...stored.read.map((parent) => ({ kind: 'delete' as const, ...dependentPlace(parent, entity) })),
      ];
      if ((await this.#state.write(writes)) === 'written') return true;
    }
    throw new StorageError(
      `${entityName(entity)} cannot be deleted: others change it all the time; try again`,
    );
  }
}

function entityOf(kind: string, { sort, revision, value }: StateDocument): Entity {
  return { kind, key: sort, revision, ...parseEntity(value) };
}
