import { command } from './commands.ts';
import type { Step } from './step.ts';
import type { Advice, RecordSubject } from './subject.ts';

export const RECORD_ADVICE: Advice<RecordSubject> = {
  parked: ({ name, missing }) => [
    ...missing.map((parent) => pushStep(parent.kind, `send what it waits for, ${parent.kind}/${parent.key}`)),
    { text: 'it is taken up by itself then; or put it back now', command: command('parked', 'retry', name) },
  ],
  'not-parked': ({ name }) => [
    { text: 'see whether it is stored', command: command('entities', 'show', name) },
  ],
  'not-stored': ({ name }) => [
    { text: 'see whether it waits for another record', command: command('parked', 'show', name) },
  ],
  'dead-record': deadRecordSteps,
};

function deadRecordSteps({
  id,
  recordKind,
  reason,
  isWhole,
}: RecordSubject & { readonly kind: 'dead-record' }): Step[] {
  const again = { command: command('dead-letters', 'redrive', id) };
  const remove = { text: 'then delete this one', command: command('dead-letters', 'purge', id, '--confirm') };
  const mended = [pushStep(recordKind, 'mend the record, and send it again'), remove];
  if (!isWhole) return mended;
  switch (reason) {
    case 'invalid':
      return [...mended, { text: 'or, where the check itself has changed, put it back as it is', ...again }];
    case 'expired':
      return [{ text: 'send what it waited for, and put it back', ...again }];
    case 'poison':
      return [...mended, { text: 'or, where this program is newer now, put it back as it is', ...again }];
    case 'undelivered':
      return [{ text: 'put it back into the queue', ...again }];
  }
}

/** FILE stands for the file that they have. */
function pushStep(kind: string, text: string): Step {
  return { text, command: command('enrich', 'push', '--kind', kind, 'FILE') };
}
