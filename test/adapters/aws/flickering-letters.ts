import { createHash } from 'node:crypto';
import type { Answer, Input } from './scripted-service.ts';

interface Letter {
  readonly id: number;
  /** Which `ReceiveMessage` hands it over again; 0 where it is visible. */
  hiddenUntil: number;
  deliveries: number;
}

/**
 * A dead-letter queue of SQS that hides a letter for so many calls and no longer, whatever it is asked for:
 * time passes with the calls, as it does where there are many letters. The one that was hidden last comes
 * last.
 */
export class FlickeringLetters {
  readonly #letters: Letter[];
  readonly #hiddenCalls: number;
  #calls = 0;

  constructor(count: number, hiddenCalls: number) {
    // The newest first: SQS knows no order.
    this.#letters = Array.from({ length: count }, (_, n) => ({
      id: count - 1 - n,
      hiddenUntil: 0,
      deliveries: 0,
    }));
    this.#hiddenCalls = hiddenCalls;
  }

  /** Those that a listing would not find now. */
  get hidden(): number[] {
    return this.#letters.filter(({ hiddenUntil }) => hiddenUntil > this.#calls).map(({ id }) => id);
  }

  receive(): Answer {
    this.#calls++;
    const ten = this.#letters.filter(({ hiddenUntil }) => hiddenUntil <= this.#calls).slice(0, 10);
    for (const letter of ten) {
      this.#letters.push(...this.#letters.splice(this.#letters.indexOf(letter), 1));
      letter.hiddenUntil = this.#calls + this.#hiddenCalls;
      letter.deliveries++;
    }
    return { output: { Messages: ten.map(messageOf) } };
  }

  /** Only the receipt of the last delivery shows a letter again. */
  show(entries: readonly Input[]): Answer {
    const receipts = new Set(entries.map(({ ReceiptHandle }) => ReceiptHandle));
    for (const letter of this.#letters) if (receipts.has(receiptOf(letter))) letter.hiddenUntil = 0;
    return { output: {} };
  }
}

const receiptOf = ({ id, deliveries }: Letter) => `receipt-${id}-${deliveries}`;

function messageOf(letter: Letter) {
  const body = `letter ${letter.id}`;
  return {
    MessageId: `id-${letter.id}`,
    ReceiptHandle: receiptOf(letter),
    Body: body,
    MD5OfBody: createHash('md5').update(body).digest('hex'),
    Attributes: { SentTimestamp: String(1_000 + letter.id) },
  };
}
