#!/usr/bin/env node
// Plain JavaScript, so that any Node can start it: the sources are TypeScript and need the Node that package.json pins,
// and V8 takes the limits of its heap at start only.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PINNED_MAJOR = 24;
// Without limits V8 lets garbage pile up to 430 MB where 60 MB are alive; with these a run over 90 days peaks below
// 300 MB. RESCRAPE_HEAP_MB raises the limit for partitions of extraordinary size.
const HEAP_MB = /^\d{2,5}$/.test(process.env.RESCRAPE_HEAP_MB ?? '') ? process.env.RESCRAPE_HEAP_MB : '224';
const FLAGS = ['--max-semi-space-size=8', `--max-old-space-size=${HEAP_MB}`];

const isPinned = Number.parseInt(process.versions.node, 10) >= PINNED_MAJOR;
if (isPinned && FLAGS.every((flag) => process.execArgv.includes(flag))) {
  const { main } = await import('../cli/main.ts');
  await main(process.argv);
} else {
  const node = isPinned ? process.execPath : pinnedNode();
  const child = spawn(node, [...FLAGS, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The channel closes when this process is killed, and takes the real one with it.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, RESCRAPE_LAUNCHED: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
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
