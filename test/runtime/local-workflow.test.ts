import { describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../core/ports/clock.ts';
import { dailyRescrape, LOCAL_RESOURCES, type StageName } from '../../core/workflow/workflow.ts';
import {
  type LocalWorkflow,
  runWorkflow,
  type Stage,
  type WorkflowEvent,
} from '../../runtime/local-workflow.ts';

/** Time passes at once, and every wait is written down. */
class JumpingClock implements Clock {
  readonly waits: number[] = [];
  #now = Date.UTC(2026, 10, 17);

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.waits.push(ms);
    this.#now += ms;
  }
}

/** Time stands still: a wait ends only by abort. */
const STOPPED_CLOCK: Clock = {
  now: () => 0,
  sleep: (_ms, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
};

class NamedError extends Error {
  constructor(name: string) {
    super(`${name} happened`);
    this.name = name;
  }
}

interface Line {
  readonly target: string;
  readonly date: string;
}

interface Calls {
  readonly names: string[];
  readonly payloads: Map<string, unknown[]>;
}

function linesOf(count: number): Line[] {
  return Array.from({ length: count }, (_, index) => ({ target: 'gb', date: `day-${index}` }));
}

/** A run over `lines` whose stages all succeed, save where `stages` says otherwise. */
function setUp(
  lines: readonly unknown[],
  stages: Partial<Record<StageName, Stage>> = {},
  rest: Partial<LocalWorkflow> = {},
) {
  const calls: Calls = { names: [], payloads: new Map() };
  const clock = new JumpingClock();
  const record = (name: StageName, stage: Stage): Stage => {
    return async (payload) => {
      calls.names.push(name);
      calls.payloads.set(name, [...(calls.payloads.get(name) ?? []), payload]);
      return stage(payload);
    };
  };
  const workflow: LocalWorkflow = {
    input: { source: 'racing', start: '2026-11-11', end: '2026-11-17' },
    stages: {
      plan: record(
        'plan',
        stages.plan ??
          (async () => ({ runId: 'r1', workList: { key: 'work/r1/list.jsonl', lines: lines.length } })),
      ),
      scrape: record('scrape', stages.scrape ?? (async () => ({ done: true }))),
      'record-failures': record('record-failures', stages['record-failures'] ?? (async () => undefined)),
      publish: record('publish', stages.publish ?? (async () => ({ kind: 'committed' }))),
      summarize: record('summarize', stages.summarize ?? (async () => ({ suspicious: 0 }))),
      report: record('report', stages.report ?? (async () => ({ path: 'reports/r1/report.md' }))),
    },
    async *readLines() {
      yield* lines;
    },
    clock,
    ...rest,
  };
  return { workflow, calls, clock };
}

function definitionWith(options: { maxConcurrency?: number; tolerated?: number } = {}) {
  return dailyRescrape({
    resources: LOCAL_RESOURCES,
    workListBucket: 'lake',
    retry: { attempts: 3, intervalSeconds: 2, backoffRate: 2 },
    maxConcurrency: options.maxConcurrency ?? 4,
    toleratedFailurePercentage: options.tolerated ?? 100,
  });
}

/** Fails the first `times` calls, or those that `when` picks, under this error name. */
function failing(name: string, times: number, answer: unknown = { done: true }): Stage {
  let left = times;
  return async () => {
    if (left-- > 0) throw new NamedError(name);
    return answer;
  };
}

describe('a local run of the daily rescrape', () => {
  it('plans, scrapes and publishes every line, then summarizes and reports', async () => {
    const { workflow, calls } = setUp(linesOf(3));
    const result = await runWorkflow(definitionWith({ maxConcurrency: 1 }), workflow);

    expect(calls.names).toEqual([
      ...['plan', 'scrape', 'publish', 'scrape', 'publish', 'scrape', 'publish', 'summarize', 'report'],
    ]);
    expect(result).toEqual({
      kind: 'succeeded',
      children: { started: 3, succeeded: 3, failed: 0 },
      output: {
        runId: 'r1',
        workList: { key: 'work/r1/list.jsonl', lines: 3 },
        summarize: { answer: { suspicious: 0 } },
        report: { answer: { path: 'reports/r1/report.md' } },
      },
    });
    expect(calls.payloads.get('plan')).toEqual([{ input: workflow.input, execution: 'local' }]);
    expect(calls.payloads.get('scrape')).toEqual(linesOf(3));
  });

  it('reads the work list that the plan names, from the bucket of the definition', async () => {
    const asked: unknown[] = [];
    const { workflow } = setUp(
      linesOf(1),
      {},
      {
        async *readLines(reference) {
          asked.push(reference);
          yield linesOf(1)[0];
        },
      },
    );
    await runWorkflow(definitionWith(), workflow);
    expect(asked).toEqual([{ bucket: 'lake', key: 'work/r1/list.jsonl' }]);
  });

  it('summarizes and reports without reading a work list of no lines', async () => {
    const { workflow, calls } = setUp([]);
    const result = await runWorkflow(definitionWith(), workflow);
    expect(calls.names).toEqual(['plan', 'summarize', 'report']);
    expect(result.kind).toBe('succeeded');
  });

  it('calls a scrape again that stopped before its deadline, until it is done', async () => {
    let turns = 0;
    const { workflow, calls } = setUp(linesOf(1), { scrape: async () => ({ done: ++turns === 3 }) });
    await runWorkflow(definitionWith(), workflow);
    expect(calls.names).toEqual(['plan', 'scrape', 'scrape', 'scrape', 'publish', 'summarize', 'report']);
  });

  it('passes stages JSON only: dates become text, undefined goes', async () => {
    const { workflow, calls } = setUp([{ at: new Date(0), gone: undefined }]);
    await runWorkflow(definitionWith(), workflow);
    expect(calls.payloads.get('scrape')).toStrictEqual([{ at: '1970-01-01T00:00:00.000Z' }]);
  });

  it('lets a stage take hours: the time-out of 60 s that the interpreter brings along does not bite', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { workflow, calls } = setUp(linesOf(1), {
        scrape: () => new Promise((resolve) => setTimeout(() => resolve({ done: true }), 6 * 3_600_000)),
      });
      const running = runWorkflow(definitionWith(), workflow);
      await vi.advanceTimersByTimeAsync(7 * 3_600_000);
      expect(await running).toMatchObject({ kind: 'succeeded', children: { succeeded: 1 } });
      expect(calls.names).toEqual(['plan', 'scrape', 'publish', 'summarize', 'report']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses at once a definition that calls a function which is no stage of this run', async () => {
    const { workflow, calls } = setUp(linesOf(1));
    const deployed = dailyRescrape({
      resources: { ...LOCAL_RESOURCES, publish: 'arn:aws:lambda:eu-west-1:1:function:publish' },
      workListBucket: 'lake',
      retry: { attempts: 3, intervalSeconds: 2, backoffRate: 2 },
      maxConcurrency: 1,
      toleratedFailurePercentage: 100,
    });
    await expect(runWorkflow(deployed, workflow)).rejects.toThrow(/Publish calls arn:aws:lambda/);
    expect(calls.names).toEqual([]);
  });
});

describe('retries of a local run', () => {
  it('waits exactly 2, 4 and 8 s on the clock, then scrapes', async () => {
    const { workflow, calls, clock } = setUp(linesOf(1), { scrape: failing('RateLimited', 3) });
    const result = await runWorkflow(definitionWith(), workflow);
    expect(clock.waits).toEqual([2000, 4000, 8000]);
    expect(calls.names).toEqual(['plan', ...Array(4).fill('scrape'), 'publish', 'summarize', 'report']);
    expect(result).toMatchObject({ kind: 'succeeded', children: { succeeded: 1, failed: 0 } });
  });

  it('gives up after the third wait, tells record-failures why, and still publishes', async () => {
    const { workflow, calls, clock } = setUp(linesOf(1), { scrape: failing('RateLimited', 99) });
    const result = await runWorkflow(definitionWith(), workflow);
    expect(clock.waits).toEqual([2000, 4000, 8000]);
    const names = ['plan', ...Array(4).fill('scrape'), 'record-failures', 'publish', 'summarize', 'report'];
    expect(calls.names).toEqual(names);
    expect(calls.payloads.get('record-failures')).toEqual([
      { ...linesOf(1)[0], problem: { Error: 'RateLimited', Cause: 'RateLimited happened' } },
    ]);
    expect(result).toMatchObject({ kind: 'succeeded', children: { succeeded: 1, failed: 0 } });
  });

  it('starts counting anew when a scrape is called again for the rest of its items', async () => {
    const plan = ['RateLimited', 'RateLimited', 'more', 'RateLimited', 'RateLimited', 'done'];
    const { workflow, clock } = setUp(linesOf(1), {
      scrape: async () => {
        const next = plan.shift() ?? 'done';
        if (next === 'RateLimited') throw new NamedError(next);
        return { done: next === 'done' };
      },
    });
    await runWorkflow(definitionWith(), workflow);
    expect(clock.waits).toEqual([2000, 4000, 2000, 4000]);
  });

  it('keeps the counts of neighbouring children apart', async () => {
    const failed = new Set<string>();
    const { workflow, clock } = setUp(linesOf(20), {
      scrape: async (payload) => {
        const { date } = payload as Line;
        if (failed.has(date)) return { done: true };
        failed.add(date);
        throw new NamedError('Transient');
      },
    });
    const result = await runWorkflow(definitionWith({ maxConcurrency: 10 }), workflow);
    expect(clock.waits).toEqual(Array(20).fill(2000));
    expect(result.children.succeeded).toBe(20);
  });

  it('takes a conflict as a reason to publish again', async () => {
    const { workflow, clock } = setUp(linesOf(1), { publish: failing('Conflict', 1, {}) });
    const result = await runWorkflow(definitionWith(), workflow);
    expect(clock.waits).toEqual([2000]);
    expect(result.children.succeeded).toBe(1);
  });

  it('never retries a bug', async () => {
    const { workflow, calls, clock } = setUp(linesOf(1), { scrape: failing('TypeError', 1) });
    await runWorkflow(definitionWith(), workflow);
    expect(clock.waits).toEqual([]);
    expect(calls.names).toEqual(['plan', 'scrape', 'record-failures', 'publish', 'summarize', 'report']);
  });
});

describe('failures of a local run', () => {
  const secondFails: Stage = async (payload) => {
    if ((payload as Line).date === 'day-1') throw new NamedError('TypeError');
    return {};
  };

  it('counts a child that cannot publish as failed, plays the others, and reports', async () => {
    const { workflow, calls } = setUp(linesOf(4), { publish: secondFails });
    const result = await runWorkflow(definitionWith(), workflow);
    expect(result).toMatchObject({ kind: 'succeeded', children: { started: 4, succeeded: 3, failed: 1 } });
    expect(calls.names.slice(-2)).toEqual(['summarize', 'report']);
  });

  it.each([
    [25, 'succeeded'],
    [24, 'failed'],
  ])(
    'with one failure of four and %i %% tolerated it has %s, and has reported all the same',
    async (tolerated, kind) => {
      const { workflow, calls } = setUp(linesOf(4), { publish: secondFails });
      const result = await runWorkflow(definitionWith({ tolerated }), workflow);
      expect(result).toMatchObject({ kind, children: { started: 4, failed: 1 } });
      if (result.kind === 'failed') expect(result.error.name).toBe('States.ExceedToleratedFailureThreshold');
      expect(calls.names.slice(-2)).toEqual(['summarize', 'report']);
    },
  );

  it('starts no further child after the first failure where none is tolerated', async () => {
    const { workflow } = setUp(linesOf(100), { publish: secondFails });
    const result = await runWorkflow(definitionWith({ tolerated: 0, maxConcurrency: 1 }), workflow);
    expect(result.children).toEqual({ started: 2, succeeded: 1, failed: 1 });
  });

  it('reports a work list that breaks off, after the children that were started', async () => {
    const { workflow, calls } = setUp(
      [],
      { plan: async () => ({ runId: 'r', workList: { key: 'k', lines: 9 } }) },
      {
        async *readLines() {
          yield linesOf(1)[0];
          throw new Error('line 2 is no JSON');
        },
      },
    );
    const result = await runWorkflow(definitionWith(), workflow);
    expect(calls.names).toEqual(['plan', 'scrape', 'publish', 'summarize', 'report']);
    if (result.kind !== 'failed') throw new Error(result.kind);
    expect(result.error.name).toBe('States.ItemReaderFailed');
    expect(result.error.message).toContain('line 2 is no JSON');
  });

  it('reports although the summary breaks, then fails under its name', async () => {
    const { workflow, calls } = setUp(linesOf(1), { summarize: failing('RangeError', 9) });
    const result = await runWorkflow(definitionWith(), workflow);
    expect(calls.names.at(-1)).toBe('report');
    expect(result).toMatchObject({
      kind: 'failed',
      error: { name: 'RangeError', message: 'RangeError happened' },
    });
  });

  it('fails when there is no plan, and the report is told', async () => {
    const { workflow, calls } = setUp(linesOf(1), { plan: failing('UnknownSource', 9) });
    const result = await runWorkflow(definitionWith(), workflow);
    expect(result).toMatchObject({ kind: 'failed', error: { name: 'UnknownSource' } });
    expect(calls.names).toEqual(['plan', 'report']);
    expect(calls.payloads.get('report')).toMatchObject([
      { input: { source: 'racing', problem: { Error: expect.any(String) } }, execution: 'local' },
    ]);
  });

  it('fails an answer that Step Functions would be too small for', async () => {
    const { workflow } = setUp(linesOf(1), { publish: async () => 'x'.repeat(262_144) });
    const events: WorkflowEvent[] = [];
    const result = await runWorkflow(definitionWith(), {
      ...workflow,
      onEvent: (event) => events.push(event),
    });
    expect(result.children.failed).toBe(1);
    const failed = events.find((event) => event.kind === 'child-failed');
    expect(failed).toMatchObject({ error: { name: 'States.DataLimitExceeded' } });
  });
});

describe('children of a local run', () => {
  it('run side by side, but never more than the definition says, and lines are read as they start', async () => {
    let running = 0;
    let most = 0;
    let read = 0;
    let aheadMost = 0;
    let started = 0;
    const { workflow } = setUp(
      [],
      {
        plan: async () => ({ runId: 'r', workList: { key: 'k', lines: 50 } }),
        scrape: async () => {
          started++;
          running++;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
          return { done: true };
        },
      },
      {
        async *readLines() {
          for (const line of linesOf(50)) {
            read++;
            aheadMost = Math.max(aheadMost, read - started);
            yield line;
          }
        },
      },
    );
    const result = await runWorkflow(definitionWith({ maxConcurrency: 5 }), workflow);
    expect(result.children.succeeded).toBe(50);
    expect(most).toBe(5);
    expect(aheadMost).toBeLessThanOrEqual(5);
  });

  it('are told of in order: started, its stages, its wait, its end', async () => {
    const events: WorkflowEvent[] = [];
    const { workflow } = setUp(
      linesOf(1),
      { scrape: failing('Transient', 1) },
      { onEvent: (event) => events.push(event) },
    );
    await runWorkflow(definitionWith(), workflow);
    const told = events.map((event) => ('stage' in event ? `${event.kind} ${event.stage}` : event.kind));
    expect(told.slice(2, -4)).toEqual([
      'child-started',
      'stage-started scrape',
      'stage-failed scrape',
      'retry-waiting scrape',
      'stage-started scrape',
      'stage-finished scrape',
      'stage-started publish',
      'stage-finished publish',
      'child-succeeded',
    ]);
    expect(events.find((event) => event.kind === 'retry-waiting')).toMatchObject({
      attempt: 1,
      waitMs: 2000,
    });
  });

  it('do not take a listener that throws for a stage that failed', async () => {
    const { workflow, calls } = setUp(
      linesOf(1),
      {},
      {
        onEvent: () => {
          throw new Error('broken progress bar');
        },
      },
    );
    await expect(runWorkflow(definitionWith(), workflow)).rejects.toThrow('broken progress bar');
    expect(calls.names).toEqual(['plan', 'scrape', 'publish', 'summarize', 'report']);
  });
});

describe('an aborted local run', () => {
  it('lets the stages under way finish and starts nothing more', async () => {
    const abort = new AbortController();
    const { workflow, calls } = setUp(linesOf(10), {
      scrape: async () => {
        abort.abort();
        await new Promise((resolve) => setImmediate(resolve));
        calls.names.push('scrape ended');
        return { done: true };
      },
    });
    const result = await runWorkflow(definitionWith({ maxConcurrency: 1 }), {
      ...workflow,
      signal: abort.signal,
    });
    expect(calls.names).toEqual(['plan', 'scrape', 'scrape ended']);
    expect(result).toEqual({ kind: 'aborted', children: { started: 1, succeeded: 0, failed: 0 } });
  });

  it('cuts a wait short, and does not give up what a rerun will resume', async () => {
    const abort = new AbortController();
    const { workflow, calls } = setUp(linesOf(1), { scrape: failing('RateLimited', 9) });
    const result = await runWorkflow(definitionWith(), {
      ...workflow,
      clock: STOPPED_CLOCK,
      signal: abort.signal,
      onEvent: (event) => {
        if (event.kind === 'retry-waiting') setImmediate(() => abort.abort());
      },
    });
    expect(result.kind).toBe('aborted');
    expect(calls.names).toEqual(['plan', 'scrape']);
  });

  it('takes a stage that fails because of the abort for interrupted, not for failed', async () => {
    const abort = new AbortController();
    const { workflow, calls } = setUp(linesOf(1), {
      scrape: async () => {
        abort.abort();
        throw new NamedError('Transient');
      },
    });
    const result = await runWorkflow(definitionWith(), { ...workflow, signal: abort.signal });
    expect(result).toEqual({ kind: 'aborted', children: { started: 1, succeeded: 0, failed: 0 } });
    expect(calls.names).toEqual(['plan', 'scrape']);
  });
});
