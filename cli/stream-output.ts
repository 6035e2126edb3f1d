import { once } from 'node:events';

/** Prints text, and waits where the reader is slower than the writer. */
export async function printText(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
