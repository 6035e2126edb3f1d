import { hostname } from 'node:os';

/** As others are told who works on something: `process 4711 on host`. */
export function thisProcess(): string {
  return `process ${process.pid} on ${hostname()}`;
}
