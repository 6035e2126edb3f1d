import type { FailedTry } from '../failures/failure.ts';
import type { PartitionJob } from '../job.ts';
import { type CapturePlace, CaptureWriter, placeText } from './capture-writer.ts';
import { type Checkpoint, type RecordTexts, readCheckpoints } from './checkpoint.ts';
import { inOrder } from './progress.ts';

/** The last try at each page of an index or an item, by the number of the page. */
export type LastTries = ReadonlyMap<number, Checkpoint>;

/** Every attempt of a scrape, its capture laid down. */
export interface RecordedAttempts {
  /** As they happened. */
  readonly attempts: readonly Checkpoint[];
  readonly index: LastTries;
  readonly items: ReadonlyMap<string, LastTries>;
  /** What failed, by item, as it happened. */
  readonly failed: ReadonlyMap<string, readonly FailedTry[]>;
  /** What is known of the JSON of the records of attempts, by the ids of these. */
  readonly texts: ReadonlyMap<string, RecordTexts>;
}

/** Reads the checkpoints of a scrape and lays their captures down in WARC files. */
export async function recordedAttempts(context: PartitionJob): Promise<RecordedAttempts> {
  const { platform, runId, source, partition, recorded } = context;
  const captures = new CaptureWriter(context);
  const stored: { readonly checkpoint: Checkpoint; readonly place: CapturePlace | null }[] = [];
  const read = readCheckpoints(platform.lake, runId, source.name, partition, recorded);
  const known = new Map<string, RecordTexts>();
  for await (const { checkpoint, capture, texts } of read) {
    stored.push({ checkpoint, place: await captures.add(capture) });
    if (texts) known.set(checkpoint.attempt.attempt_id, texts);
  }
  await captures.finish();
  stored.sort((a, b) => inOrder(a.checkpoint, b.checkpoint));
  const attempts = stored.map(({ checkpoint, place }): Checkpoint => {
    return { ...checkpoint, attempt: { ...checkpoint.attempt, capture: placeText(place) } };
  });
  const index = new Map<number, Checkpoint>();
  const items = new Map<string, Map<number, Checkpoint>>();
  const failed = new Map<string, FailedTry[]>();
  for (const checkpoint of attempts) {
    const { kind, item, learned } = checkpoint;
    // What is looked up is no item, and robots.txt is none.
    if (kind === 'robots' || kind === 'look-up') continue;
    // Pages that came are no tries of the one that did not.
    if (!learned) added(failed, item.id, () => []).push(failedTry(checkpoint));
    keepLast(kind === 'index' ? index : added(items, item.id, () => new Map()), checkpoint);
  }
  return { attempts, index, items, failed, texts: known };
}

function added<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return value;
}

function keepLast(pages: Map<number, Checkpoint>, checkpoint: Checkpoint): void {
  const { page = 0, attempt } = checkpoint;
  const last = pages.get(page);
  if (!last || attempt.attempt_number > last.attempt.attempt_number) pages.set(page, checkpoint);
}

function failedTry({ attempt, lookedAt, outcome }: Checkpoint): FailedTry {
  const at = Date.parse(attempt.attempted_at);
  return {
    at,
    ...(lookedAt !== at && { lookedAt }),
    runId: attempt.run_id,
    code: outcome.code,
    message: outcome.message ?? null,
  };
}
