import { civilDateAt } from '../calendar/window.ts';
import type { PartitionJob } from '../job.ts';
import type { OutcomeCode } from '../outcome/outcome.ts';
import type { Platform } from '../platform.ts';
import { attemptPage } from '../scrape/attempt.ts';
import type { Checkpoint } from '../scrape/checkpoint.ts';
import { finalize } from '../scrape/finalize.ts';
import { hostsSideBySide, limitsOf } from '../scrape/hosts-side-by-side.ts';
import { TargetGate } from '../scrape/target-gate.ts';
import { nextTry } from '../scrape/which-try.ts';
import { partitionValueOf } from '../source/partition.ts';
import type { NotReady, Source, Target } from '../source/source.ts';
import { sameAttributes } from '../targets/register.ts';
import { notReady } from '../targets/schedule-status.ts';
import type { ChangedBy } from '../targets/target-events.ts';
import { TargetStore } from '../targets/target-store.ts';
import { afterLookUp, type LookUpEnd } from '../targets/transitions.ts';
import { lookUpRequest, type PlannedLookUp, type SkippedLookUp } from './look-up-plan.ts';
import { mergeLogs } from './merge-logs.ts';
import { clearWork } from './recovery.ts';

/** Requests of one look-up: what a platform is, then an id there; more would be a circle. */
const MOST_REQUESTS = 4;

/** What became of the look-up of a target that was asked about. */
export interface LookedUpTarget {
  readonly target: string;
  /**
   * `found`: it lacks nothing any more. `unknown`: it still does, and the site has no more to say. `failed`:
   * a request was not answered as it should be.
   */
  readonly kind: 'found' | 'unknown' | 'failed';
  /** What it still waits for. */
  readonly needs: NotReady | null;
  /** Attributes that it had otherwise or not at all. */
  readonly found: NonNullable<Target['attributes']>;
  /** Of the request that failed. */
  readonly code: OutcomeCode | null;
  readonly message: string | null;
}

export interface LookUpOptions {
  /** Who asks: for the history of the targets. */
  readonly actor: string;
  /** Asked before each request. */
  readonly mustStop: () => boolean;
  /** Told of each target when its look-up has ended; of those that a stop leaves unasked nothing is told. */
  readonly onEnd: (end: LookedUpTarget | SkippedLookUp) => void;
}

/**
 * Asks for what targets lack, each request once, behind the gate of the target and with its claim, as a crawl
 * does: none begins meanwhile. The attempts are on record under a run id of their own and the date of today;
 * those of a process that dies are put there by the next run of the source. The caller must know that no run
 * of the source is alive.
 */
export async function lookUp(
  platform: Platform,
  source: Source,
  planned: readonly PlannedLookUp[],
  options: LookUpOptions,
): Promise<void> {
  const runId = platform.newId();
  const date = civilDateAt(platform.clock.now(), source.timeZone);
  const jobs = new Map<string, PartitionJob>();
  const jobOf = (target: Target): PartitionJob => {
    const value = partitionValueOf(source, target);
    const job = jobs.get(value) ?? { platform, source, runId, partition: { value, date } };
    jobs.set(value, job);
    return job;
  };
  try {
    await hostsSideBySide(
      planned,
      ({ url }) => new URL(url).host,
      limitsOf(source),
      async (one) => {
        if (options.mustStop()) return;
        const end = await lookUpOne(jobOf(one.target), one, options);
        if (end) options.onEnd(end);
      },
    );
  } finally {
    for (const job of jobs.values()) await finalize(job, { scope: 'items', known: undefined });
    const partitions = [...jobs.values()].map(({ partition }) => partition);
    await mergeLogs(platform, source, runId, partitions);
    for (const job of jobs.values()) await clearWork(job);
  }
}

async function lookUpOne(
  job: PartitionJob,
  { target, needs }: PlannedLookUp,
  options: LookUpOptions,
): Promise<LookedUpTarget | SkippedLookUp | undefined> {
  const gate = await TargetGate.open(job, target.id, []);
  if (gate.isKnownShut) {
    const { reason, until } = gate.refusal ?? { reason: 'SKIPPED', until: null };
    return { target: target.id, needs, reason, until, message: null };
  }
  const asked = await askInTurn(job, gate, target, options.mustStop);
  const isStored = await keep(job, target, asked, options.actor);
  if (asked.kind === 'stopped') return undefined;
  const left = isStored ? (notReady(job.source, recordOf(asked.target)) ?? null) : needs;
  return {
    target: target.id,
    needs: left,
    found: isStored ? asked.found : {},
    ...(isStored ? endOf(asked, left) : CHANGED),
  };
}

