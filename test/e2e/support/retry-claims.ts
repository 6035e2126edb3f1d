import { type Failure, isUnresolved } from '../../../core/failures/failure.ts';
import { nameOf as nameOfKey } from '../../../core/failures/failure-store.ts';
import { decodeFailedItem } from '../../../core/failures/message.ts';
import { sendLostAgain } from '../../../core/failures/queue-failures.ts';
import { itemName } from '../../../core/lake/layout.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import type { VersionDescriptor } from '../../../core/lake/version.ts';
import { isRetriedLater } from '../../../core/outcome/policy.ts';
import { planRedrive, readDeadLetters, redrive } from '../../../core/retry/dead-letters.ts';
import { logRows } from './lake-reading.ts';
import { Broken, checkPages, claim, nameOf, PageMemory } from './retry-page-claims.ts';
import type { DeedEnd, RetryWorld, Step } from './retry-world.ts';
import { linesOf, NOTES, pageOf, partitions, type SiteRequest, TARGETS } from './versioned-site.ts';

/** What was seen in the lake and the register so far. */
export class Memory {
  /** The highest version of a page that the lake ever showed. */
  readonly shown = new Map<string, number>();
  /** Failures that were ever on record. */
  readonly failures = new Set<string>();
  readonly pages = new PageMemory();
  /** Whether a process ever died: between a failure that is queued and its message, perhaps. */
  troubled = false;
}

interface Shown {
  readonly descriptor: VersionDescriptor;
  /** Version of each note that has rows. */
  readonly versions: ReadonlyMap<string, number>;
}

/** The lake as it stands, by `target/date`. Every row must be one of the page that it names, once. */
async function lakeOf(world: RetryWorld): Promise<Map<string, Shown>> {
  const lake = new Map<string, Shown>();
  const { table } = world.observer.sources[0]!;
  for (const partition of partitions) {
    const store = new PartitionVersions(world.observer.lake, table, partition);
    const current = await store.current();
    if (!current) continue;
    const rows = await store.rows(current.descriptor);
    const versions = new Map<string, number>();
    for (const note of NOTES) {
      const own = rows.filter((row) => row.note === note);
      if (own.length === 0) continue;
      const page = pageOf(partition.value, partition.date, note);
      const version = Number(own[0]!.version);
      const said = own
        .map(({ line, version: of, text }) => ({ line, version: of, text }))
        .sort((a, b) => Number(a.line) - Number(b.line));
      claim(
        JSON.stringify(said) === JSON.stringify(linesOf(page, version)),
        () => `${page} has the rows ${JSON.stringify(said)}`,
      );
      versions.set(note, version);
    }
    lake.set(`${partition.value}/${partition.date}`, { descriptor: current.descriptor, versions });
  }
  return lake;
}

function succeeded(world: RetryWorld, { answer, version }: SiteRequest): boolean {
  if (answer === 'changed') return world.parserVersion === 2;
  return version > 0;
}

/** Plays a step and checks all that must hold at every moment. */
export async function checkStep(world: RetryWorld, memory: Memory, step: Step): Promise<readonly DeedEnd[]> {
  const flagged = new Map<string, boolean>();
  for (const target of TARGETS) flagged.set(target, await world.isFlagged(target));
  const before = world.site.requests.length;
  const ends = await world.play(step);
  const asked = world.site.requests.slice(before);

  for (const { target, page } of asked)
    claim(!flagged.get(target), () => `${page} was asked for although ${target} is flagged`);

  const lake = await lakeOf(world);
  checkProgress(lake, memory);
  const failures = await world.allFailures();
  checkFailures(world, memory, failures, lake);
  checkPages(world, memory.pages, step, asked, failures);
  if ('trouble' in step && step.trouble) memory.troubled = true;
  if (world.model) await checkMessages(world, memory, failures);
  const [end] = ends;
  const undisturbed = step.kind === 'alone' && step.trouble === undefined;
  if (undisturbed && end?.kind === 'ran' && end.end.kind === 'finished')
    checkRun(world, asked, lake, failures, end.end.summary.partitions);
  return ends;
}

