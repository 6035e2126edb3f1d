import * as z from 'zod';
import { decimal, defineSource, every, register } from '../../core/source/define-source.ts';
import { HtmlIndex, readHtml, textOf } from '../../core/source/html.ts';

/**
 * One page per target, no index; targets are registered, partitions are states, each target is due by itself.
 */
export const kitchens = defineSource({
  name: 'kitchens',
  baseUrl: 'https://kitchens.example',
  timeZone: 'America/Phoenix',
  cadence: every({ minutes: 240 }),
  targets: register({
    attributes: z.object({ state: z.string(), path: z.string() }),
    ready: ({ attributes }) => attributes?.path !== '' || 'NEEDS_URL',
  }),
  table: {
    name: 'menu_dishes',
    partitionBy: ['state', 'date'],
    itemKey: 'kitchen_id',
    rowKey: ['kitchen_id', 'dish'],
    schema: z.object({
      kitchen_id: z.string().describe('Kitchen'),
      dish: z.string().describe('Dish'),
      price: decimal(8, 2).describe('Price'),
      tags: z.array(z.string()).optional().describe('Marks of the dish'),
    }),
  },
  politeness: { minDelayMs: 0 },
  items: ({ id, attributes }) => [{ id, url: `/kitchens/${attributes?.path}` }],
  parse(page, { id }) {
    const html = new HtmlIndex(readHtml(page));
    if (html.tag('main').length === 0)
      return { kind: 'rejected', code: 'HTML_CHANGED', message: 'main is gone' };
    const records = html.tag('li').map((dish) => ({
      kitchen_id: id,
      dish: textOf(dish),
      price: Number(dish.attributes['data-price']),
      ...(dish.attributes['data-tags'] && { tags: dish.attributes['data-tags'].split(' ') }),
    }));
    return { kind: 'records', records };
  },
});
