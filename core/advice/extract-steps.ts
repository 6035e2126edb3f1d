import { command } from './commands.ts';
import type { Step } from './step.ts';
import type { Advice, ExtractSubject } from './subject.ts';

export const EXTRACT_ADVICE: Advice<ExtractSubject> = {
  'exhausted-page': ({ page, code }) => [
    ...(code === null
      ? []
      : code === 'BLOCKED_CONTENT'
        ? [{ text: 'the provider holds back what it says; another model or prompt may not' }]
        : [{ text: 'see what the model answered', command: command('failures', 'show', page) }]),
    { text: 'have it tried again', command: clearCountCommand(page) },
  ],
  'failed-page': () => [{ text: 'it is tried again by the next run', command: command('extract', 'run') }],
  'unpublished-pages': () => [
    { text: 'the next run tries again; see which partitions', command: command('completeness') },
  ],
  'unread-pages': () => [
    {
      text: 'see which, and why',
      command: command('extract', 'scan', '--reason', 'exhausted', 'waits', 'no_image'),
    },
    { text: 'and what failed', command: command('failures', 'list', '--only', 'extraction') },
  ],
  'held-pages': () => [
    { text: 'wait for more pages, or let the few be asked one by one (the setting "too_few")' },
    { text: 'see which wait', command: command('extract', 'scan') },
  ],
  'refused-by-provider': () => [
    { text: 'look at the key and the model', command: command('config') },
    { text: 'and go on; no page was lost', command: command('extract', 'run') },
  ],
  'batch-without-results': ({ id }) => [
    { text: 'look at the provider, and have it asked once more', command: command('batches', 'resume', id) },
    clearStep(id),
  ],
  'stuck-batch': ({ id, hasJob }) => [
    { text: 'have it looked at now', command: command('batches', 'resume', id) },
    ...(hasJob
      ? [{ text: 'or end its job at the provider', command: command('batches', 'cancel', id) }]
      : []),
    clearStep(id),
  ],
  'unknown-batch': () => [{ text: 'see which there are', command: command('batches', 'list') }],
  'no-such-pages': () => [{ text: 'see what the library has', command: command('extract', 'status') }],
};

function clearStep(id: string): Step {
  return { text: 'or give it up, and free its pages', command: command('batches', 'clear', id) };
}

/** Of the book of a page: counts are cleared by books. */
function clearCountCommand(page: string): string {
  const [state = '', school = '', year = ''] = page.split(':');
  return command(
    ...['failures', 'clear', '--states', state, '--schools', school],
    ...['--year-start', year, '--year-end', year],
  );
}
