import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CivilDate, civilDate } from '../../../core/calendar/civil-date.ts';
import { civilDateAt } from '../../../core/calendar/window.ts';
import { completeness } from '../../../core/completeness/completeness.ts';
import { batchHandler } from '../../../core/enrich/handle-batch.ts';
import { encodeMessage, type IncomingMessage } from '../../../core/enrich/message.ts';
import type { Platform } from '../../../core/platform.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import type { Publication, PublicationOptions } from '../../../core/publish-derived/publish-partition.ts';
import { publishEntities } from '../../../core/publish-entities/publish-entities.ts';
import type { Source } from '../../../core/source/source.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';

export const NOON = Date.parse('2026-11-22T12:00:00Z');
export const FEED = 'north';
export const DATE = civilDate('2026-11-17');

export const TUTOR = {
  tutor_id: 't-1',
  name: 'Ada Quill',
  email: 'ada@tutors.example',
  onboarding_date: '2025-01-31',
  status: 'active',
  subjects: ['algebra', 'physics'],
  updated_at: '2026-11-17T08:00:00+01:00',
};
export const STUDENT = { student_id: 's-1', name: 'Bo Linden', age: 12.5, subjects_interested: [] };
export const SESSION = {
  session_id: 'x-1',
  tutor_id: 't-1',
  student_id: 's-1',
  scheduled_start: '2026-11-17T23:30:00-05:00',
  duration_minutes: 45,
  subject: 'algebra',
  no_show: false,
};

type Message = Partial<IncomingMessage> & { readonly record: unknown };

/** A platform over real files in which records are enriched and published. */
export class TutoringWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'rescrape-tutoring-'));
  /** Moves only where a test moves it. */
  now: number;
  readonly clock: Clock = { now: () => this.now, sleep: async () => {} };
  readonly platform: LocalPlatform;
  #sent = 0;

  constructor({
    sources = [],
    now = NOON,
  }: { readonly sources?: readonly Source[]; readonly now?: number } = {}) {
    this.now = now;
    this.platform = openLocalPlatform({ directory: this.directory, env: {}, clock: this.clock, sources });
  }

  async close(): Promise<void> {
    await this.platform.close();
    rmSync(this.directory, { recursive: true });
  }

  /** Sends a record and has it handled; answers what became of it. What waited for it is taken up as well. */
  async bring(kind: string, message: Message): Promise<string> {
    const [first] = await this.handle(kind, [message]);
    await this.drain();
    return first!;
  }

  /** Messages as they are sent, with an id each. */
  message(kind: string, { id, ...given }: Message): IncomingMessage {
    this.#sent++;
    return {
      id: id ?? `m-${this.#sent}`,
      kind,
      source: 'test',
      feed: FEED,
      date: DATE,
      sentAt: this.clock.now(),
      origin: null,
      parked: false,
      ...given,
    };
  }

  async handle(kind: string, messages: readonly Message[]): Promise<string[]> {
    const deliveries = messages.map((message) => {
      const whole = this.message(kind, message);
      return { kind, delivery: { id: whole.id, body: encodeMessage(whole), deliveries: 1 } };
    });
    const answers = await batchHandler(this.platform)(deliveries);
    return answers.map((answer) => answer.kind);
  }

  /** Works all queues until nothing is due. */
  async drain(): Promise<void> {
    for (let isDue = true; isDue; ) {
      isDue = false;
      for (const { kind } of this.platform.enrichers) {
        const queue = this.platform.enrichmentQueue(kind);
        const deliveries = await queue.receive({ max: 10, visibilityMs: 60_000 });
        if (deliveries.length === 0) continue;
        isDue = true;
        await batchHandler(this.platform)(deliveries.map((delivery) => ({ kind, delivery })));
        await queue.acknowledge(deliveries);
      }
    }
  }

  publish(options: PublicationOptions = {}, platform: Platform = this.platform): Promise<Publication> {
    return publishEntities(platform, { isAlone: true, ...options });
  }

  source(name: string): Source {
    return this.platform.sources.find((source) => source.name === name)!;
  }

  /** How a date of a table stands. */
  async judged(
    table: string,
    date: CivilDate = DATE,
    feed = FEED,
  ): Promise<{
    readonly status: string;
    readonly reason: string | null;
    readonly found: number;
    readonly failed: number;
  }> {
    const { state, sources } = this.platform;
    const source = this.source(table);
    const now = this.clock.now();
    const { targets } = await completeness(state, source, {
      start: date,
      end: date,
      today: civilDateAt(now, source.timeZone),
      now,
      sources,
      targets: [feed],
    });
    const { status, reason, found, failed } = targets[0]!.dates[0]!;
    return { status, reason, found, failed };
  }
}
