import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PartitionWork, Platform } from '../../../core/platform.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import { publish } from '../../../core/publish/publish.ts';
import { clearWork } from '../../../core/run/recovery.ts';
import { readResult } from '../../../core/scrape/finalize.ts';
import { recordFailures, scrape } from '../../../core/scrape/scrape.ts';
import type { Source } from '../../../core/source/source.ts';
import { type FaultPlan, NO_FAULTS } from '../../../demo/faults.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import { racing } from '../../../sources/racing/source.ts';
import { broken, GB_PARTITION, SETTLES } from '../../e2e/support/gb-partition.ts';
import { filesUnder } from '../../e2e/support/lake-reading.ts';
import { Session } from '../../e2e/support/session.ts';
import { DAY, settingsFor } from '../../e2e/support/small-site.ts';
import { TODAY } from '../../e2e/support/test-time.ts';

/** One race changes a day late, one fails, and the others answer 304 in the second run. */
const FAULTS = { ...NO_FAULTS, settlesLate: SETTLES, rules: broken(3) };
/** What was scraped at one go was never read from its checkpoints. */
const AT_ONE_GO = { ...FAULTS, rules: [] };

/** JSON has no text for -0. */
const WITH_MINUS_ZERO: Source = {
  ...racing,
  parse: (...given) => {
    const parsed = racing.parse(...given);
    if (parsed.kind !== 'records') return parsed;
    return { ...parsed, records: parsed.records.map((record) => ({ ...(record as object), btn: -0 })) };
  },
};

/** As many rows as its pages have, and others. */
const COMBINED: Source = { ...racing, combine: (rows) => rows.map((row) => ({ ...row, btn: 0.5 })) };

let session: Session;
let copy: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'rescrape-copy-'));
});
afterEach(async () => {
  await session.close();
  rmSync(copy, { recursive: true, force: true });
});

/** The second run of the partition, up to its publish. */
async function scraped(source: Source, faults: FaultPlan = FAULTS): Promise<PartitionWork> {
  session = await Session.start({ site: { faults, today: DAY }, sources: [source] });
  await session.run({ targets: ['gb'] });
  session.site.setToday(TODAY);
  const work = await session.planned('gb');
  await scrape(session.platform, work).catch(() => recordFailures(session.platform, work));
  return work;
}

const context = (platform: Platform, { runId }: PartitionWork) => {
  return { platform, source: session.source, runId, partition: GB_PARTITION };
};

/** Every file of the lake and every document, as publish leaves them at one moment and with the same ids. */
async function published(platform: Platform, directory: string, work: PartitionWork) {
  let ids = 0;
  const now = Date.parse(`${TODAY}T12:00:00Z`);
  const clock: Clock = { now: () => now, sleep: (ms, signal) => session.clock.sleep(ms, signal) };
  const newId = () => `0000-${ids++}`;
  await publish({ ...platform, clock, newId }, work);
  const lake = join(directory, 'lake');
  const files = [...filesUnder(lake)].filter((file) => !file.includes('.locks.sqlite'));
  const documents = await Array.fromAsync(platform.state.scan(), ({ partition, sort }) =>
    platform.state.get(partition, sort),
  );
  const bytes = files.map((file) => {
    return [relative(lake, file), readFileSync(file, 'latin1').replaceAll(directory, '')] as const;
  });
  return { files: new Map(bytes), documents };
}

describe('what a process hands over from scrape to publish', () => {
  it.each([
    ['some of which failed', racing, FAULTS, ['failed', 'records', 'unchanged', 'unchanged']],
    ['that were read at one go', racing, AT_ONE_GO, ['records', 'unchanged', 'unchanged', 'unchanged']],
    ['whose rows are combined', COMBINED, AT_ONE_GO, ['records', 'unchanged', 'unchanged', 'unchanged']],
  ])(
    'is what stands in the lake, in memory for whoever asks first: of items %s',
    async (_, source, faults, kinds) => {
      const work = await scraped(source, faults);
      const { platform } = session;
      const kept = await readResult(context({ ...platform, lake: undefined as never }, work));
      expect(kept!.items.map(({ content }) => content.kind).sort()).toEqual(kinds);
      expect(kept!.over).toBeDefined();
      expect(await readResult(context(platform, work))).toStrictEqual(kept);
    },
  );

  it('is forgotten with the work of the partition', async () => {
    const work = await scraped(racing);
    await clearWork(context(session.platform, work));
    expect(await readResult(context(session.platform, work))).toBeUndefined();
  });

  it.each([
    ['some of which failed', racing, FAULTS],
    ['that were read at one go', racing, AT_ONE_GO],
    ['with a number that JSON does not keep', WITH_MINUS_ZERO, AT_ONE_GO],
  ])('publishes the same bytes as another process does, of rows %s', async (_, source, faults) => {
    const work = await scraped(source, faults);
    cpSync(session.directory, copy, { recursive: true });
    const env = settingsFor(session.site);
    const other = openLocalPlatform({ directory: copy, env, sources: [source], clock: session.clock });
    try {
      const stored = await published(other, copy, work);
      const kept = await published(session.platform, session.directory, work);
      expect([...kept.files.keys()].filter((file) => file.startsWith('data/'))).toHaveLength(5);
      expect(kept).toEqual(stored);
    } finally {
      await other.close();
    }
  });
});
