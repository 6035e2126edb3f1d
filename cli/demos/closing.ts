import { shellText } from '../../core/wording/shell.ts';
import type { Place } from '../advice.ts';
import type { CrawledEnd } from './demo.ts';
import { demoSource } from './played.ts';

/** What the hints look at. */
type Closed = Pick<CrawledEnd, 'source' | 'imported' | 'enriched'> & {
  readonly completeness: Pick<CrawledEnd['completeness'], 'table'>;
};

/**
 * What can be asked when the sites are gone: a request would go to whom nobody has asked for it. `place`:
 * where the lake is, as it was typed.
 */
export function closingText(ends: readonly Closed[], place: Place = []): string {
  const crawled = ends.find(({ imported }) => imported);
  const last = ends.at(-1)!;
  const asks = [
    ['completeness', last.source],
    ...(crawled
      ? [
          ['targets', 'list', crawled.source, '--skipped'],
          ['run', crawled.source, '--dry-run'],
        ]
      : []),
    ['health'],
    ...(ends.some(({ enriched }) => enriched) ? [['enrich', 'stats']] : []),
    ['query', `select * from ${last.completeness.table} limit 5`],
  ];
  const { baseUrl } = ends.find(({ source }) => source === 'racing') ? demoSource('racing') : {};
  return [
    '\nThe demo sites are closed now. What they left can be asked:',
    ...asks.map((ask) => `  npx rescrape ${shellText(...ask, ...place)}`),
    ...(baseUrl === undefined
      ? []
      : [
          `What asks a site (run, retry, worker) would go to the address of racing itself, ${baseUrl}:`,
          'name another in RESCRAPE_RACING_URL first, as in RESCRAPE_RACING_URL=http://127.0.0.1:8080 beside "npx node demo/main.ts --port 8080".',
        ]),
    ...(ends.some(({ source }) => source !== 'racing')
      ? ['The sites of schedules, menus and tutoring are there only while npm start runs.']
      : []),
  ].join('\n');
}