function checkProgress(lake: ReadonlyMap<string, Shown>, { shown }: Memory): void {
  for (const [partition, { versions }] of lake) {
    for (const [note, version] of versions) {
      const page = `${partition}/${note}`;
      const before = shown.get(page) ?? 0;
      claim(version >= before, () => `${page} went back from version ${before} to ${version}`);
      shown.set(page, version);
    }
  }
}

function checkFailures(
  world: RetryWorld,
  memory: Memory,
  failures: readonly Failure[],
  lake: ReadonlyMap<string, Shown>,
): void {
  const names = new Set(failures.map(nameOf));
  for (const name of memory.failures) claim(names.has(name), () => `the failure of ${name} vanished`);
  for (const failure of failures) {
    memory.failures.add(nameOf(failure));
    if (failure.state === 'dismissed')
      claim(!!failure.transitions.at(-1)?.why, () => `${nameOf(failure)} was dismissed for no reason`);
    if (failure.state !== 'recovered') continue;
    const shown = lake.get(`${failure.target}/${failure.date}`);
    const seenAt =
      failure.item === 'index'
        ? shown?.descriptor.index.checkedAt
        : shown?.descriptor.items.find(({ id }) => id === failure.item)?.checkedAt;
    // What a later index no longer lists is in no version.
    if (failure.item !== 'index' && shown && seenAt === undefined) continue;
    const page = pageOf(failure.target, failure.date, failure.item);
    // What a 304 confirmed is no new version.
    const confirmed = world.site.requests.some(
      (request) => request.page === page && request.at >= failure.lastFailedAt && succeeded(world, request),
    );
    claim(
      seenAt !== undefined && (seenAt >= failure.lastFailedAt || confirmed),
      () =>
        `${nameOf(failure)} is recovered, but failed at ${failure.lastFailedAt} and was last seen at ${seenAt}`,
    );
  }
}

/**
 * Somebody comes for every failure that is said to be tried again: its message, or, where a process died
 * before it sent that or the queue gave up on it, whoever looks for what is late. Whatever is dead, a person
 * can see.
 */
async function checkMessages(
  world: RetryWorld,
  { troubled }: Memory,
  failures: readonly Failure[],
): Promise<void> {
  const namesIn = (bodies: readonly string[]) =>
    new Set(
      bodies.flatMap((body) => {
        const decoded = decodeFailedItem(body);
        return decoded.kind === 'message' ? [nameOfKey(decoded.key)] : [];
      }),
    );
  const messages = namesIn(world.model!.bodies());
  const deadLetters = namesIn(world.model!.deadBodies());
  const dead = new Set((await readDeadLetters(world.observer)).map(({ id }) => id));
  for (const failure of failures) {
    const name = itemName(failure);
    if (failure.state === 'queued')
      claim(
        messages.has(name) || deadLetters.has(name) || troubled,
        () => `${name} is queued, and there is no message about it`,
      );
    claim(
      failure.state !== 'dead' || dead.has(name),
      () => `${name} is dead, and it is not among the dead letters`,
    );
  }
}

/** What a run asked for that nobody disturbed is published, or it is a failure that waits. */
function checkRun(
  world: RetryWorld,
  asked: readonly SiteRequest[],
  lake: ReadonlyMap<string, Shown>,
  failures: readonly Failure[],
  results: readonly { partition: { value: string; date: string }; result: { status: string } | 'broken' }[],
): void {
  const last = new Map(asked.map((request) => [request.page, request]));
  for (const request of last.values()) {
    const { target, date, item, page, version, answer } = request;
    const failure = failures.find((each) => nameOf(each) === `${target}/${date}/${item}`);
    const result = results.find(
      ({ partition }) => partition.value === target && partition.date === date,
    )?.result;
    const state = failure && `${failure.state} (${failure.code})`;
    if (!succeeded(world, request)) {
      claim(isUnresolved(failure), () => `${page} answered ${answer} and its failure is ${state}`);
      if (isRetriedLater(failure!.code))
        claim(failure!.state !== 'open', () => `${page} answered ${answer} and nobody tries it again`);
      continue;
    }
    if (!result || result === 'broken' || !['committed', 'unchanged'].includes(result.status)) continue;
    claim(!isUnresolved(failure), () => `${page} came in a run and its failure is ${state}`);
    if (item !== 'index')
      claim(
        lake.get(`${target}/${date}`)?.versions.get(item) === version,
        () => `${page} came in version ${version} and is not in the lake`,
      );
  }
}

