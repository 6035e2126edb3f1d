import * as z from 'zod';
import { manifestPrefix, partitionOfManifest } from '../lake/layout.ts';
import { CorruptLakeError, manifestFiles } from '../lake/manifest.ts';
import { everySource, type Platform } from '../platform.ts';
import type { ObjectStore, StoredObject } from '../ports/object-store.ts';
import type { Partition, Table } from '../source/source.ts';

type Stores = Pick<Platform, 'lake' | 'state'>;

const PLACE = { partition: 'lake', sort: 'place' } as const;
const placeSchema = z.object({ place: z.string() });
/** Every lake has this folder; its address stands for the lake's own. */
const FOLDER = 'tables';

/**
 * Where the lake was when a run last worked on it with this state; undefined where it is there still, or no
 * run did.
 */
export async function movedFrom({ lake, state }: Stores): Promise<string | undefined> {
  const document = await state.get(PLACE.partition, PLACE.sort);
  const place = document && placeSchema.parse(document.value).place;
  return place === lake.uri(FOLDER) ? undefined : place?.slice(0, -FOLDER.length - 1);
}

/**
 * Manifests name files by absolute paths, for engines that know nothing of us: in a copy they name those of
 * the original. Writes each anew that does, over what was read, and answers what to tell people in one line;
 * undefined where nothing was moved. No other run may be under way.
 */
export async function settleIn(
  stores: Stores & Pick<Platform, 'sources' | 'everySource'>,
): Promise<string | undefined> {
  const { lake, state } = stores;
  const place = lake.uri(FOLDER);
  const document = await state.get(PLACE.partition, PLACE.sort);
  if (document && placeSchema.parse(document.value).place === place) return undefined;
  let from = await movedFrom(stores);
  let written = 0;
  // A new lake has none, and needs no sources but that of its run.
  for (const { table } of (await hasManifests(lake)) ? await everySource(stores) : []) {
    for await (const { key } of lake.list(manifestPrefix(table))) {
      const manifest = await lake.get(key);
      const partition = partitionOfManifest(table, key);
      const other = manifest && partition && (await repoint(stores, table, partition, key, manifest));
      if (other === undefined) continue;
      from ??= other;
      written++;
    }
  }
  await state.write([{ kind: 'put', ...PLACE, value: { place } }]);
  if (from === undefined) return undefined;
  return `this lake was copied or moved from ${from}: ${written} of its manifests named files there, and name its own now; failures, queue and flags are those of the original, so let only one of the two run`;
}

async function hasManifests(lake: ObjectStore): Promise<boolean> {
  for await (const _ of lake.list(`${FOLDER}/`)) return true;
  return false;
}

/**
 * The other lake that a manifest named; undefined where it names this one, or cannot be read: others tell
 * that.
 */
async function repoint(
  { lake }: Stores,
  table: Table,
  partition: Partition,
  key: string,
  manifest: StoredObject,
): Promise<string | undefined> {
  const { body, etag, metadata } = manifest;
  const text = new TextDecoder().decode(body);
  try {
    const files = manifestFiles(manifest, table, partition, key);
    const own = `${files.map((file) => lake.uri(file)).join('\n')}\n`;
    if (own === text) return undefined;
    const options = { ifMatch: etag, metadata, contentType: 'text/plain', durable: true };
    await lake.put(key, new TextEncoder().encode(own), options);
    return text.slice(0, text.indexOf(files[0]!) - 1);
  } catch (error) {
    if (error instanceof CorruptLakeError) return undefined;
    throw error;
  }
}
