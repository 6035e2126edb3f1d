import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkMinutesOf, windowDaysOf } from '../../core/source/cadence.ts';
import type { DistributedMapState } from '../../core/workflow/asl.ts';
import { batchExtraction, LOCAL_EXTRACTION_RESOURCES } from '../../core/workflow/batch-extraction.ts';
import { dailyRescrape, LOCAL_RESOURCES } from '../../core/workflow/workflow.ts';
import type { FunctionName } from '../../lambdas/contracts.ts';
import { FUNCTION_SIZES } from '../../lib/function-sizes.ts';
import { ENRICHERS } from '../../sources/enrichers.ts';
import { sources } from '../../sources/index.ts';
import { racing } from '../../sources/racing/source.ts';

const TEXT = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');

/** The tables of docs/cost.md, each as rows of cells, by the first cell of its head. */
const tables = new Map<string, string[][]>();
for (const block of TEXT.split(/\n\n+/)) {
  const rows = block
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [head, , ...body] = rows;
  if (head) tables.set(head.slice(0, 2).join(' | '), body);
}
const table = (name: string) => tables.get(name) ?? [];
const prices = new Map(table('price of one | USD').map(([what, usd]) => [what!, Number(usd)]));
const run = table('line | full');
const row = (rows: readonly string[][], name: string) => rows.find(([first]) => first === name)!.map(Number);

/** A stage's seconds and GB-seconds as the text says they are computed. */
const CALL_SECONDS = 0.03;
function lambda(memory: number, requests: number, ms: number, calls: number): [seconds: number, gb: number] {
  const seconds =
    (requests * racing.politeness.minDelayMs) / 1000 + ms / 1000 / (memory / 1769) + calls * CALL_SECONDS;
  return [seconds, (seconds * memory) / 1024];
}

describe('the cost of a run', () => {
  const lines = run.filter(([name]) => name !== 'total');

  it.each(lines)('%s: price times count is the amount', (name, full, usdFull, unchanged, usdUnchanged) => {
    const price = prices.get(name!)!;
    expect(Number(usdFull)).toBeCloseTo(price * Number(full), 6);
    expect(Number(usdUnchanged)).toBeCloseTo(price * Number(unchanged), 6);
  });

  it('adds up', () => {
    const [, , full, , unchanged] = row(run, 'total');
    const sum = (column: number) => lines.reduce((total, cells) => total + Number(cells[column]), 0);
    expect([full, unchanged]).toEqual([sum(2), sum(4)].map((value) => Number(value.toFixed(6))));
  });

  it('has the seconds of its functions from what was measured, and the memory that is deployed', () => {
    const stages = table('stage | calls').filter(([name]) => name !== 'total');
    expect(stages.map(([name]) => name)).toEqual(['plan', 'scrape', 'publish', 'summarize', 'report']);
    for (const [name, ...cells] of stages) {
      const [, memory, requests, ms, calls, s, gb, ms2, calls2, s2, gb2] = cells.map(Number) as number[];
      expect(memory, name).toBe(FUNCTION_SIZES[name as FunctionName].memorySize);
      const computed = [
        ...lambda(memory!, requests!, ms!, calls!),
        ...lambda(memory!, requests!, ms2!, calls2!),
      ];
      expect([s, gb, s2, gb2], name).toEqual(computed.map((value) => Number(value.toFixed(1))));
    }
    const [, , , , , , , gbFull, , , , gbUnchanged] = row(table('stage | calls'), 'total');
    expect(row(run, 'Lambda, ARM: GB-second')[1]).toBe(gbFull);
    expect(row(run, 'Lambda, ARM: GB-second')[3]).toBe(gbUnchanged);
  });

  /** Where an execution ends without a run of its own. */
  const NO_RUN = ['NothingDue', 'AlreadyBegun'];

  it('has the state transitions of the workflow on a good day', () => {
    const { States } = dailyRescrape({
      resources: LOCAL_RESOURCES,
      workListBucket: 'local',
      retry: racing.retry,
      maxConcurrency: 1,
      toleratedFailurePercentage: 100,
    });
    const startAndEnd = 2;
    const goodDay =
      Object.entries(States).filter(([name, { Type }]) => Type !== 'Fail' && !NO_RUN.includes(name)).length +
      startAndEnd;
    const children = (States.Partitions as DistributedMapState).ItemProcessor.States;
    const child = Object.keys(children).filter((name) => name !== 'RecordFailures').length + startAndEnd;
    const partitions = racing.targets.length * windowDaysOf(racing.cadence);
    expect(row(run, 'Step Functions, standard: state transition')[1]).toBe(goodDay + partitions * child);
  });

  it('has the state transitions of looks that find nothing due, by the month', () => {
    const startAndEnd = 2;
    const transitions = ['Plan', 'IsAnythingPlanned', 'NothingDue'].length + startAndEnd;
    const every = sources.flatMap(({ cadence }) => (cadence.kind === 'every' ? [cadence] : []));
    const [, quantity, usd] = row(
      table('line | quantity'),
      'Step Functions: state transitions of the looks of one source of targets',
    );
    for (const cadence of every)
      expect(quantity).toBe((30 * 24 * 60 * transitions) / checkMinutesOf(cadence));
    expect(usd).toBeCloseTo(quantity! * prices.get('Step Functions, standard: state transition')!, 2);
  });

  it('has what a store was called for: the sum over the stages, of S3 as it is priced', () => {
    const stages = table('stage | calls').filter(([name]) => name !== 'total');
    const STORES = ['S3: PUT or LIST', 'S3: GET'];
    const said = /Of them (\d+) and, unchanged, (\d+) are requests to DynamoDB/.exec(TEXT)!;
    const sum = (column: number) => stages.reduce((total, cells) => total + Number(cells[column]), 0);
    const stores = (column: number) => STORES.reduce((total, name) => total + row(run, name)[column]!, 0);
    expect([stores(1) + Number(said[1]), stores(3) + Number(said[2])]).toEqual([sum(5), sum(9)]);
  });
});

