import * as z from 'zod';
import { daily, defineSource } from '../../core/source/define-source.ts';
import { HtmlIndex, readHtml, textOf } from '../../core/source/html.ts';
import type { Source } from '../../core/source/source.ts';
import type { Politeness } from '../../core/source/source-policy.ts';

/** One page a target, each on a host of its own under `.localhost`; four states. There is no base address. */
export function districtsAt(
  port: number,
  { name = 'districts', count, ...politeness }: { name?: string; count: number } & Partial<Politeness>,
): Source {
  return defineSource({
    name,
    timeZone: 'America/Chicago',
    cadence: daily({ at: '02:00', windowDays: 1 }),
    targets: Array.from({ length: count }, (_, i) => ({
      id: `d${i}`,
      attributes: { state: ['CA', 'NM', 'OH', 'TX'][i % 4]!, url: `http://d${i}.localhost:${port}/bells` },
    })),
    table: {
      name: `bells_of_${name}`,
      partitionBy: ['state', 'date'],
      itemKey: 'district_id',
      rowKey: ['district_id'],
      schema: z.object({ district_id: z.string().describe('District'), hours: z.string().describe('Hours') }),
    },
    politeness,
    parse(page, { id }) {
      const [hours] = new HtmlIndex(readHtml(page)).tag('b').map((each) => textOf(each));
      if (hours === undefined) return { kind: 'rejected', code: 'HTML_CHANGED', message: 'no hours' };
      return { kind: 'records', records: [{ district_id: id, hours }] };
    },
  });
}
