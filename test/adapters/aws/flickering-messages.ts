import { createHash } from 'node:crypto';
import type { Answer, Input } from './scripted-service.ts';

interface HeldMessage {
  readonly id: number;
  /** Which `ReceiveMessage` hands it over again; 0 where it is visible. */
  hiddenUntil: number;
  deliveries: number;
}

/**
 * A dead-letter queue of SQS that hides a message for so many calls and no longer, whatever it is asked for:
 * time passes with the calls, as it does where there are many messages. The one that was hidden last comes
 * last.
 */
export class FlickeringMessages {
  readonly #messages: HeldMessage[];
  readonly #hiddenCalls: number;
  #calls = 0;

  constructor(count: number, hiddenCalls: number) {
    // The newest first: SQS knows no order.
    this.#messages = Array.from({ length: count }, (_, n) => ({
      id: count - 1 - n,
      hiddenUntil: 0,
      deliveries: 0,
    }));
    this.#hiddenCalls = hiddenCalls;
  }

  /** Those that a listing would not find now. */
  get hidden(): number[] {
    return this.#messages.filter(({ hiddenUntil }) => hiddenUntil > this.#calls).map(({ id }) => id);
  }

  receive(): Answer {
    this.#calls++;
    const ten = this.#messages.filter(({ hiddenUntil }) => hiddenUntil <= this.#calls).slice(0, 10);
    for (const message of ten) {
      this.#messages.push(...this.#messages.splice(this.#messages.indexOf(message), 1));
      message.hiddenUntil = this.#calls + this.#hiddenCalls;
      message.deliveries++;
    }
    return { output: { Messages: ten.map(messageOf) } };
  }

  /** Only the receipt of the last delivery shows a message again. */
  show(entries: readonly Input[]): Answer {
    const receipts = new Set(entries.map(({ ReceiptHandle }) => ReceiptHandle));
    for (const message of this.#messages) if (receipts.has(receiptOf(message))) message.hiddenUntil = 0;
    return { output: {} };
  }
}

const receiptOf = ({ id, deliveries }: HeldMessage) => `receipt-${id}-${deliveries}`;

function messageOf(message: HeldMessage) {
  const body = `message ${message.id}`;
  return {
    MessageId: `id-${message.id}`,
    ReceiptHandle: receiptOf(message),
    Body: body,
    MD5OfBody: createHash('md5').update(body).digest('hex'),
    Attributes: { SentTimestamp: String(1_000 + message.id) },
  };
}
