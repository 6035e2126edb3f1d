import { command } from './commands.ts';
import type { Step } from './step.ts';
import type { Advice, CommandSubject } from './subject.ts';

/** What a command that ended so has for whoever gave it. */
const ENDS: Readonly<Record<(CommandSubject & { readonly kind: 'ended' })['as'], readonly Step[]>> = {
  'bad-setting': [{ text: 'see what is set and where it comes from', command: command('config') }],
  'failed-items': [{ text: 'see what failed', command: command('failures', 'list') }],
  'unknown-run': [{ text: 'see what failed, and in which run', command: command('failures', 'list') }],
  'damaged-lake': [{ text: 'see every file that is', command: command('completeness', '--lake') }],
  'no-decision': [{ text: 'see which versions there are', command: command('partitions', 'history') }],
  'bad-query': [{ text: 'see the tables and views', command: command('views') }],
  'incomplete-dates': [
    { text: 'the dates above say why; more of one', command: command('why', 'source/target/date') },
  ],
  walls: [
    { text: 'a wall flags its target; see the flags', command: command('skip', 'list') },
    { text: 'lift one', command: command('skip', 'remove', 'source', 'target') },
  ],
  'dead-letters': [{ text: 'see them', command: command('dead-letters', 'list') }],
  'unknown-dead-letter': [{ text: 'see their names', command: command('dead-letters', 'list') }],
  'dismissed-dead-letters': [{ text: 'delete them', command: command('dead-letters', 'purge') }],
  'records-queued': [{ text: 'have them stored', command: command('worker', '--only', 'enrichment') }],
  redriven: [{ text: 'have them tried', command: command('worker') }],
  'look-up-of-a-stack': [
    {
      text: 'leave --stack out, over a directory that has the same targets, and import what was found with --stack',
    },
  ],
  'parked-or-dead': [
    { text: 'see what waits for what', command: command('parked', 'list') },
    { text: 'and what is wrong with records', command: command('dead-letters', 'list') },
  ],
  'not-enriched': [{ text: 'have it enriched', command: command('worker', '--only', 'enrichment') }],
  'not-published': [{ text: 'publish it', command: command('enrich', 'publish') }],
  'pages-exhausted': [
    { text: 'see what failed', command: command('failures', 'summary') },
    { text: 'and send it again, once its count is cleared', command: command('extract', 'run') },
  ],
  'pages-without-image': [
    {
      text: 'put the image into the library: see which page lacks one',
      command: command('extract', 'scan', '--reason', 'no_image'),
    },
  ],
  'table-of-pages': [
    { text: 'its rows are what was read; read, and publish, more', command: command('extract', 'run') },
  ],
  'pages-waiting': [{ text: 'send what can be sent, and publish', command: command('extract', 'run') }],
  'pages-unpublished': [
    { text: 'see what is labelled, and what a run does about it', command: command('extract', 'scan') },
    { text: 'then send what can be sent, and publish', command: command('extract', 'run') },
  ],
  'pages-unseen': [{ text: 'see which pages are labelled', command: command('extract', 'scan') }],
  'table-of-entities': [
    { text: 'its rows are what was enriched; publish that', command: command('enrich', 'publish') },
  ],
  'worker-of-a-stack': [{ text: 'leave --stack out, or try now', command: command('retry', '--all') }],
};

export const COMMAND_ADVICE: Advice<CommandSubject> = {
  ended: ({ as }) => ENDS[as],
  'incomplete-run': ({ source }) => [
    { text: 'see what is not whole', command: command('completeness', source) },
  ],
  'failed-run': ({ runId }) => [
    { text: 'give its input to a new run', command: command('run', '--resume', runId) },
  ],
  'schema-changed': ({ source, isOlder, dates }) => {
    if (isOlder)
      return [{ text: `use the newer program, or raise parserVersion of ${source} to go back on purpose` }];
    // Without them both commands read the last days alone.
    const range = dates ? ['--start', dates.start, '--end', dates.end] : [];
    return [
      {
        text: 'have kept pages read again, without a request',
        command: command('reparse', source, ...range),
      },
      { text: 'or ask for every page again', command: command('run', source, ...range, '--force') },
    ];
  },
  'not-on-record': ({ name }) => [{ text: 'see what became of it', command: command('why', name) }],
  'dry-run': ({ words }) => [{ text: 'this does it', command: command(...words, '--confirm') }],
};
