import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { reparse } from '../../../core/run/reparse.ts';
import type { Source } from '../../../core/source/source.ts';
import { type FaultPlan, NO_FAULTS } from '../../../demo/faults.ts';
import type { LocalPlatform } from '../../../runtime/local.ts';
import { racing } from '../../../sources/racing/source.ts';
import { startCommand } from '../../e2e/support/command-line.ts';
import { currentRows, type ReadRow } from '../../e2e/support/lake-reading.ts';
import { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());

const RANGE = { start: DAY, end: DAY };
const GB = `country=gb/date=${DAY}`;

/** Racing as it will be read after its next change: names in capitals. */
const nextRacing: Source = {
  ...racing,
  parserVersion: racing.parserVersion + 1,
  parse: (...given) => {
    const parsed = racing.parse(...given);
    if (parsed.kind !== 'records') return parsed;
    const records = parsed.records as readonly { readonly race_name: string }[];
    return {
      kind: 'records',
      records: records.map((record) => ({ ...record, race_name: record.race_name.toUpperCase() })),
    };
  },
};
/** Racing with a parser that finds nothing on any race page. */
const blindRacing: Source = {
  ...racing,
  parse: () => ({ kind: 'rejected', code: 'HTML_CHANGED', message: 'the table is gone' }),
};

const rows = async () => (await currentRows(session.directory)).get(GB) ?? [];
const names = (all: readonly ReadRow[]) => [...new Set(all.map((row) => row.race_name))];

/** Reads the captures with `source`, as another process that knows the new parser would. */
async function reparseWith(source: Source, targets = ['gb']) {
  const platform: LocalPlatform = session.open([source]);
  try {
    return await Array.fromAsync(reparse(platform, platform.sources[0]!, RANGE, targets));
  } finally {
    await platform.close();
  }
}

async function scraped(source: Source = racing, faults: FaultPlan = NO_FAULTS) {
  session = await Session.start({ sources: [source], site: { faults } });
  return session.run({ targets: ['gb'] });
}