const CHANGED = {
  kind: 'failed',
  code: null,
  message: 'its attributes were changed meanwhile: they stay as they are now',
} as const;

function endOf(
  { kind, code, message }: Asked,
  left: NotReady | null,
): Pick<LookedUpTarget, 'kind' | 'code' | 'message'> {
  if (left === null) return { kind: 'found', code: null, message: null };
  return { kind: kind === 'failed' ? 'failed' : 'unknown', code, message };
}

/** What all requests about a target brought together. */
interface Asked {
  /** `ended`: nothing more can be asked for; `unknown`: the site does not know it. */
  readonly kind: 'ended' | 'unknown' | 'failed' | 'stopped';
  /** With what was found. */
  readonly target: Required<Target>;
  readonly found: LookedUpTarget['found'];
  readonly code: OutcomeCode | null;
  readonly message: string | null;
  /** Whom it was asked from, for the history of the target. */
  readonly hosts: readonly string[];
}

/** One request after the other, each with what the one before it brought. */
async function askInTurn(
  job: PartitionJob,
  gate: TargetGate,
  begun: Required<Target>,
  mustStop: () => boolean,
): Promise<Asked> {
  let target = begun;
  let found: Asked['found'] = {};
  const hosts: string[] = [];
  const ended = (kind: Asked['kind'], message: string | null, code: OutcomeCode | null = null): Asked => ({
    ...{ kind, target, found, code, message },
    hosts,
  });
  for (let page = 0; page < MOST_REQUESTS; page++) {
    const request = lookUpRequest(job.source, target);
    if (typeof request === 'string') return ended('ended', request);
    if (mustStop()) return ended('stopped', null);
    const item = { ...request, id: target.id, target: target.id };
    const checkpoint = await askOnce(job, gate, { kind: 'look-up', item, page, target });
    if (checkpoint === 'shut') return ended('failed', 'it was flagged, or claimed by another run, meanwhile');
    if (checkpoint === 'stopped') return ended('stopped', null);
    hosts.push(new URL(request.url).host);
    const { learned, outcome } = checkpoint;
    if (learned?.kind === 'unknown') return ended('unknown', learned.message);
    if (learned?.kind !== 'found') return ended('failed', outcome.message ?? null, outcome.code);
    if (Object.keys(learned.attributes).length === 0)
      return ended('unknown', 'the site says only what is known already');
    found = { ...found, ...learned.attributes };
    target = { ...target, attributes: { ...target.attributes, ...learned.attributes } };
  }
  return ended('ended', `${MOST_REQUESTS} requests did not bring all that it lacks`);
}

/** One try; what a proxy failed at is tried again through the next at once. */
async function askOnce(
  job: PartitionJob,
  gate: TargetGate,
  asked: Parameters<typeof attemptPage>[3],
): Promise<Checkpoint | 'shut' | 'stopped'> {
  const looks = gate.looksAfter(0);
  let last: Checkpoint | undefined;
  do {
    last = await attemptPage(job, gate, looks, asked, nextTry(last), {});
    if (!last) return (await gate.isShut()) ? 'shut' : 'stopped';
  } while (last.again);
  return last;
}

/**
 * Writes what was found and ends the claim, in one transaction with the event. False where somebody has
 * changed the attributes meanwhile: theirs stay.
 */
async function keep(
  { platform, source, runId }: PartitionJob,
  begun: Required<Target>,
  { kind, target, message, hosts }: Asked,
  actor: string,
): Promise<boolean> {
  const at = platform.clock.now();
  const by: ChangedBy = { actor, at, reason: `looked up at ${[...new Set(hosts)].join(', then ')}` };
  let isSame = false;
  await new TargetStore(platform.state).update(
    source.name,
    target.id,
    (record) => {
      isSame = record.attributes !== null && sameAttributes(record.attributes, begun.attributes);
      const end: LookUpEnd = {
        attributes: isSame ? target.attributes : record.attributes,
        unknown: kind === 'unknown' && isSame ? message : null,
        isAsked: hosts.length > 0,
        isWell: kind === 'ended' || kind === 'unknown',
        at,
        runId,
      };
      return afterLookUp(record, end);
    },
    by,
  );
  return isSame;
}

function recordOf({ id, attributes }: Required<Target>) {
  return { target: id, attributes: { ...attributes } };
}
