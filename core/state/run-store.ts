import * as z from 'zod';
import type { StateStore } from '../ports/state-store.ts';

/** What a run is asked to do: the input of the workflow. The window is named, so a redrive next week does the same. */
const inputSchema = z.object({
  runId: z.string(),
  source: z.string(),
  /** Civil dates in the source's time zone, both included. */
  start: z.string(),
  end: z.string(),
  /** All targets of the source where it is left out. */
  targets: z.array(z.string()).readonly().optional(),
  /** Ask for every page in full, as if nothing were known. */
  force: z.boolean(),
});
export type RunInput = Readonly<z.infer<typeof inputSchema>>;

const runSchema = z.object({
  input: inputSchema,
  /** 1 for the first run of its source. Tells the newest, which ids and times do not: a clock may have run ahead. */
  sequence: z.int().default(0),
  /** `abandoned`: it was interrupted, and a run with another window took its place. */
  status: z.enum(['running', 'succeeded', 'incomplete', 'failed', 'abandoned']),
  /** Milliseconds. */
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  message: z.string().nullable(),
});

/** A run from its first stage to its end. */
export type RunRecord = z.infer<typeof runSchema>;

/** How many runs of each source were ever begun. */
const SEQUENCES = 'run-sequences';
const sequenceSchema = z.object({ last: z.int() });

const partitionKey = (source: string) => `runs#${source}`;

/** The runs of a state store. */
export class RunStore {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  async get(source: string, runId: string): Promise<RunRecord | undefined> {
    const document = await this.#state.get(partitionKey(source), runId);
    return document && runSchema.parse(document.value);
  }

  /** Newest first. Reads them by their ids, which agree with that as a rule, and keeps those back whose turn has not come. */
  async *list(source: string): AsyncGenerator<RunRecord> {
    let { last: next } = await this.#sequence(source);
    let early: RunRecord[] = [];
    for await (const document of this.#state.query(partitionKey(source), { descending: true })) {
      early.push(runSchema.parse(document.value));
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

  /** The sequence of the newest run of a source, 0 where there is none. */
  async newest(source: string): Promise<number> {
    return (await this.#sequence(source)).last;
  }

  async #sequence(source: string): Promise<{ readonly last: number; readonly expect: number | 'absent' }> {
    const document = await this.#state.get(SEQUENCES, source);
    if (!document) return { last: 0, expect: 'absent' };
    return { last: sequenceSchema.parse(document.value).last, expect: document.revision };
  }

  /** Puts a run on record; one that is there already (it is being resumed) is kept. */
  async begin(input: RunInput, at: number): Promise<void> {
    const { source, runId } = input;
    while (!(await this.get(source, runId))) {
      const { last, expect } = await this.#sequence(source);
      const record: RunRecord = {
        input,
        sequence: last + 1,
        status: 'running',
        startedAt: at,
        finishedAt: null,
        message: null,
      };
      await this.#state.write([
        { kind: 'put', partition: partitionKey(source), sort: runId, value: record, expect: 'absent' },
        { kind: 'put', partition: SEQUENCES, sort: source, value: { last: last + 1 }, expect },
      ]);
    }
  }

  async finish(
    source: string,
    runId: string,
    end: {
      readonly status: Exclude<RunRecord['status'], 'running'>;
      readonly at: number;
      readonly message?: string;
    },
  ): Promise<void> {
    const before = await this.get(source, runId);
    if (before?.status !== 'running') return;
    const value = { ...before, status: end.status, finishedAt: end.at, message: end.message ?? null };
    await this.#state.write([{ kind: 'put', partition: partitionKey(source), sort: runId, value }]);
  }
}
