import { reportKey } from '../lake/layout.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Document } from './document.ts';
import { html } from './html.ts';
import { markdown } from './markdown.ts';

/** Writes a report where people look for it, in both forms, and returns its Markdown. `id`: UUIDv7. */
export async function writeReport(
  lake: Pick<ObjectStore, 'put'>,
  id: string,
  document: Document,
): Promise<string> {
  const text = markdown(document);
  const encoder = new TextEncoder();
  await lake.put(reportKey(id, 'md'), encoder.encode(text), { contentType: 'text/markdown; charset=utf-8' });
  await lake.put(reportKey(id, 'html'), encoder.encode(html(document)), {
    contentType: 'text/html; charset=utf-8',
  });
  return text;
}
