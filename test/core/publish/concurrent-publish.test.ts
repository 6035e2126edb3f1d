import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { PublishResult } from '../../../core/lake/publish-result.ts';
import { publishResult } from '../../../core/publish/publish-over.ts';
import { readParquetFile } from '../../e2e/support/lake-reading.ts';
import { notes, resultOf, SHELF } from '../../e2e/support/notes-source.ts';
import { Session } from '../../e2e/support/session.ts';

let session: Session;
afterEach(() => session.close());

describe('several who publish into one partition at the same time', () => {
  const SHELF_FILE = 'tables/notes/shelf=a/date=2026-11-20/manifest';

  async function start(): Promise<void> {
    session = await Session.start({ sources: [notes] });
  }
  const publishNotes = (
    looked: Parameters<typeof resultOf>[0]['notes'],
    at: number,
    platform = session.platform,
  ) => {
    const runId = platform.newId();
    return publishResult(
      { platform, source: notes, runId, partition: SHELF },
      resultOf({ runId, at, notes: looked }),
    );
  };
  async function texts(): Promise<string[]> {
    const stored = await session.platform.lake.get(SHELF_FILE);
    const file = Buffer.from(stored!.body).toString().trimEnd();
    return (await readParquetFile(file)).map((row) => `${row.note}: ${row.text}`).sort();
  }

  it('both end up in it, whoever comes first', async () => {
    await start();
    await publishNotes({ x: ['old'], y: ['old'] }, 1);
    const other = session.open([notes]);
    let others: Promise<PublishResult> | undefined;
    session.onWrite = async ({ name }) => {
      if (name !== SHELF_FILE || others) return;
      others = publishNotes({ x: 'failed', y: ['new'] }, 2, other);
      await others;
    };
    const mine = await publishNotes({ x: ['new'], y: 'failed' }, 2);
    expect(await others).toMatchObject({ status: 'committed' });
    expect(mine).toMatchObject({ status: 'committed', previous: (await others)!.version });
    expect(await texts()).toEqual(['x: new', 'y: new']);
    await other.close();
  });

  it('all end up in it, when four start at once from nothing', async () => {
    await start();
    const platforms = Array.from({ length: 4 }, () => session.open([notes]));
    const letters = ['w', 'x', 'y', 'z'];
    const answers = await Promise.all(
      platforms.map((platform, nth) =>
        publishNotes(
          Object.fromEntries(letters.map((note, at) => [note, at === nth ? [`of ${nth}`] : 'failed'])),
          5,
          platform,
        ),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill('committed'));
    expect(await texts()).toEqual(['w: of 0', 'x: of 1', 'y: of 2', 'z: of 3']);
    await Promise.all(platforms.map((platform) => platform.close()));
  });

  it('leaves the later look where an earlier one comes in late', async () => {
    await start();
    await publishNotes({ x: ['later'] }, 10);
    expect(await publishNotes({ x: ['earlier'] }, 5)).toMatchObject({ status: 'unchanged' });
    expect(await texts()).toEqual(['x: later']);
  });

  it('gives up by name where others keep winning, and loses nothing', async () => {
    await start();
    await publishNotes({ x: ['0'] }, 1);
    const other = session.open([notes]);
    let at = 1;
    session.onWrite = async ({ name }) => {
      if (name === SHELF_FILE) await publishNotes({ x: [String(++at)] }, at, other);
    };
    await expect(publishNotes({ x: ['mine'] }, 1_000)).rejects.toMatchObject({ name: 'Conflict' });
    expect(await texts()).toEqual([`x: ${at}`]);
    await other.close();
  });

  it('takes a write whose answer got lost for what it is: done, or not done', async () => {
    await start();
    session.onWrite = async ({ name, start: begin }) => {
      if (name !== SHELF_FILE) return;
      begin();
      while (!(await session.platform.lake.head(SHELF_FILE))) await sleep(1);
      throw new Error('the answer got lost');
    };
    expect(await publishNotes({ x: ['stored'] }, 1)).toMatchObject({ status: 'committed' });
    session.onWrite = ({ name }) => {
      if (name === SHELF_FILE) throw new Error('nothing was sent');
    };
    await expect(publishNotes({ x: ['not stored'] }, 2)).rejects.toThrow('nothing was sent');
    expect(await texts()).toEqual(['x: stored']);
  });

  it('keeps the rows of a note that answers 304, and drops the lines that another lost', async () => {
    await start();
    await publishNotes({ x: ['a', 'b'], y: ['c'] }, 1);
    await publishNotes({ x: ['a'], y: 'unchanged' }, 2);
    expect(await texts()).toEqual(['x: a', 'y: c']);
  });
});
