#!/usr/bin/env node
// Plain JavaScript, so that any Node can start it: the sources are TypeScript and need the Node that
// package.json pins, and V8 takes the limits of its heap at start only.
import module, { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PINNED_MAJOR = 24;
// V8 takes the size of its young generation at start only, and its defaults let garbage pile up to 500 MB
// where 40 MB are alive: it learns to allocate page trees in the old generation (pretenuring), where each
// then holds the next one's. Twice the young generation that it would take lets most of what a few pages need
// die there: 5 % less CPU for 30 MB. The old generation may double before it is collected whole: with half as
// much room that happens twice as often, with twice as much 90 days take 50 MB more. It is first collected at
// 64 MB: V8 would begin while modules are still loaded, and mark them all for nothing, which is 5 % of a run
// in which no page has changed. What survives in the young one is too little to be shared out among threads.
const FLAGS = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  '--no-allocation-site-pretenuring',
  '--heap-growing-percent=100',
  '--initial-old-space-size=64',
  '--no-parallel-scavenge',
];
// What reads pages, or a whole lake: only that is worth a process of its own, with a heap made for it.
const READ_MUCH = ['run', 'demo', 'retry', 'worker', 'reparse', '--lake'];
// The 160 modules of DuckDB's binding name each other without an ending, and these folders for their index.
const DUCKDB_LIBRARY = '/node_modules/@duckdb/node-api/lib/';
const DUCKDB_FOLDER = /\/(?:types|values|vectors)$/;
// Messages of zod in fifty languages, a module each: its English is read elsewhere, and we use no other.
const LOCALES_OF_ZOD = '/zod/v4/locales/index.js';
const NO_LOCALES = 'data:text/javascript,';
// Commands of ours are modules; what the library could start as programs of their own costs 4 ms of a start.
// An import of the process asks for all that is on it, which loads more.
const COMMANDS_LIBRARY = '/node_modules/commander/lib/command.js';
const OF_COMMANDS = {
  'node:child_process': 'data:text/javascript,export default {}',
  'node:process': 'data:text/javascript,export default process',
};
/** Where the packages are that our sources name. */
const packages = new Map();

const words = process.argv.slice(2);
const isPinned = Number.parseInt(process.versions.node, 10) >= PINNED_MAJOR;
const readsMuch = words.some((word) => READ_MUCH.includes(word)) && !words.includes('--help');
const flags = readsMuch ? FLAGS : [];
if (isPinned && flags.every((flag) => process.execArgv.includes(flag))) {
  // Half the time of a short command goes into compiling. Where the folder cannot be written, nothing is
  // kept.
  const kept = new URL('../node_modules/.cache/rescrape', import.meta.url);
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? fileURLToPath(kept));
  module.registerHooks({ resolve: resolveSource });
  const { main } = await import('../cli/main.ts');
  await main(process.argv);
} else {
  const node = isPinned ? process.execPath : pinnedNode();
  const args = [...flags, fileURLToPath(import.meta.url), ...words];
  // glibc gives each thread an arena of its own, which keeps about 40 MB that nobody uses.
  const env = { MALLOC_ARENA_MAX: '1', ...process.env };
  // In this process's place: nobody waits beside it, and its signals are its own. Node 20 has no such call.
  if (process.execve && process.platform !== 'win32') process.execve(node, [node, ...args], env);
  await runBeside(node, args, env);
}

async function runBeside(node, args, env) {
  const { spawn } = await import('node:child_process');
  const child = spawn(node, args, {
    // The channel closes when this process is killed, and takes the real one with it.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...env, RESCRAPE_LAUNCHED: '1' },
  });
  const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of interrupts) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (interrupts.includes(signal) ? 130 : 1);
  });
}

/**
 * A module that names another by its file has said which: Node would look at the file, its links and its
 * package.json again for each of 1,500 imports, which is a tenth of a start. Packages are where they were for
 * the source before.
 */
function resolveSource(specifier, context, next) {
  const { parentURL, conditions } = context;
  if (specifier.endsWith('.ts'))
    return { url: new URL(specifier, parentURL).href, format: 'module-typescript', shortCircuit: true };
  if (specifier.startsWith('.') && parentURL.includes(DUCKDB_LIBRARY)) {
    const file = DUCKDB_FOLDER.test(specifier) ? `${specifier}/index.js` : `${specifier}.js`;
    return { url: new URL(file, parentURL).href, format: 'commonjs', shortCircuit: true };
  }
  if (!conditions.includes('import')) return next(specifier, context);
  if (specifier.startsWith('node:')) {
    const url = parentURL.endsWith(COMMANDS_LIBRARY) ? OF_COMMANDS[specifier] : undefined;
    return { url: url ?? specifier, shortCircuit: true };
  }
  if (specifier.startsWith('.') && specifier.endsWith('.js')) {
    const { href } = new URL(specifier, parentURL);
    return { url: href.endsWith(LOCALES_OF_ZOD) ? NO_LOCALES : href, shortCircuit: true };
  }
  // Libraries may each have a version of their own of another; our sources have one of each.
  if (!parentURL.endsWith('.ts')) return next(specifier, context);
  const found = packages.get(specifier) ?? { ...next(specifier, context), shortCircuit: true };
  packages.set(specifier, found);
  return found;
}

function pinnedNode() {
  try {
    return createRequire(import.meta.url).resolve('node/bin/node');
  } catch {
    console.error(
      `rescrape needs Node ${PINNED_MAJOR}, which "npm ci" installs beside it: run "npm ci" first`,
    );
    process.exit(1);
  }
}
