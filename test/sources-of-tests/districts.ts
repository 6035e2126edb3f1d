import * as z from 'zod';
import { defineSource, every, register } from '../../core/source/define-source.ts';
import { HtmlIndex, readHtml, textOf } from '../../core/source/html.ts';

/** Targets with a name, a state, a tier and an address of their own; ids are digits with leading zeros. */
export const districts = defineSource({
  name: 'districts',
  baseUrl: 'https://districts.example',
  timeZone: 'America/Chicago',
  cadence: every({ minutes: 1440 }),
  targets: register({
    attributes: z.object({
      name: z.string(),
      state: z.string(),
      tier: z.enum(['tier1', 'tier2', 'tier3']).optional(),
      enrollment: z.int().optional(),
      url: z.string().optional(),
    }),
    ready: ({ attributes }) => Boolean(attributes?.url),
    lookUp: {
      request: ({ id, attributes }) => (attributes?.url ? undefined : { url: `/districts/${id}` }),
      read(page) {
        const [link] = new HtmlIndex(readHtml(page)).tag('a');
        const url = link?.attributes.href;
        return url ? { kind: 'found', attributes: { url } } : { kind: 'unknown', message: 'it has no link' };
      },
    },
  }),
  table: {
    name: 'district_hours',
    partitionBy: ['state', 'date'],
    itemKey: 'district_id',
    rowKey: ['district_id'],
    schema: z.object({
      district_id: z.string().describe('District'),
      hours: z.string().describe('Hours as printed'),
    }),
  },
  politeness: { minDelayMs: 0 },
  items: ({ id, attributes }) => [{ id, url: String(attributes?.url) }],
  parse(page, { id }) {
    const [hours] = new HtmlIndex(readHtml(page)).tag('main');
    if (!hours) return { kind: 'rejected', code: 'HTML_CHANGED', message: 'main is gone' };
    return { kind: 'records', records: [{ district_id: id, hours: textOf(hours) }] };
  },
});
