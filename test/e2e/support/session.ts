import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Failure } from '../../../core/failures/failure.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { PartitionWork, PipelineEvent } from '../../../core/platform.ts';
import { plan } from '../../../core/run/plan.ts';
import { readWorkList } from '../../../core/run/work-list.ts';
import type { Source } from '../../../core/source/source.ts';
import type { TargetRecord } from '../../../core/targets/target.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import type { DemoSite, DemoSiteOptions } from '../../../demo/site.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { type RunRequest, runLocally } from '../../../runtime/local-run.ts';
import type { RunEnd } from '../../../runtime/run-end.ts';
import { ImpatientClock } from './impatient-clock.ts';
import { logRows, type ReadRow } from './lake-reading.ts';
import { amountOf, DAY, settingsFor, startSmallSite } from './small-site.ts';
import { type OnWrite, watchedPlatform } from './watched-stores.ts';

export interface SessionOptions {
  readonly site?: Partial<DemoSiteOptions>;
  /** `RESCRAPE_RACING_…` beside those that `settingsFor` gives. */
  readonly env?: Readonly<Record<string, string>>;
  readonly sources?: readonly Source[];
}

/** A small site, an empty lake, and a platform on a clock that does not wait. */
export class Session {
  readonly site: DemoSite;
  readonly directory: string;
  readonly clock = new ImpatientClock();
  readonly platform: LocalPlatform;
  readonly events: PipelineEvent[] = [];
  /** Keys of the objects and names of the documents that were written or deleted, in order. */
  readonly writes: string[] = [];
  /** Told of every write before it happens; what it throws, the writer sees. */
  onWrite: OnWrite = () => {};
  /** What a scrape of `DAY` should find of Great Britain, as the site was at the start. */
  readonly amount: ReturnType<typeof amountOf>;
  readonly #opened: LocalPlatform;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(site: DemoSite, { env = {}, sources }: SessionOptions) {
    this.site = site;
    this.amount = amountOf(site);
    this.directory = mkdtempSync(join(tmpdir(), 'rescrape-session-'));
    this.#env = settingsFor(site, env);
    this.#opened = this.open(sources);
    const watch: OnWrite = (write) => {
      this.writes.push(write.name);
      return this.onWrite(write);
    };
    this.platform = watchedPlatform(this.#opened, watch);
  }

  static async start(options: SessionOptions = {}): Promise<Session> {
    return new Session(await startSmallSite(options.site), options);
  }

  /** One more platform on the same lake, as another process would have it. The caller closes it. */
  open(sources?: readonly Source[]): LocalPlatform {
    return openLocalPlatform({
      directory: this.directory,
      env: this.#env,
      clock: this.clock,
      onEvent: (event) => this.events.push(event),
      ...(sources && { sources }),
    });
  }

  get source(): Source {
    return this.platform.sources[0]!;
  }

  /** Plays one run of `DAY`, or of what is asked for. `waits`: milliseconds of every wait before a retry. */
  async run(
    request: Partial<RunRequest> = {},
  ): Promise<{ end: Extract<RunEnd, { kind: 'finished' }>; waits: number[] }> {
    const waits: number[] = [];
    const end = await runLocally(this.platform, {
      source: 'racing',
      start: DAY,
      end: DAY,
      force: false,
      ...request,
      onWorkflowEvent: (event) => {
        if (event.kind === 'retry-waiting') waits.push(event.waitMs);
        request.onWorkflowEvent?.(event);
      },
    });
    if (end.kind !== 'finished') throw new Error(`the run ended ${end.kind}: ${JSON.stringify(end)}`);
    return { end, waits };
  }

  /** Plans a run of one partition of `DAY`, for whoever calls the stages one by one. */
  async planned(target: string): Promise<PartitionWork> {
    const { platform } = this;
    const input = {
      runId: platform.newId(),
      source: 'racing',
      start: DAY,
      end: DAY,
      targets: [target],
      force: false,
    };
    const { workList } = await plan(platform, input);
    for await (const work of readWorkList(platform, workList.key)) return work;
    throw new Error('nothing was planned');
  }

  /** Attempts on record, in the order in which they were made. */
  async attempts(): Promise<ReadRow[]> {
    const rows = await logRows(this.directory, 'attempts');
    return rows.sort((a, b) => (String(a.attempt_id) < String(b.attempt_id) ? -1 : 1));
  }

  failures(): Promise<Failure[]> {
    return Array.fromAsync(new FailureStore(this.platform.state).list('racing'));
  }

  target(target: string): Promise<TargetRecord> {
    return new TargetStore(this.platform.state).get('racing', target);
  }

  async close(): Promise<void> {
    await this.#opened.close();
    await this.site.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
