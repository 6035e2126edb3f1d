import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../core/extract/answer.ts';
import type { ExtractContext } from '../../../core/extract/extract-context.ts';
import { clearBatch } from '../../../core/extract/operate-batches.ts';
import { pageKeyText } from '../../../core/extract/page-key.ts';
import { resultKeyOf } from '../../../core/extract/result-object.ts';
import { runExtraction } from '../../../core/extract/run-extraction.ts';
import { decidedPages } from '../../../core/extract/scan-now.ts';
import type { ResultLine } from '../../../core/ports/batch-provider.ts';
import { chanceOf, shuffled } from '../chance.ts';
import {
  type JobEnd,
  line,
  type PlayedJob,
  PlayedProvider,
  type ProviderPlan,
  type SubmitFault,
  textLine,
} from './support/played-provider.ts';
import { Steps } from './support/steps.ts';
import { good, ListedLibrary, openWorld, page, reading, type World } from './support/world.ts';

/** More of them: RESCRAPE_EXTRACT_SEEDS=1000, and RESCRAPE_EXTRACT_FIRST for one that failed. */
const SEEDS = Number(process.env.RESCRAPE_EXTRACT_SEEDS ?? 12);
const FIRST = Number(process.env.RESCRAPE_EXTRACT_FIRST ?? 1);

const LEASE_MS = 5 * 60_000;
const MAX_RETRIES = 2;
const KEYS = [1, 2, 3, 5, 6]
  .map((number) => `Utah:A:1851:${number}`)
  .concat('Utah:B. C.:1852:9', 'Utah:B. C.:1852:10');
const WITHOUT_IMAGE = 'Utah:0:1850:1';

interface Play {
  readonly world: World;
  readonly provider: PlayedProvider;
  /** Jobs whose orchestrator slept through its lease before the call, and died behind it. */
  readonly orphans: Set<string>;
  /** The orchestrator that has all to itself at the end. */
  readonly last: ExtractContext;
}

/** Two orchestrators, killed and held up at random; then a third one, that nothing happens to. */
async function playOut(seed: number): Promise<Play> {
  const chance = chanceOf(seed);
  const steps = new Steps(chance);
  const of = <T>(...choices: [number, T][]): T => {
    let left = chance() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    return choices[0]![1];
  };
  let isCalm = false;
  const plan: ProviderPlan = {
    upload: () => (isCalm ? 'uploaded' : of([12, 'uploaded'], [1, 'server'], [1, 'unreachable'])),
    submit: () =>
      isCalm
        ? 'accepted'
        : of<SubmitFault>(
            [8, 'accepted'],
            [3, 'answer-lost'],
            [2, 'late'],
            [1, 'too-late'],
            [2, 'nothing-done'],
            [1, 'server'],
            [1, 'rate-limited'],
          ),
    end: () =>
      isCalm
        ? 'results'
        : of<JobEnd>(
            [8, 'results'],
            [1, 'no-results'],
            [1, 'failed'],
            [1, 'expired'],
            [1, 'cancelled'],
            [1, 'missing'],
          ),
    lines: (job) => linesOf(job, chance),
    breaksOffAfter: ({ lines }) =>
      isCalm || chance() < 0.7 ? undefined : Math.floor(chance() * lines.length),
    isDisturbed: () => !isCalm && chance() < 0.1,
    // Longer than anybody is held up: what is submitted twice can still be cancelled.
    durationMs: () => Math.round((2 + 4 * chance()) * 3_600_000),
  };
  const provider = new PlayedProvider(plan, () => steps.now);
  const library = new ListedLibrary([WITHOUT_IMAGE, ...KEYS], [WITHOUT_IMAGE]);
  const world = openWorld(provider, library, steps.clockOf('nobody'), {
    batchSize: 1 + Math.floor(chance() * 4),
    maxConcurrentBatches: 1 + Math.floor(chance() * 3),
    maxRetries: MAX_RETRIES,
    pollSeconds: 300,
  });
  const orphans = new Set<string>();
  const unsettled = new Map<string, string>();
  const start = (owner: string): ExtractContext => {
    const watched = steps.of(owner, provider);
    return world.orchestrator({
      state: steps.of(owner, world.state),
      lake: steps.of(owner, world.lake),
      library: steps.of(owner, library),
      clock: steps.clockOf(owner),
      provider: new Proxy(watched, {
        get: (target, name) => {
          if (name !== 'submit') return Reflect.get(target, name, target);
          return async (...given: Parameters<typeof provider.submit>) => {
            const asked = steps.now;
            const answer = await target.submit(...given);
            // A paused process: nobody can know of this job but itself.
            const made = provider.log.findLast(({ name: of }) => of === given[0].name);
            if (made && steps.now - asked >= LEASE_MS / 2) unsettled.set(owner, made.job);
            return answer;
          };
        },
      }),
    });
  };
  const alive = new Map<string, boolean>();
  let begun = 0;
  const begin = () => {
    const owner = `orchestrator ${++begun}`;
    alive.set(owner, true);
    const over = () => void alive.delete(owner);
    runExtraction(start(owner)).then(over, (error) => {
      throw error;
    });
  };
  begin();
  begin();
  let kills = 6;
  let pauses = 3;
  const killEvery = 20 + chance() * 200;
  await steps.drive(
    () => alive.size === 0,
    (owner, name) => {
      if (kills > 0 && chance() < 1 / killEvery) {
        kills--;
        steps.kill(owner);
        alive.delete(owner);
        const job = unsettled.get(owner);
        if (job !== undefined) orphans.add(job);
        begin();
      } else if (pauses > 0 && chance() < (name === 'submit' ? 0.3 : 0.01)) {
        pauses--;
        return Math.round(LEASE_MS * (1 + chance()));
      }
      return 0;
    },
  );
  isCalm = true;
  const last = start('last');
  let isOver = false;
  const finish = async () => {
    for (let run = 0; run < 20; run++) {
      const end = await runExtraction(last);
      if (end.kind === 'finished') break;
      for (const { id, state } of await last.batches.active())
        if (state === 'without-results') await clearBatch(last, id);
    }
    isOver = true;
  };
  const finished = finish();
  await steps.drive(
    () => isOver,
    () => 0,
  );
  await finished;
  return { world, provider, orphans, last: world.orchestrator({ clock: steps.clockOf('nobody') }) };
}

