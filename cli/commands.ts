import type { Command } from 'commander';

/** A command that is loaded when it is called: the help of all of them needs none of their modules. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

/** Every command there is, in the order of the help. A new one is added here and nowhere else. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    description: 'scrape the last days of a source again and publish what changed',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  {
    name: 'demo',
    description:
      'scrape demo sites on this machine (racing, schedules, menus, tutoring, catalogs), and show what came of it',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
  {
    name: 'completeness',
    description:
      'tell how complete the data is: statistics, suspicious, missing, incomplete, held and stale dates',
    load: async () => (await import('./completeness.ts')).completenessCommand(),
  },
  {
    name: 'why',
    description:
      'tell why a partition or an item is as it is: planned, tried, failed, retried, published, and what to do',
    load: async () => (await import('./why.ts')).whyCommand(),
  },
  {
    name: 'partitions',
    description: 'date partitions: how they stand, their versions, and what is current',
    load: async () => (await import('./partitions.ts')).partitionsCommand(),
  },
  {
    name: 'schema',
    description: 'the columns of the tables: what a changed schema will do to what was written before',
    load: async () => (await import('./schema.ts')).schemaCommand(),
  },
  {
    name: 'failures',
    description: 'items that used up their attempts in a run: what became of each, and what to do',
    load: async () => (await import('./failures.ts')).failuresCommand(),
  },
  {
    name: 'retry',
    description: 'scrape failed items again now, and publish what that recovers',
    load: async () => (await import('./retry.ts')).retryCommand(),
  },
  {
    name: 'worker',
    description:
      'try failed items again whenever their cool-down is over, and store queued records, until it is interrupted',
    load: async () => (await import('./worker.ts')).workerCommand(),
  },
  {
    name: 'dead-letters',
    description:
      'failed items whose tries are used up, records that are invalid, and messages that nobody can act upon',
    load: async () => (await import('./dead-letters.ts')).deadLettersCommand(),
  },
  {
    name: 'reparse',
    description: 'parse kept captures again with the parser of today, and publish; no request is sent',
    load: async () => (await import('./reparse.ts')).reparseCommand(),
  },
  {
    name: 'attempts',
    description: 'list what was tried, newest first',
    load: async () => (await import('./attempts.ts')).attemptsCommand(),
  },
  {
    name: 'blocks',
    description: 'list the security walls that were met, newest first',
    load: async () => (await import('./attempts.ts')).blocksCommand(),
  },
  {
    name: 'errors',
    description: 'count how attempts of the last days ended, by source and outcome',
    load: async () => (await import('./error-summary.ts')).errorsCommand(),
  },
  {
    name: 'reports',
    description: 'walls of a day, targets flagged in a week, the share of attempts that succeeded',
    load: async () => (await import('./reports.ts')).reportsCommand(),
  },
  {
    name: 'retry-list',
    description: 'list the targets whose last attempt timed out or failed: for run --targets',
    load: async () => (await import('./retry-list.ts')).retryListCommand(),
  },
  {
    name: 'skip',
    description: 'targets that runs leave out: list, add, remove',
    load: async () => (await import('./skip.ts')).skipCommand(),
  },
  {
    name: 'auto-flag',
    description: 'flag the targets whose attempts met too many walls, or found too many pages gone',
    load: async () => (await import('./auto-flag.ts')).autoFlagCommand(),
  },
  {
    name: 'targets',
    description: 'the targets of a source: import, list, show, pause, resume, set, export',
    load: async () => (await import('./targets.ts')).targetsCommand(),
  },
  {
    name: 'enrich',
    description: 'derive fields of records in a file, and check them; nothing is stored',
    load: async () => (await import('./enrich.ts')).enrichCommand(),
  },
  {
    name: 'entities',
    description: 'stored records and what is derived from them: list, show, count, delete',
    load: async () => (await import('./entities.ts')).entitiesCommand(),
  },
  {
    name: 'parked',
    description: 'records that wait for one that they refer to: list, show, retry',
    load: async () => (await import('./parked.ts')).parkedCommand(),
  },
  {
    name: 'extract',
    description: 'pages of books that a model reads in batches: run, status, scan, force',
    load: async () => (await import('./extract.ts')).extractCommand(),
  },
  {
    name: 'batches',
    description: 'batches of pages: list, show, resume, cancel, clear',
    load: async () => (await import('./batches.ts')).batchesCommand(),
  },
  {
    name: 'health',
    description: 'how the targets of each source are: active, degraded, paused, failed, due now',
    load: async () => (await import('./health.ts')).healthCommand(),
  },
  {
    name: 'reset',
    description:
      'forget the state: flags, failures, runs, stored records, the queues; the lake keeps every row',
    load: async () => (await import('./reset.ts')).resetCommand(),
  },
  {
    name: 'query',
    description: 'run one SQL statement over the lake (DuckDB); it can read, and nothing else',
    load: async () => (await import('./query.ts')).queryCommand(),
  },
  {
    name: 'config',
    description: 'print what is set, and where each setting comes from',
    load: async () => (await import('./config.ts')).configCommand(),
  },
  {
    name: 'views',
    description: 'list the tables and views that "rescrape query" can read',
    load: async () => (await import('./views.ts')).viewsCommand(),
  },
];
