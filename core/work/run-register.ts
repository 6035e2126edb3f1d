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
  /** `abandoned`: it was interrupted, and a run with another window took its place. */
  status: z.enum(['running', 'succeeded', 'incomplete', 'failed', 'abandoned']),
  /** Milliseconds. */
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  message: z.string().nullable(),
});

/** A run from its first stage to its end. */
export type RunRecord = z.infer<typeof runSchema>;

const partitionKey = (source: string) => `runs#${source}`;

/** The runs of a state store. */
export class RunRegister {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  async get(source: string, runId: string): Promise<RunRecord | undefined> {
    const document = await this.#state.get(partitionKey(source), runId);
    return document && runSchema.parse(document.value);
  }

  /** Newest first. */
  async *list(source: string): AsyncGenerator<RunRecord> {
    for await (const document of this.#state.query(partitionKey(source), { descending: true })) {
      yield runSchema.parse(document.value);
    }
  }

  /** Puts a run on record; one that is there already (it is being resumed) is kept. */
  async begin(input: RunInput, at: number): Promise<void> {
    const record: RunRecord = {
      input,
      status: 'running',
      startedAt: at,
      finishedAt: null,
      message: null,
    };
    await this.#state.write([
      {
        kind: 'put',
        partition: partitionKey(input.source),
        sort: input.runId,
        value: record,
        expect: 'absent',
      },
    ]);
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
