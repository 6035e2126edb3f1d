import { posix } from 'node:path';
import { readModule } from './module-text.ts';

/** One law of the house (design, section 3): which files it binds, and what they may not do. */
export interface Law {
  readonly name: string;
  binds(path: string): boolean;
  /**
   * `module` is a path from the root of the house (`core/ports/clock.ts`), or the name of a package or
   * builtin.
   */
  forbids?(module: string, path: string): boolean;
  /** Uses that the code may not contain. */
  readonly uses?: Readonly<Record<string, RegExp>>;
}

/** Packages that compute and do nothing else: no files, no network, no clock. */
const PURE_PACKAGES: ReadonlySet<string> = new Set([
  'zod',
  'parse5',
  'tldts',
  'entities/decode',
  'saxes',
  'hyparquet',
  'warcio',
  'robots-parser',
  'ipaddr.js',
  'html-encoding-sniffer',
  'uuidv7',
  'p-limit',
]);
const COMPUTING_BUILTINS: ReadonlySet<string> = new Set([
  'node:zlib',
  'node:crypto',
  'node:buffer',
  'node:util',
  // A pure package that is loaded late.
  'node:module',
]);
/** What a kind of record is: its enrichers stand beside the source that brings its records. */
const ENRICHER = 'core/enrich/enricher.ts';
const PARSERS: ReadonlySet<string> = new Set(['zod', 'parse5']);

/** A name that is neither part of a longer one nor a member of something. */
const free = (name: string) => new RegExp(`(?<![\\w$.])${name}\\b`);

