import { type ExtractEvent, extractEventText } from '../core/extract/extract-event.ts';
import type { Wave } from '../core/extract/wave.ts';
import { besideText } from '../core/lake/item-counts.ts';
import { partitionName } from '../core/lake/layout.ts';
import type { PipelineEvent } from '../core/platform.ts';
import type { Plan } from '../core/run/plan.ts';
import { counted } from '../core/wording/figures.ts';
import type { WorkflowEvent } from '../runtime/local-workflow.ts';
import { CountingLine } from './counting-line.ts';
import { cellText } from './print.ts';

/**
 * What is happening, on standard error: a line for each partition, and on a terminal a status line that
 * moves.
 */
export class Progress {
  readonly #status = new CountingLine();
  #partitions = 0;
  #published = 0;
  #pages = 0;
  #unchanged = 0;
  #problems = 0;
  #waiting = 0;
  #isClockTold = false;
  readonly #notices = new Set<string>();

  onStart(
    request: Pick<Plan, 'source'> | { source: string; start: string; end: string },
    start: { runId: string; resumed: boolean },
  ): void {
    const window = 'start' in request ? `, ${request.start} to ${request.end}` : '';
    this.#line(`${request.source}${window}: ${start.resumed ? 'resuming run' : 'run'} ${start.runId}`);
  }

  onExecution({ name, isContinuation }: { readonly name: string; readonly isContinuation: boolean }): void {
    this.#line(`  execution ${name}${isContinuation ? ' goes on where the one before ended' : ''}`);
  }

  onExtract(event: ExtractEvent): void {
    const text = extractEventText(event);
    if (event.kind === 'label' || event.kind === 'no-image') {
      // Of a library, which is looked at again and again: to send, and to publish.
      if (this.#notices.has(text)) return;
      this.#notices.add(text);
    }
    this.#line(`  ${cellText(text)}`);
  }

  /** Waves that only ask how jobs are going say nothing. */
  onWave({ counts, sent, active }: Wave): void {
    if (!counts) return;
    const reasons = Object.entries(counts).flatMap(([reason, count]) =>
      count ? [`${count} ${reason}`] : [],
    );
    const batches = counted(sent.batches, 'batch', 'batches');
    this.#line(
      `  scanned: ${reasons.join(', ') || 'no labelled page'}; ${batches} sent, ${active} in flight`,
    );
  }

  onPipeline(event: PipelineEvent): void {
    switch (event.kind) {
      case 'planned':
        this.#partitions = event.partitions;
        break;
      case 'attempted':
        this.#pages++;
        if (event.code === 'NOT_MODIFIED') this.#unchanged++;
        else if (event.code !== 'SUCCESS') {
          this.#problems++;
          const name = partitionName(event.source, event.partition);
          this.#line(
            `  ${name} ${cellText(event.item)}: ${event.code}${event.message ? ` (${cellText(event.message)})` : ''}, try ${event.attempt}`,
          );
        }
        break;
      case 'clock-behind':
        // Every partition finds it anew; once is enough.
        if (!this.#isClockTold) this.#line(`  ${clockText(event)}`);
        this.#isClockTold = true;
        break;
      case 'warning':
        this.#line(`  ${cellText(event.message)}`);
        break;
      case 'flagged':
        this.#line(`  ${event.source}/${event.target} is flagged and skipped from now on: ${event.reason}`);
        break;
      case 'published': {
        this.#published++;
        const { status, stats, rows, reason } = event.result;
        const beside = besideText(stats);
        const items = `${stats.found} of ${stats.indexRead ? stats.expected : '?'} items`;
        const counts = `${items}${beside === '' ? '' : `, ${beside}`}, ${rows} rows`;
        this.#line(
          `  ${partitionName(event.source, event.partition)} ${status}: ${counts}${reason ? ` (${cellText(reason)})` : ''}`,
        );
        break;
      }
      case 'left-out':
        this.#line(`  ${event.source}/${event.target} is left as it is: ${event.reason}`);
        break;
      case 'crawled':
        if (event.status === 'failed' && event.was !== 'failed')
          this.#line(`  ${event.source}/${event.target} has failed too often, and is left alone from now on`);
        break;
      case 'nothing-due':
      case 'discovered':
        break;
    }
    this.#draw();
  }

  onWorkflow(event: WorkflowEvent): void {
    if (event.kind === 'retry-waiting') {
      this.#waiting++;
      this.#line(
        `  waiting ${Math.ceil(event.waitMs / 1000)} s before ${event.stage} again: ${cellText(event.error.message)}`,
      );
    }
    this.#draw();
  }

  /** Takes the status line away. */
  end(): void {
    this.#status.end();
  }

  #line(text: string): void {
    this.end();
    process.stderr.write(`${text}\n`);
  }

  #draw(): void {
    const counts = `${this.#pages} pages (${this.#unchanged} unchanged, ${this.#problems} with problems), ${this.#waiting} waits`;
    this.#status.at(`${this.#published}/${this.#partitions} partitions, ${counts}`);
  }
}

function clockText({ now, known }: Extract<PipelineEvent, { kind: 'clock-behind' }>): string {
  const [is, was] = [now, known].map((at) => new Date(at).toISOString());
  return `the clock went back: it says ${is}, and the newest record here is of ${was}; what is read now counts as later`;
}
