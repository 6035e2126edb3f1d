import type { Page } from '../source/page.ts';
import type { Source } from '../source/source.ts';
import { checkedAttributes } from '../targets/raw-target.ts';
import type { AskedLookUp } from './asked.ts';
import { invalid, oneLine, type PageParsed, rejection } from './page-parsed.ts';

/** Reads what a site says of a target that lacks something: what its answer changes of what was known. */
export function parseLookUp(source: Source, { target }: AskedLookUp, page: Page): PageParsed {
  const read = source.register!.lookUp!.read(page, target);
  if (read.kind === 'rejected') return rejection(read);
  if (read.kind === 'unknown') {
    const message = oneLine(read.message);
    return { learned: { kind: 'unknown', message }, notes: message };
  }
  const after = checkedAttributes(source, target.id, { ...target.attributes, ...read.attributes });
  if (typeof after === 'string') return invalid(after);
  const found = Object.entries(after).filter(([name, value]) => target.attributes[name] !== value);
  return { learned: { kind: 'found', attributes: Object.fromEntries(found) } };
}