describe('the cost of a thousand crawls', () => {
  const crawls = table('of a thousand crawls | count');
  const lines = crawls.filter(([name]) => name !== 'total');
  const total = Number(crawls.at(-1)?.[2]);

  it.each(lines)('%s: price times count is the amount', (name, count, usd) => {
    expect(Number(usd)).toBeCloseTo(prices.get(name!)! * Number(count), 6);
  });

  it('adds up, and makes the amounts of a month', () => {
    expect(total).toBeCloseTo(
      lines.reduce((sum, [, , usd]) => sum + Number(usd), 0),
      6,
    );
    const months = table('a month | crawls');
    expect(months.length).toBe(2);
    for (const [name, count, usd] of months)
      expect(Number(usd), name).toBeCloseTo((total * Number(count)) / 1000, 2);
  });
});

describe('the cost of records that are enriched', () => {
  it.each(['of a thousand records', 'of 602 partitions of entities'])('%s: adds up', (name) => {
    const rows = table(`${name} | count`);
    const lines = rows.filter(([line]) => line !== 'total');
    expect(lines.length).toBe(5);
    for (const [line, count, usd] of lines)
      expect(Math.abs(Number(usd) - prices.get(line!)! * Number(count)), line).toBeLessThan(1e-6);
    const sum = lines.reduce((total, [, , usd]) => total + Number(usd), 0);
    expect(Number(rows.at(-1)![2])).toBeCloseTo(sum, 6);
  });

  it('has what is paid by the month: queues that are waited at, a metric, looks that find nothing', () => {
    const month = table('line | quantity');
    const line = (name: string) => row(month, name).slice(1);
    // Lambda asks each queue with five long polls of 20 s at once.
    const polls = (5 * 30 * 24 * 3600) / 20;
    const queues = 1 + ENRICHERS.length;
    expect(line('SQS: request')).toEqual([queues * polls, 1.3]);
    expect(line('CloudWatch: metric-month, by the hour')).toEqual([1, 0.3]);
    const { memorySize } = FUNCTION_SIZES['publish-entities'];
    const [, gbSeconds] = lambda(memorySize, 0, 2, 9);
    expect(line('Lambda, ARM: GB-second')[0]).toBeCloseTo(gbSeconds * 30 * 24 * 4, 1);
    const always = ['CloudWatch: alarm-month', 'SQS: request', 'CloudWatch: metric-month, by the hour'];
    const usd = always.reduce((sum, name) => sum + line(name)[1]!, 0);
    expect(readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8')).toContain(
      `${usd.toFixed(2)} USD a month for alarms, a metric and Lambda's waiting`,
    );
  });
});

describe('the cost of an extraction', () => {
  const PAGES = 100_000;
  const LOOKS = 6 * 24 * 30;

  it.each(['of a thousand pages | count', 'of one look at 100,000 pages | count'])('%s adds up', (name) => {
    const rows = table(name);
    expect(rows.length).toBeGreaterThan(4);
    for (const [line, count, usd] of rows.slice(0, -1))
      expect(Number(usd), line).toBeCloseTo(prices.get(line!)! * Number(count), 6);
    const sum = rows.slice(0, -1).reduce((total, [, , usd]) => total + Number(usd), 0);
    expect(Number(rows.at(-1)?.[2])).toBeCloseTo(sum, 6);
  });

  it('makes the amounts of the text', () => {
    const total = (name: string) => Number(table(name).at(-1)?.[2]);
    const text = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');
    const pages = (total('of a thousand pages | count') * PAGES) / 1_000;
    expect(text).toContain(`100,000 pages are ${pages.toFixed(2)} USD beside the model`);
    const look = total('of one look at 100,000 pages | count');
    expect(text).toContain(`${(look * LOOKS).toFixed(2)} USD in 30 days`);
    const idle = 6 * prices.get('Step Functions, standard: state transition')!;
    expect(text).toContain(`An empty library is ${(idle * LOOKS).toFixed(2)} USD a month`);
  });

  it('has the state transitions of an execution that finds nothing to do', () => {
    const { States } = batchExtraction({ resources: LOCAL_EXTRACTION_RESOURCES, mostWaves: 1 });
    const idle = Object.keys(States).filter((name) => name !== 'Publish' && name !== 'Wait');
    const startAndEnd = 2;
    const [, transitions] = row(
      table('of one look at 100,000 pages | count'),
      'Step Functions, standard: state transition',
    );
    expect(transitions).toBe(idle.length + startAndEnd);
  });
});

describe('what it means', () => {
  const PAGES = 166;
  const ROWS = 1992;

  it.each([
    ['a day of racing: one run', 1, 6],
    ['a month of racing: 30 runs', 30, 2],
    ['a million pages', 1_000_000 / PAGES, 2],
    ['a million accepted rows', 1_000_000 / ROWS, 2],
    ['a month at 100 times as much', 3000, 2],
  ])('%s', (name, runs, digits) => {
    const [, , full, , unchanged] = row(run, 'total');
    // A cent of rounding, because the amounts of a run are themselves rounded to six digits.
    const slack = 10 ** -digits + runs * 1e-6;
    const [, statedFull, statedUnchanged] = row(table(' | full, USD'), name);
    expect(Math.abs(statedFull! - full! * runs)).toBeLessThanOrEqual(slack);
    expect(Math.abs(statedUnchanged! - unchanged! * runs)).toBeLessThanOrEqual(slack);
  });
});
