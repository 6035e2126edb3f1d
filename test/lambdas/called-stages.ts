import { afterEach, beforeAll, beforeEach, vi } from 'vitest';
import type { FaultRule } from '../../demo/faults.ts';
import type { FunctionName } from '../../lambdas/contracts.ts';
import { handlerOf, type Stage } from '../../lambdas/stage-handler.ts';
import { faults, sessionWith } from '../e2e/support/race-faults.ts';
import type { Session } from '../e2e/support/session.ts';
import { contextWith, ENV } from './support.ts';

/**
 * The stages as their handlers define them, over a lake, a state and a queue on this machine: new for each
 * test of the file.
 */
export class CalledStages {
  /** What was written to standard output: the log and the metrics, a line of JSON each. */
  lines: Record<string, unknown>[] = [];
  readonly #stages = new Map<FunctionName, Stage<never>>();
  #session: Session | undefined;

  constructor() {
    beforeAll(() => this.#load());
    beforeEach(() => {
      this.lines = [];
      for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
        vi.spyOn(console, method).mockImplementation(
          (line: string) => void this.lines.push(JSON.parse(line)),
        );
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await this.#session?.close();
      this.#session = undefined;
    });
  }

  /** Of the test in hand, with a site that behaves like this. */
  async sessionWith(...rules: FaultRule[]): Promise<Session> {
    this.#session = await sessionWith(faults(...rules));
    return this.#session;
  }

  /** Calls the handler as Lambda does: the event is JSON, so is the answer. */
  async call(name: FunctionName, event: unknown, remainingMs?: number): Promise<unknown> {
    const { platform } = this.#session!;
    const handler = handlerOf(this.#stages.get(name)!, async (onEvent) => ({ ...platform, emit: onEvent }));
    const answer = await handler(JSON.parse(JSON.stringify(event)), contextWith(remainingMs));
    return JSON.parse(JSON.stringify(answer ?? null));
  }

  async #load(): Promise<void> {
    for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
    const [plan, scrape, recordFailures, publish, summarize, report, ...others] = await Promise.all([
      import('../../lambdas/plan.lambda.ts'),
      import('../../lambdas/scrape.lambda.ts'),
      import('../../lambdas/record-failures.lambda.ts'),
      import('../../lambdas/publish.lambda.ts'),
      import('../../lambdas/summarize.lambda.ts'),
      import('../../lambdas/report.lambda.ts'),
      import('../../lambdas/retry-items.lambda.ts'),
      import('../../lambdas/enrich-records.lambda.ts'),
      import('../../lambdas/publish-entities.lambda.ts'),
    ]);
    const [retry, enrich, publishEntities] = others;
    for (const stage of [
      plan.planStage,
      scrape.scrapeStage,
      recordFailures.recordFailuresStage,
      publish.publishStage,
      summarize.summarizeStage,
      report.reportStage,
      retry.retryItemsStage,
      enrich.enrichRecordsStage,
      publishEntities.publishEntitiesStage,
    ])
      this.#stages.set(stage.name, stage as Stage<never>);
  }
}
