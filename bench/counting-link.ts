import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Requests by kind: `S3 PUT data parquet`, `DynamoDB TransactWriteItems`. */
export type Counts = Readonly<Record<string, number>>;

export interface CountingLink {
  readonly url: string;
  /** Requests since it was asked last. */
  counts(): Promise<Counts>;
  stop(): void;
}

/** `slow-link.ts` before a store, which answers no request sooner than so many milliseconds after it came. */
export async function startLink(
  { endpoint }: { readonly endpoint: string },
  delayMs: number,
): Promise<CountingLink> {
  const main = fileURLToPath(new URL('slow-link.ts', import.meta.url));
  const child = spawn(process.execPath, [main, endpoint, String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const url = String(line).trim();
  const counts = async () => (await (await fetch(`${url}/_counts`)).json()) as Counts;
  return { url, counts, stop: () => void child.kill() };
}
