import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { zstdCompressSync } from 'node:zlib';
import { type CivilDate, datesBetween } from '../../core/calendar/civil-date.ts';
import { type Random, seeded } from '../../demo/model/random.ts';
import { REGIONS } from './regions.ts';

const SALES_A_DAY = 12;
const LOTS = { min: 20, max: 90 };
const WORDS =
  'oak walnut brass silver enamel carved painted Georgian Victorian provincial table clock chest mirror lamp ' +
  'bowl tray frame study harbour river morning garden pair set small large rare fine early signed later gilt';
const MAKERS = [
  'Aldous Fenn',
  'B. Castellan & Söhne',
  'Marchbanks',
  'Née Dubrœuf',
  'R. O’Shay',
  'Thistlewick',
];

export interface AuctionSite {
  readonly url: string;
  readonly sales: number;
  readonly lots: number;
  stop(): Promise<void>;
}

/**
 * Results of auctions: a page a day that lists twelve sales, and a page of 10 to 40 KB for each with its lots
 * in a table. The same bytes on every machine; every page is ready, zstd where that is taken.
 */
export async function startAuctionSite(start: CivilDate, end: CivilDate): Promise<AuctionSite> {
  const pages = new Map<string, { readonly plain: Buffer; readonly zstd: Buffer }>();
  const add = (path: string, html: string) => {
    const plain = Buffer.from(html);
    pages.set(path, { plain, zstd: zstdCompressSync(plain) });
  };
  let lots = 0;
  for (const date of datesBetween(start, end)) {
    const sales = Array.from({ length: SALES_A_DAY }, (_, at) => makeSale(date, at));
    add(`/sales/${date}`, dayPage(date, sales));
    for (const sale of sales) {
      add(`/sale/${sale.id}`, salePage(sale));
      lots += sale.lots;
    }
  }
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? '');
    if (!page) return response.writeHead(404).end();
    const zstd = /\bzstd\b/.test(request.headers['accept-encoding'] ?? '');
    const coding = zstd ? { 'content-encoding': 'zstd' } : {};
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      vary: 'accept-encoding',
      ...coding,
    });
    return response.end(zstd ? page.zstd : page.plain);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const days = [...datesBetween(start, end)].length;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sales: days * SALES_A_DAY,
    lots,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Sale {
  readonly id: string;
  readonly region: string;
  readonly date: string;
  readonly title: string;
  readonly lots: number;
  readonly random: Random;
}

function makeSale(date: string, at: number): Sale {
  const random = seeded('auctions', date, at);
  const lots = random.int(LOTS.min, LOTS.max);
  const region = REGIONS[at % REGIONS.length]!;
  return { id: `${date.replaceAll('-', '')}${at}`, region, date, title: words(random, 4), lots, random };
}

function words(random: Random, count: number): string {
  const all = WORDS.split(' ');
  return Array.from({ length: count }, () => random.pick(all)).join(' ');
}

function page(title: string, body: string): string {
  const menu = Array.from({ length: 12 }, (_, at) => `<li><a href="/about/${at}">About ${at}</a></li>`).join(
    '',
  );
  return `<!doctype html>
<html><head><meta charset="utf-8"><title>${title}</title><link rel="stylesheet" href="/site.css"></head>
<body><header><nav><ul>${menu}</ul></nav></header>
<div id="content">${body}</div>
<footer><p>Prices include the buyer&rsquo;s premium.</p></footer></body></html>`;
}

function dayPage(date: string, sales: readonly Sale[]): string {
  const item = ({ id, region, title }: Sale) =>
    `<li class="sale sale-${region}"><a class="sale-link" href="/sale/${id}">${title}</a> <em>${region}</em></li>`;
  return page(
    `Sales of ${date}`,
    `<h1>Sales of ${date}</h1><ul class="sales">${sales.map(item).join('\n')}</ul>`,
  );
}

function salePage({ id, region, date, title, lots, random }: Sale): string {
  const house = random.pick(MAKERS).replaceAll('&', '&amp;');
  const rows = Array.from({ length: lots }, (_, at) => lotRow(at + 1, random)).join('\n');
  return page(
    title,
    `<article class="result" data-region="${region}"><h1 class="result-title">${title}</h1>
<dl class="facts"><dt>House</dt><dd class="house">${house}</dd><dt>Day</dt><dd class="day">${date}</dd>
<dt>Number</dt><dd class="number">No. ${id}</dd></dl>
<table class="lots"><thead><tr><th>Lot</th><th>What</th><th>Maker</th><th>Estimate</th><th>Hammer</th></tr></thead>
<tbody>${rows}</tbody></table></article>`,
  );
}

function lotRow(lot: number, random: Random): string {
  const low = random.int(2, 90) * 10;
  const year = random.int(1700, 1990);
  const maker = random.chance(0.3) ? '&ndash;' : random.pick(MAKERS).replaceAll('&', '&amp;');
  const price = `&pound;${random.int(1, 2400).toLocaleString('en-GB')}`;
  const hammer = random.chance(0.15) ? '<i class="unsold">unsold</i>' : `<b class="price">${price}</b>`;
  return `<tr class="lot"><td class="lot-no">${lot}</td>
<td class="lot-what"><a class="lot-link" href="/lot/${year}-${lot}">${words(random, 3)}</a>
<p class="note">${words(random, random.int(6, 30))}, <span class="year">c. ${year}</span></p></td>
<td class="lot-maker">${maker}</td><td class="lot-estimate">&pound;${low}&ndash;&pound;${low + 50}</td><td>${hammer}</td></tr>`;
}