describe('a reparse after the parser has changed', () => {
  it('gives the rows that the new parser reads, from captures alone, without a request', async () => {
    await scraped();
    const before = await rows();
    const asked = session.site.requests.length;
    const [reparsed] = await reparseWith(nextRacing);
    expect(reparsed).toMatchObject({
      pages: session.amount.races,
      unreadable: [],
      result: { status: 'committed', rows: session.amount.rows },
    });
    expect(session.site.requests).toHaveLength(asked);
    const after = await rows();
    expect(names(after)).toEqual(names(before).map((name) => String(name).toUpperCase()));
  });

  it('leaves each row with the page, the time and the capture that it came from', async () => {
    await scraped();
    const lineage = (all: readonly ReadRow[]) =>
      all.map(({ _run_id, _source_url, _scraped_at, _capture }) => [
        _run_id,
        _source_url,
        _scraped_at,
        _capture,
      ]);
    const before = lineage(await rows());
    await reparseWith(nextRacing);
    expect(lineage(await rows())).toEqual(before);
  });

  it('changes nothing when it is done again', async () => {
    await scraped();
    const [first] = await reparseWith(nextRacing);
    const [again] = await reparseWith(nextRacing);
    expect(again!.result).toMatchObject({
      status: 'unchanged',
      version: first!.result !== 'no-captures' && first!.result.version,
    });
  });

  it('is not undone by the next run, whose pages answer 304', async () => {
    await scraped();
    await reparseWith(nextRacing);
    const platform = session.open([nextRacing]);
    const { runLocally } = await import('../../../runtime/local-run.ts');
    const end = await runLocally(platform, {
      source: 'racing',
      start: DAY,
      end: DAY,
      targets: ['gb'],
      force: false,
    });
    await platform.close();
    expect(end).toMatchObject({
      kind: 'finished',
      summary: { run: { status: 'succeeded', unchanged: 1, items_found: session.amount.races } },
    });
    expect(session.site.requests.slice(-5).map(({ status }) => status)).toEqual([304, 304, 304, 304, 304]);
    const after = names(await rows());
    expect(after).not.toEqual([]);
    expect(after).toEqual(after.map((name) => String(name).toUpperCase()));
  });

  it('recovers pages that the parser of the day could not read', async () => {
    const { end } = await scraped(blindRacing);
    expect(end.summary.partitions[0]!.result).toMatchObject({ status: 'failed', rows: 0 });
    expect((await session.failures()).map(({ state, code }) => [state, code])).toEqual(
      Array(4).fill(['queued', 'HTML_CHANGED']),
    );
    const [reparsed] = await reparseWith(racing);
    expect(reparsed!.result).toMatchObject({
      status: 'committed',
      rows: session.amount.rows,
      stats: { found: session.amount.races, failed: 0 },
    });
    expect((await session.failures()).map(({ state }) => state)).toEqual(Array(4).fill('recovered'));
  });

  it('keeps the rows that are there where the new parser cannot read a page, and says which', async () => {
    await scraped();
    const [reparsed] = await reparseWith({ ...blindRacing, parserVersion: 2 });
    expect(reparsed!.unreadable).toHaveLength(session.amount.races);
    expect(await rows()).toHaveLength(session.amount.rows);
  });

  it.each([
    [
      'one bit flipped',
      (bytes: Buffer) => bytes.writeUInt8(bytes[bytes.length >> 1]! ^ 1, bytes.length >> 1),
    ],
    ['its end cut off', (bytes: Buffer) => bytes.subarray(0, -20)],
  ])('names the capture that has %s, and goes on with the others', async (_, harm) => {
    await scraped();
    const folder = join(session.directory, 'lake', 'captures');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const file = files.find((name) => /racing\.gb\..*\.gz$/.test(name))!;
    const bytes = readFileSync(join(folder, file));
    const harmed = harm(bytes);
    writeFileSync(join(folder, file), typeof harmed === 'number' ? bytes : harmed);
    const [reparsed] = await reparseWith(nextRacing);
    expect(reparsed!.damaged).toHaveLength(1);
    expect(reparsed!.damaged[0]).toMatchObject({
      place: expect.stringMatching(/^captures\/racing\/.*\.gz#\d+$/),
      problem: expect.stringMatching(/^[^\n]*offset \d+[^\n]*$/),
    });
    expect(reparsed).toMatchObject({ pages: session.amount.races - 1, result: { status: 'committed' } });
    expect(await rows()).toHaveLength(session.amount.rows);
    const cwd = join(session.directory, '..');
    const args = ['reparse', 'racing', '--local', session.directory, '--start', DAY, '--end', DAY];
    const end = await startCommand(args, {}, cwd).ended;
    expect(end).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/1 capture could not be read, the first captures/),
    });
    expect(end.stderr).not.toContain('    at ');
    const none = await startCommand([...args, '--target', 'fr'], {}, cwd).ended;
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no captures to parse in these dates'),
    });
  });

  it('ends with 3 where a page cannot be read still, with the page and what to do', async () => {
    const where = { country: 'gb', date: DAY, race: 0 } as const;
    await scraped(racing, { ...NO_FAULTS, rules: [{ where, fault: { kind: 'changed-page' } }] });
    const args = ['reparse', 'racing', '--local', session.directory, '--start', DAY, '--end', DAY];
    const end = await startCommand(args, {}, join(session.directory, '..')).ended;
    expect(end.code).toBe(3);
    expect(end.stdout).toMatch(/: still HTML_CHANGED \(/);
    expect(end.stderr).toMatch(
      new RegExp(`: 1 page could not be read, the first in racing/gb/${DAY}; .*: rescrape reparse racing `),
    );
  });

  it('says so where there is nothing to parse', async () => {
    await scraped();
    const [reparsed] = await reparseWith(nextRacing, ['fr']);
    expect(reparsed).toMatchObject({ result: 'no-captures', pages: 0 });
  });
});