const IMPURE: Readonly<Record<string, RegExp>> = {
  'Date.now()': /\bDate\s*\.\s*now\b/,
  'new Date() without an argument': /\bnew\s+Date\s*(?:\(\s*\)|(?=[;,)\]}]))/,
  'Date() as a function': /(?<![\w$.]|new\s{1,9})Date\s*\(/,
  process: /(?<![\w$.])process\s*(?:\.|\[|\?\.)/,
  timers: /(?<![\w$.])(?:setTimeout|setInterval|setImmediate)\s*\(/,
  'Math.random()': /\bMath\s*\.\s*random\b/,
  performance: /(?<![\w$.])performance\s*\./,
  console: /(?<![\w$.])console\s*\./,
  globalThis: free('globalThis'),
  'the global fetch()': /(?:await|return|=>?|\()\s*fetch\s*\(/,
};

/** What the machine says the time is, and how long something took. */
const THE_TIME_NOW = Object.fromEntries(
  ['Date.now()', 'new Date() without an argument', 'Date() as a function'].map((use) => [use, IMPURE[use]!]),
);

/**
 * Ask the machine itself: the clock; the age of a file, which the file system dates; what has no clock given
 * to it.
 */
const ASK_THE_MACHINE: ReadonlySet<string> = new Set([
  'adapters/local/system-clock.ts',
  'adapters/local/temporary-files.ts',
  'demo/site.ts',
]);

/**
 * As above: tests of that clock and of ages of files; of a trickle that must not be faster; whoever waits for
 * an emulator.
 */
const TESTS_THAT_ASK_THE_MACHINE =
  /^test\/(?:emulat(?:or|ed)\/|adapters\/local\/|runtime\/clock\.test\.ts$|demo\/faults\.test\.ts$)/;

const within =
  (...folders: string[]) =>
  (path: string) =>
    folders.some((folder) => path.startsWith(`${folder}/`));
const isPath = (module: string) => module.includes('/') && !module.startsWith('node:') && HOUSE.test(module);
/** Rooms of the house; a bare package is none of them. */
const HOUSE = /^(?:core|sources|adapters|runtime|cli|demo|lib|lambdas|bin|test|bench)\//;

/**
 * What infrastructure is made of: the workflow, columns, views, a number of deliveries; never what touches a
 * store.
 */
const VALUES_FOR_LIB =
  /^(?:core\/(?:workflow\/(?:workflow|batch-extraction|asl)|schema\/columns|lake\/(?:log-tables|target-table)|completeness\/views?|enrich\/entity-source|extract\/extraction-source|source\/source(?:s-together)?|failures\/retry-policy)|lambdas\/(?:contracts|extraction-contract|bundling|metrics|extraction-metrics|source-address))\.ts$/;

/** The stages of a run, in the order of a day; every other room of core is a capability that they use. */
const STAGE_ROOMS = [
  ...['core/run', 'core/scrape', 'core/publish', 'core/retry'],
  ...['core/publish-derived', 'core/publish-entities', 'core/publish-extraction'],
];
const STAGES = 'core/stages.ts';

/** The rest of the room composes commands and sentences, for `advise()` alone. */
const DOOR_OF_ADVICE = /^core\/advice\/(?:advise|render|step|subject)\.ts$/;

export const LAWS: readonly Law[] = [
  {
    name: 'core imports only itself, pure libraries and builtins that compute',
    binds: within('core'),
    forbids: (module) =>
      !within('core')(module) && !PURE_PACKAGES.has(module) && !COMPUTING_BUILTINS.has(module),
  },
  {
    name: 'core reads no clock, no environment and no chance of its own',
    binds: within('core'),
    uses: IMPURE,
  },
  {
    name: 'capabilities in core never import a stage',
    binds: (path) => within('core')(path) && !within(...STAGE_ROOMS, 'core/explain')(path) && path !== STAGES,
    forbids: (module) => within(...STAGE_ROOMS)(module) || module === STAGES,
  },
  {
    name: 'who wants advice asks advise(), and renders what it answers',
    binds: (path) => !within('core/advice')(path),
    forbids: (module) => within('core/advice')(module) && !DOOR_OF_ADVICE.test(module),
  },
  {
    name: 'sources import core/source, core/extract, core/calendar, what an enricher is and parsers, and never each other',
    binds: (path) => /^sources\/[^/]+\//.test(path),
    forbids: (module, path) => {
      const own = path.split('/').slice(0, 2).join('/');
      const rooms = within(own, 'core/source', 'core/extract', 'core/calendar');
      const isValue = rooms(module) || module === ENRICHER;
      return !isValue && !PARSERS.has(module);
    },
  },
  {
    name: 'the lists of sources and enrichers import nothing but sources',
    binds: (path) => /^sources\/[^/]+\.ts$/.test(path),
    forbids: (module) => !within('sources', 'core/source', 'core/extract')(module) && module !== ENRICHER,
  },
  {
    name: 'folders of adapters never import each other, nor anything outside core',
    binds: within('adapters'),
    forbids: (module, path) => {
      const own = path.split('/').slice(0, 2).join('/');
      return isPath(module) && !within(own, 'core')(module);
    },
  },
  {
    name: 'adapters never import a stage',
    binds: within('adapters'),
    forbids: (module) => within(...STAGE_ROOMS)(module) || module === STAGES,
  },
  {
    name: 'only runtime and tests put adapters together',
    binds: (path) => !within('adapters', 'runtime', 'test', 'bench')(path),
    forbids: within('adapters'),
  },
  {
    name: 'the demo imports nothing of the house but core/calendar, and its command line the clock',
    binds: within('demo'),
    forbids: (module, path) =>
      isPath(module) &&
      !within('demo', 'core/calendar')(module) &&
      !(path === 'demo/main.ts' && /^runtime\/(?:clock|setting-error)\.ts$/.test(module)),
  },
  {
    name: 'whoever wants to know the time asks a clock that can be set',
    binds: (path) =>
      within('adapters', 'runtime', 'cli', 'demo', 'lambdas', 'lib', 'bin', 'sources')(path) &&
      !ASK_THE_MACHINE.has(path),
    uses: THE_TIME_NOW,
  },
  {
    name: 'what runs on AWS knows no clock that is set',
    binds: (path) => within('lambdas', 'lib')(path) || /^runtime\/(?:aws|stack|fetchers|ids)/.test(path),
    forbids: (module) => module === 'runtime/clock.ts',
  },
  {
    name: 'tests do not know what day it is, nor how long something takes',
    binds: (path) => within('test')(path) && !TESTS_THAT_ASK_THE_MACHINE.test(path),
    uses: { ...THE_TIME_NOW, performance: IMPURE.performance! },
  },
  {
    name: 'lib imports sources, values of core, and what the lambdas state of themselves',
    binds: within('lib'),
    forbids: (module) => isPath(module) && !within('lib', 'sources')(module) && !VALUES_FOR_LIB.test(module),
  },
];

export interface Violation {
  readonly law: string;
  readonly path: string;
  /** The module or the use that is against the law. */
  readonly what: string;
}

/** Everything in one file that is against a law. `path` is from the root of the house, with `/`. */
export function violationsIn(path: string, text: string): Violation[] {
  const { code, imports } = readModule(text);
  const modules = imports.map((name) =>
    name.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), name)) : name,
  );
  return LAWS.filter((law) => law.binds(path)).flatMap((law) => [
    ...modules.filter((module) => law.forbids?.(module, path)).map((what) => ({ law: law.name, path, what })),
    ...Object.entries(law.uses ?? {})
      .filter(([, pattern]) => pattern.test(code))
      .map(([what]) => ({ law: law.name, path, what })),
  ]);
}

/** What stands directly below `core`: a folder, or a file that is a room of its own. */
function roomOf(path: string): string {
  return path.split('/')[1]!;
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** The imports inside core, types included, between files (`file`) or between rooms (`room`). */
export function arrowsOfCore(
  files: readonly { readonly path: string; readonly text: string }[],
  between: 'file' | 'room',
): Arrow[] {
  const name = between === 'file' ? (path: string) => path : roomOf;
  return files
    .filter(({ path }) => within('core')(path))
    .flatMap(({ path, text }) =>
      readModule(text)
        .imports.filter((module) => module.startsWith('.'))
        .map((module) => posix.normalize(posix.join(posix.dirname(path), module)))
        .filter(within('core'))
        .map((target) => ({ from: name(path), to: name(target) })),
    )
    .filter(({ from, to }) => from !== to);
}

/** One circle of arrows, as the names on its way; undefined where there is none. */
export function findCircle(arrows: readonly Arrow[]): readonly string[] | undefined {
  const next = Map.groupBy(arrows, ({ from }) => from);
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): readonly string[] | undefined => {
    const at = way.indexOf(name);
    if (at >= 0) return [...way.slice(at), name];
    if (done.has(name)) return undefined;
    for (const { to } of next.get(name) ?? []) {
      const circle = visit(to, [...way, name]);
      if (circle) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of next.keys()) {
    const circle = visit(name, []);
    if (circle) return circle;
  }
  return undefined;
}
