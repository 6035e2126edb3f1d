/**
 * A queue with at-least-once delivery and a dead-letter queue behind it: the SQS model. Messages may come
 * twice and in any order; whoever handles one must make that harmless.
 */
export interface WorkQueue {
  /** Every message is in the queue when this resolves. */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
  /** At most `max` messages (1 to 10) that are due; each is hidden from others for `visibilityMs`. */
  receive(options: {
    readonly max: number;
    readonly visibilityMs: number;
  }): Promise<readonly ReceivedMessage[]>;
  /** These messages are done with; one whose receipt is stale by now stays where it is. */
  acknowledge(messages: readonly ReceivedMessage[]): Promise<void>;
  /**
   * The message is due again in `delayMs`; after its last delivery it goes to the dead letters when it is
   * next due.
   */
  release(message: ReceivedMessage, delayMs: number): Promise<void>;
  /**
   * Moves the message to the dead letters at once, with the reason why. False where nothing was moved: it had
   * been handed over again meanwhile, and whoever has it decides.
   */
  deadLetter(message: ReceivedMessage, reason: string): Promise<boolean>;
  /** Puts a message that is in no queue among the dead letters, with the reason why. */
  sendDeadLetter(body: string, reason: string): Promise<void>;
  /** Messages by where they are; approximate on AWS. */
  depth(): Promise<QueueDepth>;
  /**
   * The dead letters, oldest first. Looking at them changes nothing, but on AWS hides them from others until
   * it ends, and for five minutes where it was killed.
   */
  deadLetters(): AsyncIterable<DeadLetter>;
  /** Removes dead letters for good; one that is gone already is no trouble. */
  purge(deadLetters: readonly DeadLetter[]): Promise<void>;
  /** Removes every message and every dead letter, whoever has it. On AWS that takes up to a minute. */
  clear(): Promise<void>;
}

export interface OutgoingMessage {
  /** At most 256 KB of text. */
  readonly body: string;
  /** Milliseconds before it is due; clamped to what the queue can do (SQS: 15 minutes). */
  readonly delayMs: number;
}

export interface ReceivedMessage {
  readonly id: string;
  readonly body: string;
  /** 1 for the first delivery. */
  readonly deliveries: number;
  /** Opaque; of this delivery only. */
  readonly receipt: string;
}

export interface QueueDepth {
  readonly due: number;
  readonly delayed: number;
  readonly inFlight: number;
  readonly dead: number;
}

export interface DeadLetter {
  readonly id: string;
  readonly body: string;
  /** Why it was moved here; undefined where its deliveries were used up. */
  readonly reason?: string;
  readonly receipt: string;
}
