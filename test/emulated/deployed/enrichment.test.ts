import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqsWorkQueue } from '../../../adapters/aws/sqs-work-queue.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { drainEnrichment } from '../../../core/enrich/drain.ts';
import { readCounts } from '../../../core/enrich/enrichment-stats.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import type { WorkQueue } from '../../../core/ports/work-queue.ts';
import { startTutoringSite, type TutoringSite } from '../../../demo/tutoring/site.ts';
import { pascalCase } from '../../../lib/deployment.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { enrichLocally, publishLocally } from '../../../runtime/local-enrichment.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { ENRICHERS } from '../../../sources/enrichers.ts';
import { student, tutor } from '../../cli/support/records.ts';
import { keyKinds, undocumented } from '../../contracts/state-keys.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { Deployment } from './deployment.ts';
import { enrichmentPicture, tablesPicture } from './enrichment-picture.ts';
import { startFaultyLink } from './faulty-link.ts';
import { type KindMessage, popularTutor, waves } from './tutoring-messages.ts';

const FIRED = { scheduledTime: '2025-11-22T12:00:00Z', executionName: 'fired' };
const DAY = civilDate('2025-11-18');
const PATIENCE = { timeout: 180_000, interval: 300 };

interface Items {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

const link = await startFaultyLink();
// AUTH: every request is held against the policies of the role that sends it. The address is what functions
// get.
const emulator = await startEmulator({ env: { AUTH: 'true', AWS_ENDPOINT_URL: link.url } });
if (emulator) link.target = emulator.endpoint;
else await link.close();

describe.skipIf(!emulator)('enrichment, deployed', () => {
  if (!emulator) return;
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-local-'));
  let deployment: Deployment;
  let local: LocalPlatform;
  let site: TutoringSite;
  let queues: ReadonlyMap<string, WorkQueue & { close(): void }>;

  beforeAll(async () => {
    site = await startTutoringSite({ seed: 7, today: DAY, now: systemClock.now });
    const settings = { RESCRAPE_TUTORING_URL: site.url, RESCRAPE_TUTORING_MIN_DELAY_MS: '0' };
    local = openLocalPlatform({ directory, env: settings, clock: systemClock });
    deployment = await Deployment.start(emulator, settings);
    const url = (which: 'Queue' | 'Dlq', kind: string) =>
      deployment.outputs[`Enrich${which}Url${pascalCase(kind)}`]!;
    queues = new Map(
      ENRICHERS.map(({ kind }) => [
        kind,
        openSqsWorkQueue({
          queueUrl: url('Queue', kind),
          deadLettersUrl: url('Dlq', kind),
          connection: emulator.connection,
        }),
      ]),
    );
  });
  afterAll(async () => {
    for (const queue of queues?.values() ?? []) queue.close();
    deployment?.close();
    await local?.close();
    await site?.close();
    await emulator.stop();
    await link.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The same messages on both sides, until nothing of them is left. */
  async function bring(messages: readonly KindMessage[]): Promise<void> {
    for (const [kind, own] of Map.groupBy(messages, (message) => message.kind)) {
      const outgoing = own.map(({ body }) => ({ body, delayMs: 0 }));
      await queues.get(kind)!.send(outgoing);
      await local.enrichmentQueue(kind).send(outgoing);
    }
    await drainEnrichment(local, { mustStop: () => false, onBatch: () => {} });
    await settled();
  }

  /** Queues are looked at one after the other, and a message may pass from one to the next meanwhile. */
  async function settled(): Promise<void> {
    let before = 1;
    await expect
      .poll(async () => {
        const depths = await Promise.all([...queues.values()].map((queue) => queue.depth()));
        const now = depths.reduce((sum, { due, delayed, inFlight }) => sum + due + delayed + inFlight, 0);
        const sum = before + now;
        before = now;
        return sum;
      }, PATIENCE)
      .toBe(0);
  }

  const both = async () => [await enrichmentPicture(deployment.state), await enrichmentPicture(local.state)];
  const ofKind = async (kind: string) =>
    (await enrichmentPicture(deployment.state)).find((one) => one.kind === kind)!;

  it('parks what comes before its parents, and tells what is invalid, as a local worker does', async () => {
    const { children, parked } = waves(systemClock.now());
    await bring(children);
    const [there, here] = await both();
    expect(there).toEqual(here);
    expect(there!.flatMap((kind) => kind.parked)).toHaveLength(parked);
    expect(there!.flatMap((kind) => kind.entities)).toEqual([]);
    const dead = there!.map((kind) => [kind.kind, kind.dead.map(({ reason }) => reason)]);
    expect(dead).toEqual([
      ['tutor', ['invalid']],
      ['student', ['poison']],
      ['session', ['poison']],
      ['feedback', []],
    ]);
    const alarming = [...queues.values()].map(async (queue) => (await queue.depth()).dead);
    expect(await Promise.all(alarming)).toEqual([1, 1, 1, 0]);
  });

  it('takes all of it up when the parents come: entities, parked and dead are those of a local worker', async () => {
    const { parents, entities } = waves(systemClock.now());
    await bring(parents);
    const [there, here] = await both();
    expect(there).toEqual(here);
    expect(there!.flatMap((kind) => kind.entities)).toHaveLength(entities);
    expect(there!.flatMap((kind) => kind.parked)).toMatchObject([{ kind: 'feedback', key: 'f-lost' }]);
  });

  it('publishes them when Scheduler fires: the rows of a local publication, registered in Glue', async () => {
    expect(await deployment.call('publish-entities', FIRED)).toMatchObject({ expired: 0, forwarded: 0 });
    await publishLocally(local);
    const mirror = { directory: await deployment.mirror(), state: deployment.state };
    const there = await tablesPicture(mirror);
    expect(there).toEqual(await tablesPicture(local));
    for (const { table, rows } of there) {
      const values = Object.keys(rows).map((name) => name.split('/').map((part) => part.split('=')[1]));
      expect(values.length).toBeGreaterThan(0);
      expect((await deployment.partitions(table)).map((partition) => partition.values)).toEqual(
        values.sort(),
      );
    }
    expect((await both()).flat().flatMap(({ marked }) => marked)).toEqual([]);
  });

  it('writes nothing when it fires again', async () => {
    const before = await deployment.objects();
    expect(await deployment.call('publish-entities', FIRED)).toMatchObject({ partitions: 0 });
    expect(await deployment.objects()).toEqual(before);
  });

  it('stores every session of a tutor who changes all the time, and the last of the changes', async () => {
    await bring(popularTutor());
    const [there, here] = await both();
    expect(there!.map(({ entities }) => entities)).toEqual(here!.map(({ entities }) => entities));
    const tutor1 = await new EntityStore(deployment.state).get({ kind: 'tutor', key: 't-1' });
    expect(tutor1?.record.name).toBe('Change 11');
    expect(there!.flatMap(({ parked }) => parked)).toHaveLength(1);
  });

  it('enriches what a run has scraped: sent on, stored and published as a local run does it', async () => {
    const run = { source: 'tutoring', start: DAY, end: DAY, force: false };
    expect(await deployment.run(run)).toMatchObject({ status: 'SUCCEEDED', problem: undefined });
    const sent = (await deployment.call('publish-entities', FIRED)) as { forwarded: number };
    expect(sent.forwarded).toBeGreaterThan(20);
    await settled();
    expect(await deployment.call('publish-entities', FIRED)).toMatchObject({ forwarded: 0 });
    await runLocally(local, run);
    await enrichLocally(local);
    const [there, here] = await both();
    expect(there).toEqual(here);
    const mirror = { directory: await deployment.mirror(), state: deployment.state };
    const tables = await tablesPicture(mirror);
    expect(tables).toEqual(await tablesPicture(local));
    expect(tables.map(({ rows }) => rows[`feed=south/date=${DAY}`]?.length ?? 0)).not.toContain(0);
  });

  it('is pushed into, asked and published from the command line', async () => {
    const file = join(directory, 'students.jsonl');
    writeFileSync(
      file,
      [student('u-cli-1'), student('u-cli-2')].map((one) => JSON.stringify(one)).join('\n'),
    );
    const before = await ofKind('student');
    const { counts: ofTutors } = await ofKind('tutor');
    expect(
      await deployment.asked('enrich', 'push', '--kind', 'student', '--feed', 'by-hand', file),
    ).toMatchObject({
      pushed: 2,
      refused: 0,
    });
    const count = async () =>
      (await deployment.asked<Items>('entities', 'count', '--kind', 'student')).items[0]!.entities;
    await expect.poll(count, PATIENCE).toBe(before.entities.length + 2);
    const listed = await deployment.asked<Items>(
      'entities',
      'list',
      '--kind',
      'student',
      '--feed',
      'by-hand',
    );
    expect(listed.items).toMatchObject([{ key: 'u-cli-1' }, { key: 'u-cli-2' }]);
    expect(await deployment.asked('entities', 'show', 'session/s-1')).toMatchObject({
      record: { session_id: 's-1' },
      derived: { time_of_day: 'night' },
    });
    expect(await deployment.asked('enrich', 'stats')).toMatchObject({
      engine: { by_type: { tutor: { failed: ofTutors.dead } } },
      persister: { by_type: { student: { inserted: before.counts.inserted + 2 } } },
    });
    expect(await deployment.asked('enrich', 'publish')).toMatchObject({
      partitions: [{ partition: expect.stringContaining('students/by-hand/'), status: 'committed', rows: 2 }],
    });
    const tables = await tablesPicture({ directory: await deployment.mirror(), state: deployment.state });
    const pushed = Object.entries(tables[1]!.rows).filter(([name]) => name.startsWith('feed=by-hand/'));
    expect(pushed.flatMap(([, rows]) => rows)).toMatchObject([
      { student_id: 'u-cli-1' },
      { student_id: 'u-cli-2' },
    ]);
  });

  it('puts parked records and dead letters back from the command line, which the function works again', async () => {
    const failed = async (kind: string, name: 'persist_failed' | 'dead') =>
      (await readCounts(deployment.state))
        .filter((day) => day.kind === kind)
        .reduce((sum, { counts }) => sum + counts[name], 0);
    const isLost = async () => {
      const { items } = await deployment.asked<Items>(
        'parked',
        'list',
        '--kind',
        'feedback',
        '--feed',
        'north',
      );
      return items.filter(({ key }) => key === 'f-lost');
    };
    const parked = await isLost();
    expect(parked).toMatchObject([{ kind: 'feedback', missing: [{ kind: 'session', key: 's-none' }] }]);
    const parkings = await failed('feedback', 'persist_failed');
    expect(await deployment.asked('parked', 'retry', 'feedback/f-lost')).toMatchObject({ queued: 1 });
    await expect.poll(() => failed('feedback', 'persist_failed'), PATIENCE).toBe(parkings + 1);
    expect(await isLost()).toEqual(parked);

    const deadLetter = async () => {
      const { items } = await deployment.asked<Items>('dead-letters', 'list', '--kind', 'tutor');
      return items.filter(({ errors }) => String(errors).includes('email'));
    };
    const [first] = await deadLetter();
    expect(first).toMatchObject({ kind: 'tutor', status: 'dead' });
    const deaths = await failed('tutor', 'dead');
    const redrive = ['dead-letters', 'redrive', String(first!.id)];
    expect(await deployment.asked(...redrive)).toMatchObject({ left: [] });
    await expect.poll(() => failed('tutor', 'dead'), PATIENCE).toBe(deaths + 1);
    await settled();
    expect(await deadLetter()).toMatchObject([{ id: first!.id, status: 'dead' }]);

    const mended = join(directory, 'mended.jsonl');
    writeFileSync(mended, JSON.stringify(tutor('t-bad')));
    await deployment.asked('enrich', 'push', '--kind', 'tutor', '--feed', 'north', mended);
    await settled();
    expect(await deployment.asked('entities', 'show', 'tutor/t-bad')).toMatchObject({
      record: tutor('t-bad'),
    });
  });

  it('acknowledges nothing while the state takes no transaction, and stores all of it afterwards', async () => {
    const QueueUrl = deployment.outputs.EnrichQueueUrlStudent!;
    const sqs = new SQSClient({ ...emulator.connection, useQueueUrlAsEndpoint: false });
    // A batch that failed comes again when it is visible again: in six minutes, as it is deployed.
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '3' } }));
    sqs.destroy();
    link.fault = ({ target = '' }) =>
      target.endsWith('.TransactWriteItems') ? { kind: 'cancel', reasons: ['ThrottlingError'] } : undefined;
    const keys = ['u-late-1', 'u-late-2', 'u-late-3'];
    const bodies = keys.map((key) => JSON.stringify({ schema_version: 1, record: student(key) }));
    const queue = queues.get('student')!;
    await queue.send(bodies.map((body) => ({ body, delayMs: 0 })));
    const told =
      'Lambda rescrape-dev-enrich-records failed processing SQS batch from rescrape-dev-enrich-student';
    await expect.poll(() => emulator.log(), PATIENCE).toContain(told);
    const { due, delayed, inFlight, dead } = await queue.depth();
    expect([due + delayed + inFlight, dead]).toEqual([keys.length, 1]);
    const stored = async () => {
      const found = keys.map((key) => new EntityStore(deployment.state).get({ kind: 'student', key }));
      return (await Promise.all(found)).filter((entity) => entity !== undefined).length;
    };
    expect(await stored()).toBe(0);
    link.fault = () => undefined;
    await expect.poll(stored, PATIENCE).toBe(keys.length);
    await settled();
    expect((await queue.depth()).dead).toBe(1);
  });

  it('keeps nothing in the state whose key is not written down', async () => {
    const kinds = await keyKinds(deployment.state.scan());
    expect(kinds).toContain('enrichment-dead');
    expect(undocumented(kinds)).toEqual([]);
  });
});
