import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import type { PipelineEvent } from '../core/platform.ts';
import type { FunctionName, SqsEvent } from './contracts.ts';
import { type EnrichmentMetric, NAMESPACE, type QueueMetric, type TargetMetric } from './metrics.ts';

const UNITS = new Map([
  ['Bytes', MetricUnit.Bytes],
  ['LongestParked', MetricUnit.Seconds],
  ['OldestMessage', MetricUnit.Seconds],
]);

/** What every line of an invocation's log says. */
export interface LogKeys {
  readonly runId?: string;
  readonly source?: string;
  /** `gb/2026-11-17` */
  readonly partition?: string;
}

/**
 * Logs and metrics of one function. Events of the pipeline are counted as they happen and told when the
 * invocation ends.
 */
export class Observer {
  readonly logger: Logger;
  readonly #metrics: Metrics;
  readonly #counts = new Map<string, { dimensions: Record<string, string>; name: string; value: number }>();

  constructor(name: FunctionName) {
    this.logger = new Logger({ serviceName: name });
    this.#metrics = new Metrics({ namespace: NAMESPACE, serviceName: name });
  }

  /** Called before anything else: what is logged from here on carries the keys. */
  begin(context: Context, keys: LogKeys): void {
    this.logger.addContext(context);
    this.logger.resetKeys();
    this.logger.appendKeys({ ...keys });
  }

  /** `platform.emit`: a line for what somebody should see, a count for everything. */
  readonly onEvent = (event: PipelineEvent): void => {
    switch (event.kind) {
      case 'planned':
        this.logger.info('planned', { partitions: event.partitions });
        break;
      case 'discovered':
        this.logger.info('discovered', { items: event.items });
        break;
      case 'attempted':
        this.#count('Attempts', event.source, 1, { outcome: event.code });
        if (event.code === 'SUCCESS') this.#count('Pages', event.source, 1);
        if (event.attempt > 1) this.#count('Retries', event.source, 1);
        if (event.code !== 'SUCCESS' && event.code !== 'NOT_MODIFIED') {
          const { item, attempt, code, message: reason } = event;
          this.logger.warn('attempt failed', { item, attempt, code, reason });
        }
        break;
      case 'warning':
        this.logger.error('warning', { reason: event.message });
        break;
      case 'flagged':
        this.logger.warn('target flagged', { target: event.target, reason: event.reason });
        break;
      case 'left-out':
        this.#countTarget('TargetsLeftOut', event.source);
        this.logger.info('target left out', { target: event.target, reason: event.reason });
        break;
      case 'crawled':
        this.#countTarget('Crawls', event.source);
        this.#countTarget('CrawlsOrNoneDue', event.source);
        if (event.status !== 'failed' || event.was === 'failed') break;
        this.#countTarget('TargetsFailed', event.source);
        this.logger.warn('target failed', { target: event.target, code: event.code });
        break;
      case 'aligned':
        this.logger.info('partitions got the columns of their table', {
          table: event.table,
          updated: event.updated,
          left: event.left,
        });
        break;
      case 'nothing-due':
        this.#countTarget('CrawlsOrNoneDue', event.source);
        this.logger.info('nothing due');
        break;
      case 'published': {
        const { status, version, rows, wireBytes, stats, reason } = event.result;
        this.#count('Partitions', event.source, 1, { status });
        this.#count('Rows', event.source, rows);
        this.#count('Bytes', event.source, wireBytes);
        this.logger.info('published', { status, version, rows, stats, reason });
        break;
      }
    }
  };

  /** How long the record has waited that was parked first; seconds. Told when the invocation ends. */
  longestParked(seconds: number): void {
    const name: EnrichmentMetric = 'LongestParked';
    this.#counts.set(name, { name, dimensions: { stage: stageName() }, value: seconds });
  }

  /** A batch was delivered at `now` (milliseconds). How old its oldest message is, is told at the end. */
  delivered({ Records }: SqsEvent, now: number): void {
    const name: QueueMetric = 'OldestMessage';
    const queue = Records[0]?.eventSourceARN?.split(':').at(-1);
    const sent = Math.min(...Records.map(({ attributes }) => attributes.SentTimestamp));
    if (!queue) return;
    const value = Math.max(0, Math.round((now - sent) / 1000));
    this.#counts.set(name, { name, dimensions: { stage: stageName(), queue }, value });
  }

  /** Called last, whatever happened: tells the metrics of this invocation. */
  end(): void {
    for (const { name, dimensions, value } of this.#counts.values()) {
      const metric = this.#metrics.singleMetric();
      if ('stage' in dimensions) metric.clearDefaultDimensions();
      metric.addDimensions(dimensions);
      metric.addMetric(name, UNITS.get(name) ?? MetricUnit.Count, value);
    }
    this.#counts.clear();
  }

  #countTarget(name: TargetMetric, source: string): void {
    this.#count(name, source, 1, { stage: stageName() });
  }

  #count(name: string, source: string, value: number, more: Record<string, string> = {}): void {
    const dimensions = { source, ...more };
    const key = JSON.stringify([name, dimensions]);
    const before = this.#counts.get(key)?.value ?? 0;
    this.#counts.set(key, { name, dimensions, value: before + value });
  }
}

/** Every function has it, and none starts without it (`contracts.ts`). */
function stageName(): string {
  return process.env.RESCRAPE_STAGE ?? '';
}

/** How often each of these results is there, as a line of the log tells it. */
export function countsOf(results: Iterable<string>): Readonly<Record<string, number>> {
  const groups = Map.groupBy(results, (result) => result);
  return Object.fromEntries([...groups].map(([result, all]) => [result, all.length]));
}
