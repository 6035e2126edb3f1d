import * as z from 'zod';
import { daily, defineSource } from '../../core/source/define-source.ts';
import { HtmlIndex, own, readHtml, textOf } from '../../core/source/html.ts';
import type { Page } from '../../core/source/page.ts';
import type { Discovery, Item, Parsed, Partition } from '../../core/source/source.ts';
import { REGIONS } from './regions.ts';

const text = () => z.string().nullable();
const whole = () => z.int32().nullable();

const lotSchema = z.object({
  sale_id: z.string(),
  house: z.string(),
  title: z.string(),
  lot: z.int32(),
  what: z.string(),
  link: z.string(),
  note: text(),
  year: whole(),
  maker: text(),
  low: whole(),
  high: whole(),
  hammer: whole(),
});
type Lot = z.infer<typeof lotSchema>;

/** A source as an author writes one for the site of `site.ts`, for the benchmark alone: a record a lot. */
export const auctions = defineSource({
  name: 'auctions',
  baseUrl: 'http://127.0.0.1',
  timeZone: 'Europe/London',
  cadence: daily({ at: '01:30', windowDays: 7 }),
  targets: REGIONS.map((id) => ({ id })),
  table: {
    name: 'auction_lots',
    partitionBy: ['region', 'date'],
    itemKey: 'sale_id',
    rowKey: ['sale_id', 'lot'],
    schema: lotSchema,
  },
  discover: {
    url: ({ date }) => `/sales/${date}`,
    whole: { contentTypes: ['text/html'], end: '</html>' },
    parse: listedSales,
  },
  parse: soldLots,
});

function listedSales(page: Page, { value }: Partition): Discovery {
  const index = new HtmlIndex(readHtml(page));
  const items: Item[] = [];
  for (const entry of index.withClass(`sale-${value}`, 'li')) {
    const href = new HtmlIndex(entry).withClass('sale-link', 'a')[0]?.attributes.href;
    if (!href) return { kind: 'rejected', code: 'HTML_CHANGED', message: 'a sale has no a.sale-link' };
    items.push({ id: own(href.slice(href.lastIndexOf('/') + 1)), url: own(href) });
  }
  return items.length > 0
    ? { kind: 'items', items }
    : { kind: 'rejected', code: 'HTML_CHANGED', message: `no li.sale-${value}` };
}

function soldLots(page: Page, item: Item): Parsed<Lot> {
  const index = new HtmlIndex(readHtml(page));
  const house = textIn(index, 'house');
  const title = textIn(index, 'result-title');
  const records: Lot[] = [];
  for (const row of index.withClass('lot', 'tr')) {
    const cells = new HtmlIndex(row);
    const lot = numberIn(textIn(cells, 'lot-no'));
    const [low, high] = textIn(cells, 'lot-estimate').split('–').map(numberIn);
    const maker = textIn(cells, 'lot-maker');
    const link = cells.withClass('lot-link', 'a')[0];
    if (lot === null || !link)
      return { kind: 'rejected', code: 'PARSE_ERROR', message: `row ${records.length + 1} is no lot` };
    records.push({
      sale_id: item.id,
      house: own(house),
      title: own(title),
      lot,
      what: own(textOf(link)),
      link: own(link.attributes.href ?? ''),
      note: own(textIn(cells, 'note')) || null,
      year: numberIn(textIn(cells, 'year')),
      maker: maker === '–' ? null : own(maker),
      low: low ?? null,
      high: high ?? null,
      hammer: numberIn(textIn(cells, 'price')),
    });
  }
  return records.length > 0
    ? { kind: 'records', records }
    : { kind: 'rejected', code: 'HTML_CHANGED', message: 'no tr.lot' };
}

function textIn(index: HtmlIndex, name: string): string {
  const element = index.withClass(name)[0];
  return element ? textOf(element) : '';
}

function numberIn(printed: string): number | null {
  const digits = /\d+/.exec(printed.replaceAll(',', ''))?.[0];
  return digits === undefined ? null : Number(digits);
}
