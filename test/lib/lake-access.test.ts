import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { drainEnrichment } from '../../core/enrich/drain.ts';
import { extractContext } from '../../core/extract/extract-context.ts';
import { forcePages } from '../../core/extract/operate-pages.ts';
import { extractSettingsSchema } from '../../core/extract/settings.ts';
import { waveStage } from '../../core/extract/wave-stage.ts';
import { type PartitionWork, type Platform, sourceNamed } from '../../core/platform.ts';
import type { Executions } from '../../core/ports/executions.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { answerWrite, readPublished } from '../../core/publish/published.ts';
import { publishEnriched } from '../../core/publish-entities/publish-enriched.ts';
import { publishExtraction } from '../../core/publish-extraction/publish-extraction.ts';
import { handleFailedItem } from '../../core/retry/handle-message.ts';
import type { Source } from '../../core/source/source.ts';
import { STAGES } from '../../core/stages.ts';
import type { PlanAnswer } from '../../core/workflow/workflow.ts';
import type { FunctionName } from '../../lambdas/contracts.ts';
import { LAKE_ACCESS } from '../../lib/constructs/lake-access.ts';
import { catalogs } from '../../sources/catalogs/extraction.ts';
import {
  goodPlan,
  type PlayedJob,
  PlayedProvider,
  textLine,
} from '../core/extract/support/played-provider.ts';
import { good, ListedLibrary } from '../core/extract/support/world.ts';
import { answerText } from '../core/publish-extraction/catalog-world.ts';
import { faults, rule, sessionWith, status } from '../e2e/support/race-faults.ts';
import { CLAIM_MINUTES, COOL_DOWN_MINUTES, MINUTE } from '../e2e/support/retry-play.ts';
import type { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';

type Use = 'read' | 'write' | 'delete';
const used = new Map<FunctionName, Record<Use, Set<string>>>();

/** The store itself; every key that is read, written or deleted is noted under the name of the function. */
function noted(name: FunctionName, store: ObjectStore): ObjectStore {
  const uses = used.get(name) ?? { read: new Set(), write: new Set(), delete: new Set() };
  used.set(name, uses);
  const note = (use: Use, key: string) => uses[use].add(key.split('/')[0]!);
  const METHODS: Readonly<Record<string, Use>> = {
    get: 'read',
    getRange: 'read',
    head: 'read',
    put: 'write',
    delete: 'delete',
  };
  return new Proxy(store, {
    get: (target, method) => {
      const value: unknown = Reflect.get(target, method, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const use = METHODS[String(method)];
        if (use) note(use, String(given[0]));
        return Reflect.apply(value, target, given);
      };
    },
  });
}

let session: Session;
const as = (name: FunctionName): Platform => ({
  ...session.platform,
  lake: noted(name, session.platform.lake),
});

const called = (input: object) => ({ input, execution: 'played' }) as never;

/**
 * One run of Great Britain, stage by stage, each with what its function may do; a scrape that throws is tried
 * again.
 */
async function run(force: boolean): Promise<void> {
  const runId = session.platform.newId();
  const input = { runId, source: 'racing', start: DAY, end: DAY, targets: ['gb'], force };
  const planned = (await STAGES.plan(as('plan'), called(input), () => false)) as PlanAnswer;
  const work: PartitionWork = { runId, source: 'racing', value: 'gb', date: DAY, force };
  const tries = 5;
  for (let left = tries; left > 0; left--) {
    try {
      const answer = await STAGES.scrape(as('scrape'), work as never, () => false);
      if ((answer as { done: boolean }).done) break;
    } catch {
      if (left === tries - 2)
        await again(() => STAGES['record-failures'](as('record-failures'), work as never, () => false));
    }
  }
  await again(() => STAGES.publish(as('publish'), work as never, () => false));
  await answerAtLength(runId);
  await STAGES.summarize(as('summarize'), planned as never, () => false);
  await STAGES.report(as('report'), called(planned), () => false);
}

/** Every page has other rows than in the version before. */
function withOtherRows(platform: Platform): Platform {
  const sources = session.platform.sources.map((source): Source => {
    const parse: Source['parse'] = (page, item, partition, context) => {
      const parsed = source.parse(page, item, partition, context);
      if (parsed.kind !== 'records') return parsed;
      return { ...parsed, records: parsed.records.map((row) => ({ ...(row as object), horse_name: 'X' })) };
    };
    return { ...source, parse };
  });
  return { ...platform, sources };
}

/** A run that is given up after some pages, which have other rows than the version before. */
async function runGivenUp(): Promise<void> {
  const runId = session.platform.newId();
  const input = { runId, source: 'racing', start: DAY, end: DAY, targets: ['gb'], force: true };
  await STAGES.plan(as('plan'), called(input), () => false);
  const work: PartitionWork = { runId, source: 'racing', value: 'gb', date: DAY, force: true };
  let asked = 0;
  await STAGES.scrape(withOtherRows(as('scrape')), work as never, () => ++asked > 3);
  await again(() => STAGES['record-failures'](as('record-failures'), work as never, () => false));
}

/**
 * A run whose execution is stopped between two partitions: the plan of the next run puts on record what it
 * did.
 */
async function runStopped(): Promise<void> {
  const input = { source: 'racing', start: DAY, end: DAY, targets: ['gb', 'ire'], force: true };
  const runId = session.platform.newId();
  await STAGES.plan(as('plan'), called({ ...input, runId }), () => false);
  const workOf = (value: string): PartitionWork => ({
    runId,
    source: 'racing',
    value,
    date: DAY,
    force: true,
  });
  await again(() => STAGES.scrape(as('scrape'), workOf('ire') as never, () => false));
  await again(() => STAGES.publish(as('publish'), workOf('ire') as never, () => false));
  let asked = 0;
  await STAGES.scrape(withOtherRows(as('scrape')), workOf('gb') as never, () => ++asked > 3);
  const executions: Executions = {
    find: async () => ({
      kind: 'ended',
      as: 'stopped',
      at: session.clock.now() - 60 * MINUTE,
      problem: null,
    }),
  };
  const platform = { ...as('plan'), executions };
  for (let plans = 0; plans < 2; plans++)
    await STAGES.plan(platform, called({ ...input, runId: session.platform.newId() }), () => false);
}

/**
 * Every finalize dies once before its result is written, and every publish once between its commit and its
 * record: what they have written by then, the second finds.
 */
function dieHalfWay(): void {
  const died = new Set<string>();
  session.onWrite = ({ name }) => {
    const isHalfWay = name.endsWith('/result.json') || name.startsWith('commits/_partitions/racing/');
    if (!isHalfWay || died.has(name)) return;
    died.add(name);
    throw new Error('killed');
  };
}

/** An answer with more items than the state takes goes to the lake. */
async function answerAtLength(runId: string): Promise<void> {
  const partition = { value: 'gb', date: civilDate(DAY) };
  const source = sourceNamed(session.platform, 'racing');
  const context = { platform: as('publish'), source, runId, partition };
  const answer = await readPublished(context);
  await answerWrite(context, { ...answer!, reason: 'more than '.repeat(10_000) });
}

/** A record that is stored, and one that is not; then they are published. */
async function enrich(name: string): Promise<void> {
  const { enrichmentQueue } = session.platform;
  const said = { schema_version: 1, record: { student_id: 'u-1', name } };
  const bodies = [JSON.stringify(said), 'poison'];
  await enrichmentQueue('student').send(bodies.map((body) => ({ body, delayMs: 0 })));
  await drainEnrichment(as('enrich-records'), { mustStop: () => false, onBatch: () => {} });
  await publishEnriched(as('publish-entities'));
}

/** Pages that a model answers: one rightly, one wrongly, and both are published; then one of them again. */
async function extract(): Promise<void> {
  const [right, wrong] = ['Ohio:School:1851:1', 'Ohio:School:1852:1'] as const;
  const { clock, state, newId } = session.platform;
  let text = 'a page';
  const lines = ({ requests }: PlayedJob) =>
    requests.map(({ key }) => textLine(key, key === right ? answerText(text) : 'no JSON'));
  const provider = new PlayedProvider(goodPlan(good, { lines, durationMs: () => 0 }), () => clock.now());
  const contextAs = (name: FunctionName) =>
    extractContext({
      ...{ extraction: catalogs, provider, library: new ListedLibrary([right, wrong]) },
      settings: extractSettingsSchema().parse({
        model: 'played-1',
        promptVersion: catalogs.prompts[0]!.name,
      }),
      ...{ state, clock, newId, lake: as(name).lake, tell: () => {} },
    });
  for (let round = 0; round < 2; round++) {
    for (let waves = 0; waves < 2; waves++)
      await waveStage(contextAs('extract-wave'), { extraction: catalogs.name });
    await publishExtraction(as('publish-extraction'), contextAs('publish-extraction'));
    text = 'another page';
    await forcePages(contextAs('extract-wave'), [right]);
  }
}

async function again<T>(work: () => Promise<T>): Promise<T> {
  return work().catch(work);
}

/** Of the run that gives up: the retry heals it, and the run after it is whole. */
const REQUESTS_OF_A_RUN = 3;

beforeAll(async () => {
  session = await sessionWith(faults(rule(0, status(500), REQUESTS_OF_A_RUN)));
  dieHalfWay();
  await run(false);
  await session.clock.sleep(COOL_DOWN_MINUTES * MINUTE);
  for (;;) {
    const [delivery] = await session.platform.failedItems.receive({ max: 1, visibilityMs: MINUTE });
    if (!delivery) break;
    await handleFailedItem(as('retry-items'), delivery).catch(() =>
      session.clock.sleep(CLAIM_MINUTES * MINUTE),
    );
  }
  await run(false);
  // The first run of a day completes the day before in the table of targets.
  await session.clock.sleep(24 * 60 * MINUTE);
  await run(true);
  await runGivenUp();
  await runStopped();
  await enrich('Ada');
  await enrich('Eve');
  await extract();
});
afterAll(() => session.close());

describe.each(Object.keys(LAKE_ACCESS) as FunctionName[])('the function %s', (name) => {
  it('may do to the lake what its stage does, and nothing else', () => {
    const { read, write, delete: deleted = [] } = LAKE_ACCESS[name];
    const uses = used.get(name)!;
    expect({
      read: [...uses.read].sort(),
      write: [...uses.write].sort(),
      delete: [...uses.delete].sort(),
    }).toEqual({ read: [...read].sort(), write: [...write].sort(), delete: [...deleted].sort() });
  });
});
