import * as z from 'zod';
import { daily, defineSource } from '../../core/source/define-source.ts';
import { childrenOf, readXml, xmlText } from '../../core/source/xml.ts';

const SITEMAP = 'http://www.sitemaps.org/schemas/sitemap/0.9';
const DUBLIN_CORE = 'http://purl.org/dc/elements/1.1/';

/** XML throughout: a sitemap of the day is the index, and each item is a feed of its bulletins. */
export const bulletins = defineSource({
  name: 'bulletins',
  baseUrl: 'https://bulletins.example',
  timeZone: 'UTC',
  cadence: daily({ at: '02:00', windowDays: 2 }),
  targets: [{ id: 'harbour' }],
  table: {
    name: 'bulletins',
    partitionBy: ['office', 'date'],
    itemKey: 'feed_id',
    rowKey: ['feed_id', 'guid'],
    schema: z.object({
      feed_id: z.string().describe('Feed'),
      guid: z.string().describe('Number of the bulletin'),
      title: z.string().describe('As written'),
      author: z.string().nullable().describe('Who wrote it'),
    }),
  },
  politeness: { minDelayMs: 0 },
  discover: {
    url: ({ value, date }) => `/${value}/${date}/sitemap.xml`,
    parse(page) {
      const read = readXml(page, 'urlset', SITEMAP);
      if (read.kind === 'rejected') return read;
      const urls = childrenOf(read.root, 'url').flatMap((url) => childrenOf(url, 'loc').map(xmlText));
      if (urls.length === 0) return { kind: 'empty', sign: 'a urlset without a url' };
      return { kind: 'items', items: urls.map((url) => ({ id: url.split('/').at(-1) ?? '', url })) };
    },
  },
  parse(page, { id }) {
    const read = readXml(page, 'rss');
    if (read.kind === 'rejected') return read;
    const [channel] = childrenOf(read.root, 'channel');
    if (!channel) return { kind: 'rejected', code: 'HTML_CHANGED', message: 'channel is gone' };
    const records = childrenOf(channel, 'item').map((item) => {
      const [guid, title] = ['guid', 'title'].map((name) => childrenOf(item, name, '').map(xmlText)[0] ?? '');
      const author = childrenOf(item, 'creator', DUBLIN_CORE).map(xmlText)[0] ?? null;
      return { feed_id: id, guid, title, author };
    });
    return { kind: 'records', records };
  },
});