const ALL_RUN: Step = { kind: 'alone', deed: { kind: 'run', targets: [...TARGETS], days: 2 } };

/** The faults end: what is left heals, and the lake is that of a site that never had any. */
export async function checkHealed(
  world: RetryWorld,
  memory: Memory,
  ending: 'drain-first' | 'run-first',
): Promise<void> {
  world.site.heal();
  for (const target of TARGETS) await checkStep(world, memory, { kind: 'lift', target });
  await checkStep(world, memory, { kind: 'pass', minutes: 1440 });
  if (ending === 'drain-first') {
    await drainAll(world, memory);
    const left = (await world.allFailures()).filter(isUnresolved);
    for (const failure of left)
      claim(
        failure.state === 'open' || !isRetriedLater(failure.code),
        () => `${nameOf(failure)} is still ${failure.state} after the drain`,
      );
  }
  await checkStep(world, memory, ALL_RUN);
  // A wall that a process died before may have come to light only now.
  for (const target of TARGETS) await checkStep(world, memory, { kind: 'lift', target });
  await checkStep(world, memory, ALL_RUN);
  await drainAll(world, memory);

  for (const failure of await world.allFailures())
    claim(!isUnresolved(failure), () => `${nameOf(failure)} is still ${failure.state} at the end`);
  const depth = await world.observer.failedItems.depth();
  claim(
    Object.values(depth).every((count) => count === 0),
    () => `left over: ${JSON.stringify(depth)}`,
  );
  const lake = await lakeOf(world);
  for (const { value: target, date } of partitions) {
    for (const note of NOTES) {
      const page = pageOf(target, date, note);
      const version = lake.get(`${target}/${date}`)?.versions.get(note);
      claim(
        version === world.site.versionOf(page),
        () => `${page} is at ${world.site.versionOf(page)}, and the lake has ${version}`,
      );
    }
  }
  await checkAttempts(world);
}

/** Until nothing is in the queue, nothing among the dead letters that can be put back, and nothing lost. */
async function drainAll(world: RetryWorld, memory: Memory): Promise<void> {
  const { failedItems } = world.observer;
  for (let round = 0; round < 80; round++) {
    await sendLostAgain(world.observer, 'notes');
    const entries = await readDeadLetters(world.observer);
    await redrive(world.observer, planRedrive(world.observer, entries), 'somebody');
    await failedItems.purge(
      entries.filter(({ status }) => status === 'stale').flatMap(({ messages }) => messages),
    );
    const { due, delayed, inFlight } = await failedItems.depth();
    const waiting = (await world.allFailures()).some(({ state }) => state === 'queued');
    if (due + delayed + inFlight > 0)
      await checkStep(world, memory, { kind: 'alone', deed: { kind: 'deliver', pick: 0, wait: true } });
    else if (waiting) await checkStep(world, memory, { kind: 'pass', minutes: 61 });
    else return;
  }
  throw new Broken(`the queue is never empty: ${JSON.stringify(await failedItems.depth())}`);
}

/** One row for each request that was put on record. */
async function checkAttempts(world: RetryWorld): Promise<void> {
  const rows = await logRows(world.directory, 'attempts');
  const ofRow = rows.map(
    ({ target, partition_date, item_id, attempted_at }) =>
      `${target}/${String(partition_date).slice(0, 10)}/${item_id} at ${Date.parse(String(attempted_at))}`,
  );
  const ofSite = world.site.requests
    .filter(({ recorded }) => recorded)
    .map(({ target, date, item, at }) => `${target}/${date}/${item} at ${at}`);
  const missing = ofSite.filter((request) => !ofRow.includes(request));
  const doubled = ofRow.filter((row, at) => ofRow.indexOf(row) !== at);
  const invented = ofRow.filter((row) => !ofSite.includes(row));
  claim(
    missing.length + doubled.length + invented.length === 0,
    () => `attempts: ${JSON.stringify({ missing, doubled, invented })}`,
  );
}