/** Answers of all kinds, in any order: some pages twice, some not at all, and lines of nobody. */
function linesOf({ requests, job }: PlayedJob, chance: () => number): ResultLine[] {
  const lines: ResultLine[] = [];
  const valid = (key: string) => textLine(key, good(`${key} by ${job}, ${lines.length}`));
  const invalid = (key: string) => textLine(key, '{"text": null, "year": null}');
  for (const { key } of requests) {
    const die = chance();
    if (die < 0.5) lines.push(valid(key));
    else if (die < 0.65) lines.push(invalid(key));
    else if (die < 0.72) lines.push(line({ kind: 'error', key, code: '13', message: 'internal' }));
    else if (die < 0.8) lines.push(invalid(key), valid(key), valid(key));
    else if (die < 0.86) lines.push(valid(key), invalid(key));
    else if (die < 0.92) lines.push(invalid(key), invalid(key));
  }
  if (chance() < 0.2)
    lines.push(valid('Utah:Z:1851:1'), line({ kind: 'invalid-line', message: 'half a line' }));
  return shuffled(lines, chance);
}

const keyOfLine = ({ answer }: ResultLine) => ('key' in answer ? answer.key : undefined);

/** The first valid answer of a job for a page. */
function answerOf({ lines }: PlayedJob, key: string): unknown {
  for (const each of lines) {
    if (keyOfLine(each) !== key) continue;
    const read = readAnswer(each.answer, reading.answer);
    if (read.kind === 'valid') return read.answer;
  }
  return undefined;
}

/** Holds what is on record against the log of the provider. */
async function check({ world, provider, orphans, last }: Play): Promise<void> {
  const { pages, failures, batches } = last;
  const all = await Array.fromAsync(batches.list());
  const known = new Set(all.map(({ job }) => job));
  const hasKey = (job: PlayedJob, key: string) => job.requests.some((request) => request.key === key);
  const isOrphan = ({ job }: PlayedJob) => orphans.has(job) && !known.has(job);
  const paid = provider.log.filter((job) => job.end === 'results' && !job.isCancelled && !isOrphan(job));
  for (const { job } of paid)
    expect(known, `${job} was accepted, is paid for, and is nobody's`).toContain(job);

  for (const key of KEYS) {
    const { page: record } = await pages.get(key);
    const jobs = paid.filter((job) => hasKey(job, key));
    expect(record.attempts, `${key}: one job an attempt`).toBe(jobs.length);
    const failed = jobs.filter((job) => answerOf(job, key) === undefined);
    expect(record.failures, `${key}: failures`).toBe(failed.length);
    const logged = await Array.fromAsync(failures.of(key));
    expect(logged.map(({ attempt }) => attempt).sort()).toEqual(failed.map((_, at) => at + 1));
    const valid = jobs.filter((job) => answerOf(job, key) !== undefined);
    expect(valid.length, `${key}: valid answers`).toBeLessThanOrEqual(1);
    const object = await world.lake.get(resultKeyOf(page(key)));
    const result = object && JSON.parse(new TextDecoder().decode(object.body));
    if (!valid[0]) expect(result).toBeUndefined();
    else expect(result).toMatchObject(answerOf(valid[0], key) as object);
    // Each request was told what the page before says.
    const { page: number, ...book } = page(key);
    const before = pageKeyText({ ...book, page: number - 1 });
    if (!KEYS.includes(before)) continue;
    const told = await world.lake.get(resultKeyOf(page(before)));
    const text = told && JSON.parse(new TextDecoder().decode(told.body)).text;
    for (const job of provider.log.filter((each) => hasKey(each, key)))
      expect(job.requests.find((request) => request.key === key)!.prompt).toBe(`Read. Before: ${text}`);
  }

  for (const batch of all) {
    const { counts, state } = batch;
    expect(batch.lease === null || state === 'claiming' ? batch.lease : null).toBeNull();
    if (state !== 'done') continue;
    const job = provider.log.find((each) => each.job === batch.job)!;
    const members = (await batches.members(batch.id)).map((member) => member.page);
    const succeeded = members.filter((key) => answerOf(job, key) !== undefined).length;
    expect(counts).toMatchObject({ succeeded, failed: members.length - succeeded });
    expect(counts!.missing).toBe(
      members.filter((key) => !job.lines.some((each) => keyOfLine(each) === key)).length,
    );
  }

  const decisions = await Array.fromAsync(decidedPages(last));
  const reasonOf = (key: string) => decisions.find((each) => pageKeyText(each.page) === key)!.reason;
  expect(reasonOf(WITHOUT_IMAGE)).toBe('no image');
  for (const key of KEYS) expect(['done', 'exhausted', 'waits'], `${key} is stuck`).toContain(reasonOf(key));
  expect(await batches.activeIds()).toEqual([]);
}

describe('two orchestrators, killed and held up at random, and a provider that fails in all its ways', () => {
  it.each(Array.from({ length: SEEDS }, (_, at) => FIRST + at))(
    'lose no page, and pay for none twice (%i)',
    async (seed) => {
      const play = await playOut(seed);
      try {
        await check(play);
      } finally {
        play.world.close();
      }
    },
  );
});
