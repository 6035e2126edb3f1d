import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notifier } from '../../core/ports/notifier.ts';

export interface NotifierHarness {
  open(): Promise<Notifier>;
  /** What has come to those who listen since it was last asked, in any order. */
  received(): Promise<readonly { readonly subject: string; readonly text: string }[]>;
  dispose(): Promise<void>;
}

/** What every notifier must do; each adapter's test calls it. */
export function notifierContract(name: string, create: () => Promise<NotifierHarness>): void {
  describe(`${name} keeps the contract of a notifier`, () => {
    let harness: NotifierHarness;
    let notifier: Notifier;
    beforeEach(async () => {
      harness = await create();
      notifier = await harness.open();
    });
    afterEach(() => harness.dispose());

    it('brings subject and text to those who listen', async () => {
      const message = { subject: 'racing: 2 of 21 partitions failed', text: 'Línea 1 – “été”\nline 2 🐎\n' };
      await notifier.notify(message);
      expect(await harness.received()).toEqual([message]);
    });

    it('takes a subject of 100 characters and of one', async () => {
      for (const subject of ['s'.repeat(100), 's']) {
        await notifier.notify({ subject, text: 'x' });
        expect(await harness.received()).toEqual([{ subject, text: 'x' }]);
      }
    });

    it.each(['', 's'.repeat(101), 'two\nlines', 'tab\there', 'été', ' begins with a space'])(
      'refuses the subject %j and sends nothing',
      async (subject) => {
        await expect(notifier.notify({ subject, text: 'x' })).rejects.toThrow(RangeError);
        expect(await harness.received()).toEqual([]);
      },
    );

    it('brings at least the beginning of a text that is very long', async () => {
      const text = `the beginning ${'é'.repeat(300_000)}`;
      await notifier.notify({ subject: 's', text });
      const [got] = await harness.received();
      expect(got?.text.startsWith(`the beginning ${'é'.repeat(1000)}`)).toBe(true);
    });

    it('brings a message without text', async () => {
      await notifier.notify({ subject: 'nothing to tell', text: '' });
      expect((await harness.received()).map(({ subject }) => subject)).toEqual(['nothing to tell']);
    });
  });
}
