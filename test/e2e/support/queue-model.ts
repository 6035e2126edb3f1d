import type { Clock } from '../../../core/ports/clock.ts';
import type {
  DeadLetter,
  OutgoingMessage,
  QueueDepth,
  ReceivedMessage,
  WorkQueue,
} from '../../../core/ports/work-queue.ts';

const MAX_BODY_BYTES = 262_144;
/** SQS delays a message by 15 minutes at most, and hides one for 12 hours at most. Milliseconds. */
const MAX_DELAY_MS = 15 * 60_000;
const MAX_HIDDEN_MS = 12 * 3_600_000;

interface Entry {
  readonly id: string;
  readonly body: string;
  dueAt: number;
  deliveries: number;
  receipt: string | undefined;
}

/**
 * A queue in memory that may do everything that SQS is allowed to: hand over what is due in any order,
 * deliver a message again that was done with, hold a delay for fifteen minutes only.
 */
export class QueueModel implements WorkQueue {
  readonly #clock: Clock;
  readonly #maxDeliveries: number;
  readonly #worn: number;
  #entries: Entry[] = [];
  #dead: DeadLetter[] = [];
  /** Every body that was ever handed to it: what a redelivery can bring back. */
  readonly #sent: string[] = [];
  #made = 0;
  /** Which of the messages that are due is handed over first. */
  choose: (due: number) => number = () => 0;

  /** `worn`: deliveries that every message has behind it when it is sent; waiting and crashes use them up. */
  constructor(clock: Clock, maxDeliveries: number, worn = 0) {
    this.#worn = worn;
    this.#clock = clock;
    this.#maxDeliveries = maxDeliveries;
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    assertBodies(messages);
    for (const { body, delayMs } of messages) this.#insert(body, Math.min(delayMs, MAX_DELAY_MS));
  }

  async receive({ max, visibilityMs }: { max: number; visibilityMs: number }): Promise<ReceivedMessage[]> {
    if (!Number.isInteger(max) || max < 1 || max > 10) throw new RangeError(`not ${max} messages`);
    this.#moveExhausted();
    const now = this.#clock.now();
    const due = this.#entries.filter(({ dueAt }) => dueAt <= now);
    const received: ReceivedMessage[] = [];
    while (due.length > 0 && received.length < max) {
      const entry = due.splice(this.choose(due.length), 1)[0]!;
      const receipt = this.#name('receipt');
      entry.deliveries++;
      entry.dueAt = now + visibilityMs;
      entry.receipt = receipt;
      const { id, body, deliveries } = entry;
      received.push({ id, body, deliveries, receipt });
    }
    return received;
  }

  async acknowledge(messages: readonly ReceivedMessage[]): Promise<void> {
    for (const message of messages) this.#take(message);
  }

  async release({ id, receipt }: ReceivedMessage, delayMs: number): Promise<void> {
    const entry = this.#entries.find((each) => each.id === id && each.receipt === receipt);
    if (!entry) return;
    entry.dueAt = this.#clock.now() + Math.min(delayMs, MAX_HIDDEN_MS);
    entry.receipt = undefined;
  }

  async deadLetter(message: ReceivedMessage, reason: string): Promise<boolean> {
    if (!this.#take(message)) return false;
    this.#deadLetter(message.body, reason);
    return true;
  }

  async sendDeadLetter(body: string, reason: string): Promise<void> {
    this.#deadLetter(body, reason);
  }

  async depth(): Promise<QueueDepth> {
    this.#moveExhausted();
    const now = this.#clock.now();
    const waiting = this.#entries.filter(({ dueAt }) => dueAt > now);
    const inFlight = waiting.filter(({ receipt }) => receipt !== undefined).length;
    return {
      due: this.#entries.length - waiting.length,
      delayed: waiting.length - inFlight,
      inFlight,
      dead: this.#dead.length,
    };
  }

  async nextDueAt(): Promise<number | null> {
    const waiting = this.#entries.filter(({ receipt }) => receipt === undefined).map(({ dueAt }) => dueAt);
    const later = waiting.filter((at) => at > this.#clock.now());
    return later.length === 0 ? null : Math.min(...later);
  }

  close(): void {}

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    this.#moveExhausted();
    yield* [...this.#dead];
  }

  async purge(messages: readonly DeadLetter[]): Promise<void> {
    for (const message of messages) this.#removeDead(message);
  }

  async clear(): Promise<void> {
    this.#entries = [];
    this.#dead = [];
  }

  /** What the network lost sight of comes once more: the nth body that was ever sent, as a new message. */
  redeliver(nth: number): void {
    const body = this.#sent.at(nth % Math.max(1, this.#sent.length));
    if (body !== undefined) this.#insert(body, 0);
  }

  /** Bodies that are in the queue, handed over or not. */
  bodies(): string[] {
    return this.#entries.map(({ body }) => body);
  }

  deadBodies(): string[] {
    this.#moveExhausted();
    return this.#dead.map(({ body }) => body);
  }

  /** When the next message may be received, whoever has it now; undefined where there is none. */
  nextEntryAt(): number | undefined {
    if (this.#entries.length === 0) return undefined;
    return Math.min(...this.#entries.map(({ dueAt }) => dueAt));
  }

  #insert(body: string, delayMs: number): void {
    const dueAt = this.#clock.now() + delayMs;
    this.#entries.push({
      id: this.#name('message'),
      body,
      dueAt,
      deliveries: this.#worn,
      receipt: undefined,
    });
    this.#sent.push(body);
  }

  #take({ id, receipt }: ReceivedMessage): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((each) => each.id !== id || each.receipt !== receipt);
    return this.#entries.length < before;
  }

  #moveExhausted(): void {
    const now = this.#clock.now();
    const exhausted = this.#entries.filter(
      ({ dueAt, deliveries }) => dueAt <= now && deliveries >= this.#maxDeliveries,
    );
    for (const entry of exhausted) this.#deadLetter(entry.body);
    this.#entries = this.#entries.filter((entry) => !exhausted.includes(entry));
  }

  #deadLetter(body: string, reason?: string): void {
    const id = this.#name('dead-message');
    this.#dead.push({ id, body, ...(reason !== undefined && { reason }), receipt: id });
  }

  #removeDead({ id }: DeadLetter): boolean {
    const before = this.#dead.length;
    this.#dead = this.#dead.filter((message) => message.id !== id);
    return this.#dead.length < before;
  }

  #name(what: string): string {
    return `${what}-${this.#made++}`;
  }
}

function assertBodies(messages: readonly OutgoingMessage[]): void {
  for (const { body } of messages) {
    const bytes = new TextEncoder().encode(body).length;
    if (bytes > MAX_BODY_BYTES || bytes === 0) throw new RangeError(`a message of ${bytes} bytes`);
  }
}
