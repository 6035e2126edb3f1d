/**
 * The process behind `html-bombs.test.ts`: reads one bomb after the other, as a page of that many bytes, and
 * says what came.
 */
import { gzipSync } from 'node:zlib';
import { toPage } from '../../../core/fetch/decode.ts';
import { HtmlIndex, readHtml, textOf } from '../../../core/source/html.ts';
import { PageTooLargeError } from '../../../core/source/page-budget.ts';
import { BOMBS, type Bomb } from './bombs.ts';

const MAX_BYTES = 20 * 1024 * 1024;

function readBomb({ page, type }: Bomb): string {
  const body = gzipSync(page());
  const headers: [string, string][] = [
    ['content-type', `${type}; charset=utf-8`],
    ['content-encoding', 'gzip'],
  ];
  const decoded = toPage(
    { kind: 'response', url: 'http://bomb.example/', status: 200, statusText: 'OK', headers, body },
    MAX_BYTES,
  );
  if (decoded.kind === 'failed') return decoded.outcome.code;
  if (type !== 'text/html') return 'read';
  try {
    const tree = readHtml(decoded.page.text);
    new HtmlIndex(tree);
    textOf(tree);
    return 'read';
  } catch (error) {
    if (error instanceof PageTooLargeError) return 'TOO_LARGE';
    throw error;
  }
}

console.log(JSON.stringify(Object.entries(BOMBS).map(([name, bomb]) => [name, readBomb(bomb)])));
