import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetter, ReceivedMessage, WorkQueue } from '../../core/ports/work-queue.ts';

/** One empty queue that gives a message `maxDeliveries` deliveries. */
export interface WorkQueueHarness {
  readonly queue: WorkQueue;
  readonly maxDeliveries: number;
  /** Lets at least so many milliseconds pass for the queue. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

/** Milliseconds; a whole number of seconds, because SQS counts in seconds. */
const SECOND = 1000;

/** What every work queue must do; each adapter's test calls it. */
export function workQueueContract(name: string, create: () => Promise<WorkQueueHarness>): void {
  describe(`${name} keeps the contract of a work queue`, () => {
    let harness: WorkQueueHarness;
    let queue: WorkQueue;
    beforeEach(async () => {
      harness = await create();
      queue = harness.queue;
    });
    afterEach(() => harness.dispose());

    const send = (...bodies: string[]) => queue.send(bodies.map((body) => ({ body, delayMs: 0 })));
    const receive = (max = 10, visibilityMs = 30 * SECOND) => queue.receive({ max, visibilityMs });

    /** Everything that is due, however many calls it takes. */
    async function drain(visibilityMs = 30 * SECOND): Promise<ReceivedMessage[]> {
      const all: ReceivedMessage[] = [];
      for (;;) {
        const some = await receive(10, visibilityMs);
        if (some.length === 0) return all;
        all.push(...some);
      }
    }
    async function one(visibilityMs = 30 * SECOND): Promise<ReceivedMessage> {
      const [message, ...others] = await drain(visibilityMs);
      expect(others).toEqual([]);
      return message!;
    }
    const dead = (): Promise<DeadLetter[]> => Array.fromAsync(queue.deadLetters());
    async function deadLetters(count: number): Promise<DeadLetter[]> {
      await send(...Array.from({ length: count }, (_, n) => `message ${n}`));
      for (const message of await drain()) await queue.deadLetter(message, 'why');
      return dead();
    }

    it('hands over what was sent, byte for byte', async () => {
      const body = JSON.stringify({ text: 'é "quoted" 🐎 <&>\n\t', nested: { list: [1, null] } });
      await send(body);
      expect(await one()).toMatchObject({ body, deliveries: 1 });
    });

    it('has nothing to hand over when nothing was sent, and takes an empty list', async () => {
      await queue.send([]);
      expect(await receive()).toEqual([]);
      expect(await queue.depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
    });

    it('takes more messages than one call of its service can carry', async () => {
      const bodies = Array.from({ length: 23 }, (_, n) => `message ${n}`);
      await send(...bodies);
      expect((await drain()).map(({ body }) => body).sort()).toEqual(bodies.toSorted());
    });

    it('takes messages that together are larger than one call of its service can carry', async () => {
      const bodies = Array.from({ length: 4 }, (_, n) => String(n).repeat(200_000));
      await send(...bodies);
      expect((await drain()).map(({ body }) => body.length)).toEqual(Array(4).fill(200_000));
    });

    it('refuses a message that is larger than 256 KB, and sends none of its neighbours', async () => {
      await expect(send('fine', 'x'.repeat(262_145))).rejects.toThrow(RangeError);
      expect(await receive()).toEqual([]);
    });

    it('gives at most as many as were asked for', async () => {
      await send('a', 'b', 'c');
      expect((await receive(2)).length).toBeLessThanOrEqual(2);
      await expect(receive(11)).rejects.toThrow(RangeError);
    });

    it('hides a message that was handed over, and hands it over again when its time is up', async () => {
      await send('a');
      await one(2 * SECOND);
      expect(await receive()).toEqual([]);
      await harness.pass(2 * SECOND);
      expect(await one()).toMatchObject({ body: 'a', deliveries: 2 });
    });

    it('forgets a message that was acknowledged', async () => {
      await send('a');
      await queue.acknowledge([await one(1 * SECOND)]);
      await harness.pass(1 * SECOND);
      expect(await receive()).toEqual([]);
      expect(await queue.depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
    });

    it('forgets messages that were acknowledged together, and no other', async () => {
      await send(...Array.from({ length: 23 }, (_, n) => `message ${n}`));
      const [stays, ...others] = await drain();
      await queue.acknowledge([]);
      await queue.acknowledge(others);
      await queue.release(stays!, 0);
      expect(await one()).toMatchObject({ body: stays!.body });
      expect(await queue.depth()).toEqual({ due: 0, delayed: 0, inFlight: 1, dead: 0 });
    });

    it('keeps a delayed message back until it is due', async () => {
      await queue.send([{ body: 'later', delayMs: 2 * SECOND }]);
      expect(await queue.depth()).toMatchObject({ due: 0, delayed: 1 });
      expect(await receive()).toEqual([]);
      await harness.pass(2 * SECOND);
      expect(await one()).toMatchObject({ body: 'later', deliveries: 1 });
    });

    it('makes a released message due when it was released for, not before', async () => {
      await send('a');
      await queue.release(await one(), 2 * SECOND);
      expect(await receive()).toEqual([]);
      await harness.pass(2 * SECOND);
      expect(await one()).toMatchObject({ body: 'a', deliveries: 2 });
    });

    it('makes a message that was released at once due at once', async () => {
      await send('a');
      await queue.release(await one(), 0);
      expect(await one()).toMatchObject({ body: 'a', deliveries: 2 });
    });

    it('takes a delay that is longer than its service can wait', async () => {
      await queue.send([{ body: 'a', delayMs: 30 * 24 * 3_600_000 }]);
      expect(await receive()).toEqual([]);
      await send('b');
      await queue.release(await one(), 30 * 24 * 3_600_000);
      expect(await receive()).toEqual([]);
    });

    it('moves a message whose deliveries are used up to the dead letters, without a reason', async () => {
      await send('a');
      for (let n = 1; n <= harness.maxDeliveries; n++) {
        const message = await one();
        expect(message.deliveries).toBe(n);
        await queue.release(message, 0);
      }
      expect(await receive()).toEqual([]);
      const messages = await dead();
      expect(messages).toMatchObject([{ body: 'a' }]);
      expect(messages[0]!.reason).toBeUndefined();
    });

    it('moves a message to the dead letters with its reason, and leaves its neighbours alone', async () => {
      await send('good', 'poison');
      const messages = await drain();
      const poison = messages.find(({ body }) => body === 'poison')!;
      expect(await queue.deadLetter(poison, 'version 7 is unknown: é')).toBe(true);
      expect(await dead()).toMatchObject([{ body: 'poison', reason: 'version 7 is unknown: é' }]);
      await queue.release(messages.find(({ body }) => body === 'good')!, 0);
      expect(await one()).toMatchObject({ body: 'good' });
      expect(await queue.depth()).toMatchObject({ dead: 1, delayed: 0 });
    });

    it('takes a dead letter that was in no queue', async () => {
      await queue.sendDeadLetter('expired', 'nobody came: é');
      expect(await dead()).toMatchObject([{ body: 'expired', reason: 'nobody came: é' }]);
      expect(await queue.depth()).toMatchObject({ due: 0, delayed: 0, dead: 1 });
      await queue.purge(await dead());
      expect(await dead()).toEqual([]);
    });

    it('shows the dead letters as often as they are looked at', async () => {
      await send('a', 'b');
      for (const message of await drain()) await queue.deadLetter(message, 'why');
      expect((await dead()).map(({ body }) => body).sort()).toEqual(['a', 'b']);
      expect((await dead()).map(({ body }) => body).sort()).toEqual(['a', 'b']);
    });

    it('shows more dead letters than one call of its service can carry, each once', async () => {
      await send(...Array.from({ length: 25 }, (_, n) => `message ${n}`));
      for (const message of await drain()) await queue.deadLetter(message, 'why');
      const messages = await dead();
      expect(new Set(messages.map(({ body }) => body)).size).toBe(25);
      expect(messages).toHaveLength(25);
    });

    it('purges more dead letters than one call of its service can carry', async () => {
      const messages = await deadLetters(23);
      await queue.purge(messages);
      await queue.purge([]);
      expect(await dead()).toEqual([]);
    });

    it('has nothing left once it was cleared: nothing due, delayed, under way or dead', async () => {
      await deadLetters(2);
      await send('due');
      await receive(1);
      await send('more');
      await queue.send([{ body: 'later', delayMs: 2 * SECOND }]);
      await queue.clear();
      expect(await dead()).toEqual([]);
      await harness.pass(2 * SECOND);
      expect(await receive()).toEqual([]);
      expect(await queue.depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
    });

    it('purges one dead letter and no other', async () => {
      await send('a', 'b');
      for (const message of await drain()) await queue.deadLetter(message, 'why');
      const [first, second] = await dead();
      await queue.purge([first!]);
      expect((await dead()).map(({ body }) => body)).toEqual([second!.body]);
    });
  });
}
