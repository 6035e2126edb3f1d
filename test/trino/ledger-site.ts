import { jsonAnswer, sendAnswer, statusAnswer } from '../../demo/server/exchange.ts';
import { serveOnLoopback } from '../../demo/server/loopback.ts';
import type { LedgerFact } from './ledger.ts';

export interface LedgerSite {
  /** `http://127.0.0.1:41234` */
  readonly url: string;
  /** Entries that answer HTTP 500 from now on, in every office on every date. */
  failing: readonly string[];
  close(): Promise<void>;
}

const ENTRIES = ['e1', 'e2', 'e3'];

/** Serves `/office/date`, which lists entries, and `/office/date/entry`, the lines of one. */
export async function startLedgerSite(): Promise<LedgerSite> {
  const site = { failing: [] as readonly string[] };
  const server = await serveOnLoopback((request, response) => {
    const [, office = '', date = '', entry] = (request.url ?? '').split('/');
    if (office === 'robots.txt') return sendAnswer(request, response, statusAnswer(404));
    if (entry === undefined) return sendAnswer(request, response, jsonAnswer(200, { entries: ENTRIES }));
    if (site.failing.includes(entry)) return sendAnswer(request, response, statusAnswer(500));
    sendAnswer(request, response, jsonAnswer(200, linesOf(date, entry)));
  });
  return Object.assign(site, { url: `http://127.0.0.1:${server.port}`, close: server.close });
}

/** With what is hard to keep: the ends of each type, and texts that are not only letters. */
function linesOf(date: string, entry: string): LedgerFact[] {
  const usual: LedgerFact = {
    ...{ line: 0, count: 12, share: 7.25, code: '7', place: 'Ayr', note: `of ${entry}`, price: 1675.25 },
    ...{ large: 4_294_967_296, ratio: 0.1, day: date, seen_at: `${date}T01:02:03.456Z`, is_open: true },
  };
  return [
    usual,
    {
      ...usual,
      ...{ line: 1, count: 2_147_483_647, share: -0.5, code: '2147483647', place: 'é😀 "x", \n\t', price: 0 },
      ...{ large: Number.MAX_SAFE_INTEGER, ratio: 1.7976931348623157e308, day: '9999-12-31' },
      ...{ seen_at: '2026-03-29T01:30:00.999Z', is_open: false },
    },
    {
      ...usual,
      ...{ line: 2, count: -2_147_483_648, share: null, code: '-2147483648', place: null, note: null },
      ...{ price: -999_999.99, large: Number.MIN_SAFE_INTEGER, ratio: 5e-324, day: '1969-12-31' },
      ...{ seen_at: '1969-12-31T23:59:59.999Z' },
    },
  ];
}
