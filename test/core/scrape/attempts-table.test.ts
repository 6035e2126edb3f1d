import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { demoFaults, NO_FAULTS } from '../../../demo/faults.ts';
import { faults, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import { requestRecord } from '../../e2e/support/request-record.ts';
import type { Session } from '../../e2e/support/session.ts';
import { TODAY } from '../../e2e/support/test-time.ts';

let session: Session;
afterEach(() => session.close());

describe('the attempts table', () => {
  it('has a row for every request that the site saw, that for robots.txt included, and no other', async () => {
    session = await sessionWith(demoFaults(TODAY), {
      site: { racesPerDay: 0.8 },
      env: { RESCRAPE_RACING_TIMEOUT_MS: '400' },
    });
    await session.run({ start: addDays(TODAY, -6), end: TODAY });
    const { asked, onRecord } = await requestRecord(session.directory, session.site.requests);
    expect(onRecord).toEqual(asked);
    expect(onRecord).toContain('/robots.txt');
  });

  it('misses nothing where it could not be written in one run, once the next has ended', async () => {
    session = await sessionWith(NO_FAULTS);
    session.onWrite = ({ name }) => {
      if (name.startsWith('attempts/')) throw new StorageError('there is no room on the disk: make some');
    };
    const broken = await session.run({ targets: ['gb'] });
    expect(broken.end.problems).toMatchObject([{ message: expect.stringContaining('no room') }]);
    session.onWrite = () => {};
    await session.run({ targets: ['gb'] });
    const { asked, onRecord } = await requestRecord(session.directory, session.site.requests);
    expect(onRecord).toEqual(asked);
  });

  it('misses nothing that is still on its way when the record of its neighbour cannot be kept', async () => {
    session = await sessionWith(NO_FAULTS);
    let lost = 0;
    session.onWrite = ({ name }) => {
      if (/\/attempts\/item-/.test(name) && lost++ === 0) throw new StorageError('no room for a moment');
    };
    await session.run({ targets: ['gb'] });
    session.onWrite = () => {};
    await session.run({ targets: ['gb'] });
    expect(lost).toBeGreaterThan(1);
    expect(await session.attempts()).toHaveLength(session.site.requests.length - 1);
  });

  it('leads from each response to the bytes that came over the wire', async () => {
    session = await sessionWith(faults(rule(0, status(503), 1), rule(2, { kind: 'changed-page' })));
    await session.run({ targets: ['gb'] });
    const captured = (await session.attempts()).filter((row) => row.item_id !== 'robots.txt');
    expect(captured).toHaveLength(6);
    for (const row of captured) {
      const [key, offset] = String(row.capture).split('#');
      const file = readFileSync(join(session.directory, 'lake', key!));
      const record = gunzipSync(file.subarray(Number(offset))).toString('latin1');
      expect(record.startsWith('WARC/1.')).toBe(true);
      expect(/^WARC-Target-URI: (.*)\r$/m.exec(record)![1]).toBe(row.url);
      expect(record).toContain(`HTTP/1.1 ${row.http_status_code} `);
    }
  });
});
