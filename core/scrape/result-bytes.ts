import { Buffer } from 'node:buffer';
import { JsonBytes, openJson } from '../lake/json-bytes.ts';
import type { ItemResult, ScrapeResult } from '../lake/scrape-result.ts';
import type { Checkpoint, RecordTexts } from './checkpoint.ts';
import { lineageOf } from './item-content.ts';

const NOTHING = new Uint8Array(0);

/**
 * The JSON of a result. `pagesOf`: what an item was read from, in order. `textsOf`: what is known of the JSON
 * of the records of a page; most of a result is that, and to write it again takes longer than to copy it.
 */
export function encodeResult(
  { items, ...facts }: ScrapeResult,
  pagesOf: (id: string) => readonly Checkpoint[],
  textsOf: (page: Checkpoint) => RecordTexts | undefined,
): Uint8Array {
  const json = new JsonBytes();
  json.add(`${openJson(facts)}"items":[`);
  for (const [at, item] of items.entries()) {
    if (at > 0) json.add(',');
    if (!addCopied(json, facts.runId, item, pagesOf(item.item.id), textsOf)) json.add(JSON.stringify(item));
  }
  json.add(']}');
  return json.with(NOTHING);
}

/** False where its rows are others than those of its pages, or their texts are not known. */
function addCopied(
  json: JsonBytes,
  runId: string,
  item: ItemResult,
  pages: readonly Checkpoint[],
  textsOf: (page: Checkpoint) => RecordTexts | undefined,
): boolean {
  const { content } = item;
  if (content.kind !== 'records') return false;
  const known = pages.flatMap((page) => {
    const texts = textsOf(page);
    return texts ? [{ page, texts }] : [];
  });
  const rows = known.reduce((sum, { texts }) => sum + texts.places.length / 2, 0);
  if (rows !== content.records.length) return false;
  json.add(`${openJson({ ...item, content: undefined })}"content":`);
  json.add(`${openJson({ ...content, records: undefined })}"records":[`);
  let isFirst = true;
  for (const { page, texts } of known) {
    // Every record has the key of its item, so that there is something for a comma to stand behind.
    const lineage = Buffer.from(`,${JSON.stringify(lineageOf(runId, page)).slice(1)}`);
    for (let at = 0; at < texts.places.length; at += 2) {
      if (!isFirst) json.add(',');
      isFirst = false;
      json.add(texts.body.subarray(texts.places[at], texts.places[at + 1]! - 1));
      json.add(lineage);
    }
  }
  json.add(']}}');
  return true;
}
