import * as z from 'zod';
import type { StateDocument, StateStore } from '../ports/state-store.ts';
import { lazily } from '../schema/lazily.ts';
import { Collection, type Place } from './collection.ts';

/**
 * What a run is asked to do: the input of the workflow. The window is named, so that the same input does the
 * same work next week.
 */
const inputSchema = lazily(() =>
  z.object({
    runId: z.string(),
    source: z.string(),
    /** Civil dates in the source's time zone, both included. */
    start: z.string(),
    end: z.string(),
    /** All targets of the source where it is left out. */
    targets: z.array(z.string()).readonly().optional(),
    /** Values of attributes of the targets, any of which they have to have. */
    where: z.record(z.string(), z.array(z.string()).readonly()).readonly().optional(),
    /** Of targets that are crawled one by one: those as well that are not due. */
    all: z.boolean().optional(),
    /** Ask for every page in full, as if nothing were known, whether it is due or not. */
    force: z.boolean(),
  }),
);
export type RunInput = Readonly<z.infer<ReturnType<typeof inputSchema>>>;

const runSchema = lazily(() =>
  z.object({
    input: inputSchema(),
    /** The execution that plays it; null for one that was begun before that was kept. */
    execution: z.string().nullable().default(null),
    /**
     * 1 for the first run of its source. Tells the newest, which ids and times do not: a clock may have run
     * ahead.
     */
    sequence: z.int().default(0),
    /** `abandoned`: it was interrupted or stopped, and not taken up again. */
    status: z.enum(['running', 'succeeded', 'incomplete', 'failed', 'abandoned']),
    /** Milliseconds. */
    startedAt: z.number(),
    finishedAt: z.number().nullable(),
    message: z.string().nullable(),
    /** It has ended, and attempts of it may not be on record yet: a later run of the source sees to them. */
    unrecorded: z.boolean().default(false),
  }),
);

/** A run from its first stage to its end. */
export type RunRecord = z.infer<ReturnType<typeof runSchema>>;

/** How many runs of each source were ever begun. */
const SEQUENCES = 'run-sequences';
const sequenceSchema = lazily(() => z.object({ last: z.int() }));

/** Where it stands how many runs of a source were begun, for those who read more in one request. */
export function sequencePlace(source: string): Place {
  return { partition: SEQUENCES, sort: source };
}

/** The sequence of the newest run by that document, 0 where there is none. */
export function newestRunOf(document: StateDocument | undefined): number {
  return document ? sequenceSchema().parse(document.value).last : 0;
}

const partitionKey = (source: string) => `runs#${source}`;

/** The runs of a state store. */
export class RunStore {
  readonly #runs: Collection<RunRecord>;
  readonly #sequences: Collection<z.infer<ReturnType<typeof sequenceSchema>>>;

  constructor(state: StateStore) {
    this.#runs = new Collection(state, (value) => runSchema().parse(value));
    this.#sequences = new Collection(state, (value) => sequenceSchema().parse(value));
  }

  get(source: string, runId: string): Promise<RunRecord | undefined> {
    return this.#runs.get(placeOf(source, runId));
  }

  /**
   * Newest first. Reads them by their ids, which agree with that as a rule, and keeps those back that are
   * older.
   */
  async *list(source: string): AsyncGenerator<RunRecord> {
    let next = await this.newest(source);
    let early: RunRecord[] = [];
    for await (const run of this.#runs.list(partitionKey(source), { descending: true })) {
      early.push(run);
      for (;;) {
        const due = early.findIndex(({ sequence }) => sequence >= next);
        if (due < 0) break;
        yield early[due]!;
        early = early.toSpliced(due, 1);
        next = Math.max(0, next - 1);
      }
    }
    yield* early.toSorted((a, b) => b.sequence - a.sequence);
  }

  /** The newest run of a source: as a rule for two requests, each for one document. */
  async last(source: string): Promise<RunRecord | undefined> {
    const newest = await this.newest(source);
    for await (const run of this.#runs.list(partitionKey(source), { descending: true, limit: 1 }))
      if (run.sequence >= newest) return run;
    for await (const run of this.list(source)) return run;
    return undefined;
  }

  /** So many of the newest, as their ids tell: for one request. */
  recent(source: string, most: number): AsyncGenerator<RunRecord> {
    return this.#runs.list(partitionKey(source), { descending: true, limit: most });
  }

  /** The sequence of the newest run of a source, 0 where there is none. */
  async newest(source: string): Promise<number> {
    return (await this.#sequences.get(sequencePlace(source)))?.last ?? 0;
  }

  /**
   * Puts a run on record and answers it as it is there: one that is there already (it is being resumed, or
   * another execution has begun it) is kept.
   */
  async begin(input: RunInput, at: number, execution: string | null = null): Promise<RunRecord> {
    const { source, runId } = input;
    const there = await this.get(source, runId);
    if (there) return there;
    const begun = { input: inputSchema().parse(input), execution, status: 'running' as const, startedAt: at };
    const open = { finishedAt: null, message: null, unrecorded: false };
    await this.#sequences.updateOnce(
      sequencePlace(source),
      (before) => ({ last: (before?.last ?? 0) + 1 }),
      ({ last }) => ({
        kind: 'put',
        ...placeOf(source, runId),
        value: { ...begun, sequence: last, ...open },
        expect: 'absent',
      }),
    );
    return (await this.get(source, runId))!;
  }

  /**
   * Ends a run that is under way; one that has ended stays as it ended, whoever else says something else of
   * it.
   */
  async finish(
    source: string,
    runId: string,
    end: {
      readonly status: Exclude<RunRecord['status'], 'running'>;
      readonly at: number;
      readonly message?: string | undefined;
      readonly unrecorded?: boolean;
    },
  ): Promise<void> {
    const { status, at, message = null, unrecorded = false } = end;
    await this.#runs.update(placeOf(source, runId), (before) =>
      before?.status === 'running' ? { ...before, status, finishedAt: at, message, unrecorded } : undefined,
    );
  }

  /** All that a run did is on record now. */
  async recorded(source: string, runId: string): Promise<void> {
    await this.#runs.update(placeOf(source, runId), (before) =>
      before?.unrecorded ? { ...before, unrecorded: false } : undefined,
    );
  }
}

function placeOf(source: string, runId: string): Place {
  return { partition: partitionKey(source), sort: runId };
}
