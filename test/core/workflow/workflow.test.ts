import { StateMachine } from 'aws-local-stepfunctions';
import { describe, expect, it } from 'vitest';
import type { State } from '../../../core/workflow/asl.ts';
import { retryAfter } from '../../../core/workflow/asl-retry.ts';
import { type DailyRescrapeOptions, dailyRescrape, STAGE_NAMES } from '../../../core/workflow/workflow.ts';

const arn = (stage: string) => `arn:aws:lambda:eu-west-1:123456789012:function:${stage}`;
const options: DailyRescrapeOptions = {
  resources: {
    plan: arn('plan'),
    scrape: arn('scrape'),
    'record-failures': arn('record-failures'),
    publish: arn('publish'),
    summarize: arn('summarize'),
    report: arn('report'),
  },
  workListBucket: 'lake-bucket',
  retry: { attempts: 3, intervalSeconds: 2, backoffRate: 2 },
  maxConcurrency: 8,
  toleratedFailurePercentage: 100,
};

/** Runs asl-validator over a copy; throws what it finds. */
function validate(definition: unknown): void {
  new StateMachine(JSON.parse(JSON.stringify(definition)), {
    validationOptions: { checkArn: true, checkPaths: true },
  });
}

/** Every state of the definition, those of children included. */
function allStates(states: Readonly<Record<string, State>>): readonly (readonly [string, State])[] {
  return Object.entries(states).flatMap(([name, state]) =>
    state.Type === 'Map'
      ? [[name, state] as const, ...allStates(state.ItemProcessor.States)]
      : [[name, state] as const],
  );
}

const definition = dailyRescrape(options);
const states = new Map(allStates(definition.States));

function task(name: string) {
  const state = states.get(name);
  if (state?.Type !== 'Task') throw new Error(`no task ${name}`);
  return state;
}

/** The waits in ms before an error becomes final. */
function waitsOf(stateName: string, errorName: string): number[] {
  const retriers = task(stateName).Retry ?? [];
  const used = retriers.map(() => 0);
  const waits: number[] = [];
  for (;;) {
    const retry = retryAfter(retriers, used, errorName, () => 1);
    if (!retry) return waits;
    used[retry.index] = (used[retry.index] ?? 0) + 1;
    waits.push(retry.waitMs);
  }
}

describe('the daily rescrape as a value', () => {
  it('is valid Amazon States Language, its paths and ARNs included', () => {
    expect(() => validate(definition)).not.toThrow();
  });

  it('would be refused by the same validator with a transition to nowhere', () => {
    const broken = {
      ...definition,
      States: { ...definition.States, Report: { ...task('Report'), Next: 'Nowhere' } },
    };
    expect(() => validate(broken)).toThrow(/Nowhere/);
  });

  it('survives a trip through JSON unchanged, so that what is deployed is what runs locally', () => {
    expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
  });

  it('calls every stage from exactly one state', () => {
    const called = [...states.values()].flatMap((state) =>
      state.Type === 'Task' ? [state.Parameters.FunctionName] : [],
    );
    expect(called.sort()).toEqual(STAGE_NAMES.map(arn).sort());
  });

  it('reads no clock and of its execution nothing but who it is, so that the same input does the same work', () => {
    const text = JSON.stringify(definition).replaceAll('"execution.$":"$$.Execution.Id"', '');
    expect(text).not.toMatch(/\$\$|Timestamp|StartTime|EnteredTime|"Wait"/);
  });

  it('waits 2, 4 and 8 s for a rate limit and for a transient error, then lets it be final', () => {
    expect(waitsOf('Scrape', 'RateLimited')).toEqual([2000, 4000, 8000]);
    expect(waitsOf('Scrape', 'Transient')).toEqual([2000, 4000, 8000]);
  });

  it('never tries a scrape again for an error of the source, and never a publish for a rate limit', () => {
    expect(waitsOf('Scrape', 'SyntaxError')).toEqual([]);
    expect(waitsOf('Publish', 'RateLimited')).toEqual([]);
    expect(waitsOf('Publish', 'Conflict')).toEqual([2000, 4000, 8000]);
  });

  it.each(['Plan', 'Scrape', 'RecordFailures', 'Publish', 'Summarize', 'Report'])(
    '%s outlives trouble of Lambda itself, at random moments within 60 s',
    (name) => {
      expect(waitsOf(name, 'Lambda.TooManyRequestsException')).toEqual([
        2000, 4000, 8000, 16_000, 32_000, 60_000,
      ]);
      const first = retryAfter(task(name).Retry ?? [], [0, 0, 0], 'Lambda.ServiceException', () => 0.25);
      expect(first?.waitMs).toBe(500);
    },
  );

  it('takes the waits from the policy of the source', () => {
    const slow = dailyRescrape({ ...options, retry: { attempts: 2, intervalSeconds: 5, backoffRate: 3 } });
    expect(JSON.stringify(slow)).toContain('"IntervalSeconds":5,"BackoffRate":3,"MaxAttempts":2');
  });

  it('calls scrape again more often where targets have numbers of their own, and nothing else', () => {
    const made = dailyRescrape({ ...options, scrapeRetry: { ...options.retry, attempts: 10 } });
    const statesByName = new Map(allStates(made.States));
    const triesOf = (name: string) => {
      const state = statesByName.get(name);
      return state?.Type === 'Task' ? state.Retry?.[0]?.MaxAttempts : undefined;
    };
    const names = ['Plan', 'Scrape', 'RecordFailures', 'Publish', 'Summarize', 'Report'];
    expect(names.map(triesOf)).toEqual([3, 10, 3, 3, 3, 3]);
  });

  it.each([
    [{ retry: { attempts: 3, intervalSeconds: 0, backoffRate: 2 } }, /intervalSeconds/],
    [{ retry: { attempts: -1, intervalSeconds: 2, backoffRate: 2 } }, /attempts/],
    [{ retry: { attempts: 3, intervalSeconds: 2, backoffRate: 0.5 } }, /backoffRate/],
    [{ maxConcurrency: 0 }, /maxConcurrency/],
    [{ toleratedFailurePercentage: 101 }, /toleratedFailurePercentage/],
  ])('refuses %j, which Step Functions would refuse at deploy time', (wrong, message) => {
    expect(() => dailyRescrape({ ...options, ...wrong })).toThrow(message);
  });
});
