import type { HtmlElement } from '../../core/source/html.ts';
import { HtmlIndex, readHtml } from '../../core/source/html.ts';
import { bytesOf, type Page, startOf } from '../../core/source/page.ts';
import type { Rejected } from '../../core/source/source.ts';
import { JsonNode } from './next/json-node.ts';
import { rejected } from './rejected.ts';

/**
 * A page by what it carries: the data of today's site, or the tables of the classic one and of every archive.
 */
export type Markup =
  | {
      readonly kind: 'next';
      /** `pageProps.initialState`. */
      readonly state: JsonNode;
      /** What a reader sees of the page; undefined where the site answered with the data alone. */
      readonly visible: () => HtmlElement | undefined;
    }
  | { readonly kind: 'classic'; readonly page: HtmlIndex };

/** Attributes are bounded, or a page of unclosed tags would be searched again from each of them. */
const NEXT_DATA = /<script\b[^>]{0,200}\bid=["']?__NEXT_DATA__["']?[^>]{0,200}>/i;
const NEXT_ID = '__NEXT_DATA__';
/** What stands right before the id where it is one. */
const IS_VALUE = /\bid=["']?$/i;
/** More than stands between the start of that tag and the id, and between the id and its end. */
const AROUND_ID = 220;
/** Landmarks of a classic race and a classic index. */
const CLASSIC = [' data-analytics-race-date-time=', ' data-test-selector="course-container"'];
const PAGE_END = /<\/html\s*>/i;

/**
 * HTML_CHANGED where the page does not reach its end (`</html>`, or the last brace of its data), for what was
 * cut off may be half of a list. A page with neither markup is told by its reader, which misses its
 * landmarks.
 */
export function readMarkup(page: Page): Markup | Rejected {
  if (page.contentType === 'application/json' || startOf(page).startsWith('{'))
    return fromJson(page.text, ['pageProps'], () => undefined);
  const bytes = bytesOf(page);
  if (bytes.lastIndexOf('</html>') < 0 && !PAGE_END.test(page.text))
    return rejected('HTML_CHANGED', 'the page is cut off: it has no </html>');
  // Found early in a page of its own, and spares the search of the whole page for what is not there.
  const isClassic = CLASSIC.some((landmark) => bytes.includes(landmark));
  const start = isClassic ? undefined : nextDataIn(bytes);
  if (start === undefined) return { kind: 'classic', page: new HtmlIndex(readHtml(page)) };
  const end = endOfScript(bytes, start);
  if (end < 0) return rejected('HTML_CHANGED', 'the page is cut off: script#__NEXT_DATA__ has no end');
  const json = bytes.toString('utf8', start, end);
  return fromJson(json, ['props', 'pageProps'], () => readHtml(page));
}

/** Where the data begins, behind its start tag. */
function nextDataIn(bytes: Buffer): number | undefined {
  let tagEnd = -1;
  for (let id = bytes.indexOf(NEXT_ID); id >= 0; id = bytes.indexOf(NEXT_ID, id + 1)) {
    if (tagEnd < id) tagEnd = bytes.indexOf('>', id);
    if (tagEnd < 0) return undefined;
    // A page that names the id everywhere is not searched around each of them.
    if (tagEnd - id > AROUND_ID || !IS_VALUE.test(bytes.toString('latin1', Math.max(0, id - 5), id)))
      continue;
    const from = Math.max(0, id - AROUND_ID);
    const tag = NEXT_DATA.exec(bytes.toString('latin1', from, id + AROUND_ID));
    if (tag) return from + tag.index + tag[0].length;
  }
  return undefined;
}

function endOfScript(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf('</', from); at >= 0; at = bytes.indexOf('</', at + 2))
    if (bytes.toString('latin1', at + 2, at + 8).toLowerCase() === 'script') return at;
  return -1;
}

function fromJson(
  json: string,
  keys: readonly string[],
  visible: () => HtmlElement | undefined,
): Markup | Rejected {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return rejected('HTML_CHANGED', 'the data of the page is no JSON, or is cut off');
  }
  const faults: string[] = [];
  const root = new JsonNode(value, faults);
  const state = [...keys, 'initialState'].reduce((node, key) => node.key(key), root);
  if (faults[0] !== undefined) return rejected('HTML_CHANGED', faults[0]);
  return { kind: 'next', state: new JsonNode(state.value, []), visible };
}
