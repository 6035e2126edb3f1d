import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PipelineEvent } from '../../core/platform.ts';
import { Observer } from '../../lambdas/observe.ts';
import { contextWith, ENV } from './support.ts';

let lines: Record<string, unknown>[] = [];

beforeEach(() => {
  lines = [];
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The metrics of an invocation with these events, as CloudWatch reads them out of the log. */
function metricsOf(...events: PipelineEvent[]): Record<string, unknown> {
  const observer = new Observer('scrape');
  observer.begin(contextWith(), {});
  for (const event of events) observer.onEvent(event);
  observer.end();
  const metrics: Record<string, unknown> = {};
  for (const line of lines) {
    const emf = (line._aws as { CloudWatchMetrics: { Dimensions: string[][]; Namespace: string }[] })
      ?.CloudWatchMetrics[0];
    if (!emf) continue;
    // Alarms name exactly these dimensions: one more, and they watch nothing.
    expect([emf.Namespace, emf.Dimensions]).toEqual(['Rescrape', [['source', 'stage']]]);
    expect([line.source, line.stage]).toEqual(['menus', 'dev']);
    const { _aws, source, stage, ...values } = line;
    Object.assign(metrics, values);
  }
  return metrics;
}

const crawled = { kind: 'crawled', source: 'menus', code: 'SERVER_ERROR' } as const;

it('crawls are counted, and the targets that became failed with them', () => {
  expect(
    metricsOf(
      { ...crawled, target: '1', was: 'degraded', status: 'failed' },
      { ...crawled, target: '2', was: 'failed', status: 'failed' },
      { ...crawled, target: '3', code: 'SUCCESS', was: 'active', status: 'active' },
    ),
  ).toEqual({ Crawls: 3, CrawlsOrNoneDue: 3, TargetsFailed: 1 });
});

it('targets that are left as they are, and looks that find nothing due, are counted by themselves', () => {
  const leftOut = { kind: 'left-out', source: 'menus', reason: 'CLAIMED', until: 1 } as const;
  expect(
    metricsOf(
      { ...leftOut, target: '1' },
      { ...leftOut, target: '2' },
      { kind: 'nothing-due', source: 'menus' },
    ),
  ).toEqual({ TargetsLeftOut: 2, CrawlsOrNoneDue: 1 });
});
