import { Buffer } from 'node:buffer';
import { timeOfId } from '../calendar/run-id.ts';
import { encodeWarcInfo } from '../capture/warc-writer.ts';
import type { PartitionJob } from '../job.ts';
import { captureKey } from '../lake/layout.ts';

/** Bytes of one WARC file before the next is begun: what a Lambda can hold beside everything else. */
const SEGMENT_BYTES = 32 * 1024 * 1024;

/** Where a record was laid down; its text is known once the writer has finished. */
export interface CapturePlace {
  readonly segment: Segment;
  /** Bytes after the record that the file begins with. */
  readonly at: number;
}

/** One WARC file on its way. */
class Segment {
  readonly records: Uint8Array[] = [];
  bytes = 0;
  /** Known when it is stored. */
  key = '';
  headerBytes = 0;
}

/**
 * Lays WARC records one behind the other. A file that is there is never replaced: rows lead into it by
 * offset. Whoever finalizes the same again finds its records there and writes nothing; other records of the
 * same run go into a file beside it.
 */
export class CaptureWriter {
  readonly #context: PartitionJob;
  #segment = new Segment();
  #part = 0;

  constructor(context: PartitionJob) {
    this.#context = context;
  }

  /** Null where there is no record. */
  async add(record: Uint8Array): Promise<CapturePlace | null> {
    if (record.length === 0) return null;
    if (this.#segment.bytes >= SEGMENT_BYTES) await this.finish();
    const segment = this.#segment;
    const place = { segment, at: segment.bytes };
    segment.records.push(record);
    segment.bytes += record.length;
    return place;
  }

  async finish(): Promise<void> {
    const segment = this.#segment;
    if (segment.bytes === 0) return;
    while (!(await this.#store(segment, this.#part++)));
    segment.records.length = 0;
    this.#segment = new Segment();
  }

  /** False where another file has this name. */
  async #store(segment: Segment, part: number): Promise<boolean> {
    const { source, partition, runId, platform } = this.#context;
    const key = captureKey(source.name, partition, runId, part);
    const header = await this.#header(key);
    const file = Buffer.concat([header, ...segment.records]);
    const records = file.subarray(header.length);
    segment.key = key;
    segment.headerBytes = header.length;
    if ((await platform.lake.put(key, file, { ifNoneMatch: '*' })).kind === 'stored') return true;
    const there = await platform.lake.get(key);
    if (!there) return false;
    segment.headerBytes = there.body.length - records.length;
    return segment.headerBytes > 0 && isSame(there.body.subarray(segment.headerBytes), records);
  }

  #header(key: string): Promise<Uint8Array> {
    const { source, runId } = this.#context;
    return encodeWarcInfo({
      writtenAt: timeOfId(runId),
      fields: {
        software: source.politeness.userAgent,
        isPartOf: runId,
        filename: key.slice(key.lastIndexOf('/') + 1),
      },
    });
  }
}

/** `key#offset` of a record, once its writer has finished. */
export function placeText(place: CapturePlace | null): string | null {
  return place && `${place.segment.key}#${place.segment.headerBytes + place.at}`;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
