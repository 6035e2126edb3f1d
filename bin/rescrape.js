#!/usr/bin/env node
// Plain JavaScript, so that any Node can start it: the sources are TypeScript and need the Node that package.json pins.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PINNED_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) >= PINNED_MAJOR) {
  const { main } = await import('../cli/main.ts');
  await main(process.argv);
} else {
  const child = spawn(pinnedNode(), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
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
