import { expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../../core/enrich/message.ts';
import { compareOrders, isNewer } from '../../../core/enrich/order.ts';

const NOW = Date.parse('2025-11-22T23:30:00Z');
const decode = (said: unknown, kind = 'tutor') =>
  decodeMessage(kind, { id: 'q-1', body: JSON.stringify(said) }, NOW);
const BARE = { schema_version: 1, record: { a: 1 } };
const ORIGIN = { run_id: 'r', url: 'https://x.example/', scraped_at: '2025-11-22T10:00:00Z', capture: null };

it('fills in what a message does not say', () => {
  expect(decode(BARE)).toEqual({
    kind: 'message',
    message: {
      id: 'q-1',
      kind: 'tutor',
      source: null,
      feed: 'pushed',
      date: '2025-11-22',
      sentAt: NOW,
      record: { a: 1 },
      origin: null,
      parked: false,
    },
  });
  expect(decode({ ...BARE, source: 'crm', sent_at: '2025-11-21T23:30:00-02:00' })).toMatchObject({
    message: { source: 'crm', feed: 'crm', date: '2025-11-22' },
  });
});

it('comes out the same when it is encoded and decoded', () => {
  const full = {
    ...BARE,
    id: 'i',
    source: 's',
    feed: 'f',
    date: '2024-02-29',
    sent_at: '2025-11-22T10:00:00.123Z',
    origin: ORIGIN,
    parked: true,
  };
  for (const said of [
    BARE,
    full,
    { ...BARE, record: null },
    { schema_version: 1, record: [1, { b: null }] },
  ]) {
    const decoded = decode(said);
    if (decoded.kind === 'poison') throw new Error(decoded.reason);
    expect(decode(JSON.parse(encodeMessage(decoded.message)))).toEqual(decoded);
  }
});

it.each([
  ['text', /message: /],
  [null, /message: /],
  [{ record: {} }, /schema_version: /],
  [{ ...BARE, schema_version: 2 }, /schema_version 2 is newer than this program/],
  [{ ...BARE, kind: 'session' }, /kind: a session in the queue of kind tutor/],
  [{ ...BARE, id: '../x' }, /id: not an identifier/],
  [{ ...BARE, feed: 'null' }, /feed: "null": query engines/],
  [{ ...BARE, source: 'nan' }, /feed: "nan"/],
  [{ ...BARE, date: '2025-02-29' }, /date: /],
  [{ ...BARE, sent_at: 'yesterday' }, /sent_at: /],
  [{ ...BARE, origin: { ...ORIGIN, url: 'x'.repeat(10_000) } }, /origin.url: /],
  [{ ...BARE, parked: false }, /parked: /],
])('is poison with a reason: %j', (said, reason) => {
  expect(decode(said)).toMatchObject({ kind: 'poison', reason: expect.stringMatching(reason) });
});

it('is poison where it is no JSON', () => {
  expect(decodeMessage('tutor', { id: 'q', body: '{"schema_version": NaN}' }, NOW)).toMatchObject({
    kind: 'poison',
  });
});

it('has a total order: of any three, the newest of the newest two is the newest of all', () => {
  const times = [null, 1, 2, 3];
  const orders = times.flatMap((updatedAt) =>
    (updatedAt === null ? [{}] : [{}, { updatedNs: 5 }]).flatMap((fraction) =>
      [1, 2, 3].flatMap((sentAt) => ['a', 'b'].map((id) => ({ updatedAt, ...fraction, sentAt, id }))),
    ),
  );
  for (const a of orders)
    for (const b of orders) {
      expect(Math.sign(compareOrders(a, b))).toBe(-Math.sign(compareOrders(b, a)) || 0);
      for (const c of orders) if (isNewer(a, b) && isNewer(b, c)) expect(isNewer(a, c)).toBe(true);
    }
  expect(isNewer({ updatedAt: 2, sentAt: 1, id: 'a' }, { updatedAt: 1, sentAt: 9, id: 'b' })).toBe(true);
});
