import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type ExtractEvent, extractEventText } from '../core/extract/extract-event.ts';
import { LabelNotices } from '../core/extract/label-notices.ts';
import type { ExtractionMetric } from './extraction-metrics.ts';
import { NAMESPACE } from './metrics.ts';
import type { Observer } from './observe.ts';

/** Logs and metrics of one wave: events are counted as they happen and told when it ends. */
export class ExtractionObserver {
  readonly #logger: Observer['logger'];
  readonly #metrics = new Metrics({ namespace: NAMESPACE });
  readonly #dimensions: Readonly<Record<string, string>>;
  readonly #labels = new LabelNotices();
  readonly #counts = new Map<ExtractionMetric, number>();

  constructor({ logger }: Pick<Observer, 'logger'>, stage: string, extraction: string) {
    this.#logger = logger;
    this.#dimensions = { stage, extraction };
  }

  /** `context.tell`. */
  readonly tell = (event: ExtractEvent): void => {
    const text = extractEventText(event);
    switch (event.kind) {
      case 'processed':
        this.#count('PagesExtracted', event.counts.succeeded);
        this.#logger.info(text, { counts: event.counts });
        break;
      case 'page-failed':
        this.#count('PagesFailed', 1);
        if (event.attempt >= event.maxRetries) this.#count('PagesExhausted', 1);
        this.#logger.warn(text, { page: event.page, code: event.code, attempt: event.attempt });
        break;
      case 'problem':
        this.#count('ProviderErrors', 1);
        this.#logger.warn(text, { batch: event.batch, cause: event.problem.cause });
        break;
      case 'operator':
      case 'refused':
      case 'duplicate-remains':
        this.#count('ProviderErrors', 1);
        this.#logger.error(text);
        break;
      case 'ended':
        if (event.state === 'failed' || event.state === 'expired' || event.state === 'refused')
          this.#count('ProviderErrors', 1);
        this.#logger.warn(text, { batch: event.batch, state: event.state });
        break;
      case 'left-out':
      case 'no-image':
      case 'no-context':
      case 'stray-line':
        this.#logger.warn(text);
        break;
      case 'label':
        this.#labels.add(event.notice);
        break;
      default:
        this.#logger.info(text);
    }
  };

  /** Called last, whatever happened. `oldest`: milliseconds for which a batch has been in flight. */
  end(oldestMs: number | undefined): void {
    for (const line of this.#labels.newLines()) this.#logger.warn(line);
    for (const [name, value] of this.#counts) this.#send(name, value, MetricUnit.Count);
    this.#counts.clear();
    if (oldestMs !== undefined) this.#send('OldestBatchSeconds', oldestMs / 1_000, MetricUnit.Seconds);
  }

  #count(name: ExtractionMetric, more: number): void {
    if (more > 0) this.#counts.set(name, (this.#counts.get(name) ?? 0) + more);
  }

  #send(name: ExtractionMetric, value: number, unit: (typeof MetricUnit)[keyof typeof MetricUnit]): void {
    const metric = this.#metrics.singleMetric();
    metric.clearDefaultDimensions();
    metric.addDimensions({ ...this.#dimensions });
    metric.addMetric(name, unit, value);
  }
}
