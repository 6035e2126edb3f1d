import { type ExtractEvent, extractEventText } from '../core/extract/extract-event.ts';
import { LabelNotices } from '../core/extract/label-notices.ts';
import type { Wave } from '../core/extract/wave.ts';
import { besideText } from '../core/lake/item-counts.ts';
import { partitionName } from '../core/lake/layout.ts';
import type { PipelineEvent } from '../core/platform.ts';
import { alignedText } from '../core/publish/check-engines.ts';
import type { Plan } from '../core/run/make-plan.ts';
import { counted } from '../core/wording/figures.ts';
import type { WorkflowEvent } from '../runtime/local-workflow.ts';
import { CountingLine } from './counting-line.ts';
import { cellText } from './print.ts';

/** Problems that are remembered as said. */
const MOST_TOLD = 1_000;

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
  readonly #told = new Set<string>();
  /** What was noticed of the labels of a library. */
  readonly labels = new LabelNotices();

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

  /**
   * What is tried again, or waits for a person, comes again with every look: it is said once. A refusal is
   * what the command itself ends with, page by page too. What is noticed of labels is summed.
   */
  onExtract(event: ExtractEvent): void {
    const isRefusal =
      event.kind === 'refused' ||
      (event.kind === 'ended' && event.state === 'refused') ||
      (event.kind === 'left-out' && event.isRefused);
    if (isRefusal) return;
    if (event.kind === 'label') {
      this.labels.add(event.notice);
      return;
    }
    this.#sayLabels();
    const text = extractEventText(event);
    const cause = causeOf(event, text);
    if (cause !== undefined) {
      if (this.#told.has(cause)) return;
      if (this.#told.size < MOST_TOLD) this.#told.add(cause);
    }
    this.#line(`  ${cellText(text)}`);
  }

  /** Waves that only ask how jobs are going say nothing. */
  onWave({ counts, sent, active }: Wave): void {
    if (!counts) return;
    this.#sayLabels();
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
      case 'aligned':
        this.#line(`  ${alignedText(event)}`);
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

  #sayLabels(): void {
    for (const line of this.labels.newLines()) this.#line(`  ${cellText(line)}`);
  }

  /** Takes the status line away, and says what is left to say. */
  end(): void {
    this.#status.end();
    this.#sayLabels();
  }

  #line(text: string): void {
    this.#status.end();
    process.stderr.write(`${text}\n`);
  }

  #draw(): void {
    const counts = `${this.#pages} pages (${this.#unchanged} unchanged, ${this.#problems} with problems), ${this.#waiting} waits`;
    this.#status.at(`${this.#published}/${this.#partitions} partitions, ${counts}`);
  }
}

/** What an event that may come again and again is about; undefined for any other. */
function causeOf(event: ExtractEvent, text: string): string | undefined {
  // The end of a run names each page; why is the same for many.
  if (event.kind === 'left-out') return event.reason.replaceAll(event.page, '');
  return event.kind === 'problem' || event.kind === 'operator' ? text : undefined;
}

function clockText({ now, known }: Extract<PipelineEvent, { kind: 'clock-behind' }>): string {
  const [is, was] = [now, known].map((at) => new Date(at).toISOString());
  return `the clock went back: it says ${is}, and the newest record here is of ${was}; what is read now counts as later`;
}
