import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { toPage } from '../../../core/fetch/decode.ts';
import type { HttpResponse } from '../../../core/ports/http-client.ts';
import { HtmlIndex, readHtml, textOf } from '../../../core/source/html.ts';
import { PageReleasedError } from '../../../core/source/page.ts';

const MAX = 1_000_000;

function response(body: Uint8Array, headers: Record<string, string> = {}): HttpResponse {
  const url = 'https://racing.example/';
  return { kind: 'response', url, status: 200, statusText: 'OK', headers: Object.entries(headers), body };
}

function decoded(body: Uint8Array, headers: Record<string, string> = {}) {
  const got = toPage(response(body, headers), MAX);
  if (got.kind === 'failed') throw new Error(`${got.outcome.code}: ${got.outcome.message}`);
  return got;
}

function failure(body: Uint8Array, headers: Record<string, string>, max = MAX) {
  const got = toPage(response(body, headers), max);
  if (got.kind === 'page') throw new Error('it was decoded');
  return got.outcome;
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const HTML = { 'Content-Type': 'text/html; charset=utf-8' };
const PAGE = '<h1>Château d’Auteuil</h1>';

describe('content codings', () => {
  it.each<[string, Uint8Array]>([
    ['gzip', gzipSync(PAGE)],
    ['x-gzip', gzipSync(PAGE)],
    ['GZIP', gzipSync(PAGE)],
    ['deflate', deflateSync(PAGE)],
    ['deflate', deflateRawSync(PAGE)],
    ['br', brotliCompressSync(PAGE)],
    ['zstd', zstdCompressSync(PAGE)],
    ['identity', utf8(PAGE)],
    ['', utf8(PAGE)],
    ['gzip, br', brotliCompressSync(gzipSync(PAGE))],
    ['identity, zstd, identity', zstdCompressSync(PAGE)],
    // Words that are no coding are passed over, as browsers do.
    ['utf-8', utf8(PAGE)],
    ['constructor', utf8(PAGE)],
  ])('%s is undone', (coding, body) => {
    const got = decoded(body, { ...HTML, 'Content-Encoding': coding });
    expect(got.page.text).toBe(PAGE);
    expect(got.decodedBytes).toBe(utf8(PAGE).length);
  });

  it('named in two headers are undone in turn', () => {
    const body = response(gzipSync(deflateSync(PAGE)));
    const headers = [
      ['Content-Encoding', 'deflate'],
      ['content-encoding', 'gzip'],
    ] as const;
    expect(toPage({ ...body, headers }, MAX)).toMatchObject({ kind: 'page', page: { text: PAGE } });
  });

  it('on top of each other more than twice are TOO_LARGE, not undone', () => {
    const body = gzipSync(gzipSync(gzipSync(PAGE)));
    expect(failure(body, { 'Content-Encoding': 'gzip, gzip, gzip' })).toMatchObject({
      code: 'TOO_LARGE',
      message: 'too many encodings: gzip, gzip, gzip',
    });
  });

  it('that nobody asked for are named', () => {
    expect(failure(utf8('x'), { 'Content-Encoding': 'compress' })).toEqual({
      code: 'UNKNOWN_ERROR',
      message: 'Content-Encoding compress is not supported',
    });
  });

  it.each<[string, Uint8Array]>([
    ['gzip', gzipSync('x'.repeat(200_000))],
    ['br', brotliCompressSync('x'.repeat(200_000))],
    ['zstd', zstdCompressSync('x'.repeat(200_000))],
  ])('leave nothing of what they held in memory: %s', (coding, body) => {
    const before = process.memoryUsage().arrayBuffers;
    for (let page = 0; page < 80; page++) decoded(body, { ...HTML, 'Content-Encoding': coding }).release();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000);
  });

  it.each<[string, Uint8Array, Record<string, string>]>([
    ['without a coding', utf8(PAGE), HTML],
    ['with one', gzipSync(PAGE), { ...HTML, 'Content-Encoding': 'gzip' }],
    [
      'in another charset',
      Buffer.from('<h1>é</h1>', 'latin1'),
      { 'Content-Type': 'text/html; charset=latin1' },
    ],
  ])('leave a page that can be read until it is released: %s', (_, body, headers) => {
    const before = [...body];
    const { page, release } = decoded(body, headers);
    const heading = new HtmlIndex(readHtml(page)).tag('h1')[0]!;
    expect(textOf(heading)).not.toBe('');
    release();
    expect(() => textOf(heading)).toThrow(PageReleasedError);
    expect(() => page.text).toThrow(PageReleasedError);
    // It is the capture's.
    expect([...body]).toEqual(before);
  });

  it('leave a body alone that has none', () => {
    const body = utf8('x'.repeat(300_000));
    decoded(body, HTML);
    expect(body.length).toBe(300_000);
  });

  it('of an empty body need no undoing', () => {
    expect(decoded(new Uint8Array(), { 'Content-Encoding': 'gzip' }).page.text).toBe('');
  });
});

describe('a bomb', () => {
  const zeros = Buffer.alloc(20_000_000);
  it.each<[string, Uint8Array]>([
    ['gzip', gzipSync(zeros)],
    ['deflate', deflateSync(zeros)],
    ['br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['zstd', zstdCompressSync(zeros)],
    ['gzip, gzip', gzipSync(gzipSync(zeros))],
  ])('in %s is TOO_LARGE', (coding, body) => {
    expect(failure(body, { 'Content-Encoding': coding })).toMatchObject({ code: 'TOO_LARGE' });
  });

  it('in zstd with a window over 8 MB is not given the memory', () => {
    const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_compressionLevel]: 1 };
    const body = zstdCompressSync(zeros, { params });
    expect(failure(body, { 'Content-Encoding': 'zstd' }, 50_000_000).code).toBe('NETWORK_ERROR');
  });

  it('may be exactly as large as the limit', () => {
    const got = toPage(response(gzipSync(Buffer.alloc(5000, 'x')), { 'Content-Encoding': 'gzip' }), 5000);
    expect(got).toMatchObject({ kind: 'page', decodedBytes: 5000 });
  });

  it('that is not even compressed is TOO_LARGE', () => {
    expect(failure(Buffer.alloc(5001, 'x'), {}, 5000)).toMatchObject({ code: 'TOO_LARGE' });
  });
});

describe('a damaged stream is a NETWORK_ERROR', () => {
  it.each<[string, Uint8Array]>([
    ['gzip', gzipSync(PAGE).subarray(0, 15)],
    ['gzip', utf8(PAGE)],
    ['deflate', deflateSync(PAGE).subarray(0, 10)],
    ['br', brotliCompressSync(PAGE).subarray(0, 10)],
    ['br', new Uint8Array([255, 255, 255, 255])],
    ['zstd', zstdCompressSync(PAGE).subarray(0, 12)],
    ['zstd', utf8(PAGE)],
  ])('%s', (coding, body) => {
    expect(failure(body, { 'Content-Encoding': coding })).toMatchObject({
      code: 'NETWORK_ERROR',
      message: expect.stringContaining(`damaged ${coding} stream`),
    });
  });
});

describe('the charset', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const typed = (contentType: string) => ({ 'Content-Type': contentType });

  it('of the header is obeyed', () => {
    expect(decoded(latin1('caf\xe9'), typed('text/html; charset=ISO-8859-1')).page.text).toBe('café');
    expect(decoded(Buffer.from([0x83, 0x65]), typed('text/html;charset="Shift_JIS"')).page.text).toBe('テ');
  });

  it('of the header outranks the meta element', () => {
    const body = utf8('<meta charset="iso-8859-1">café');
    expect(decoded(body, typed('text/html; charset=UTF-8')).page.text).toContain('café');
  });

  it('of a byte order mark outranks the header, and the mark is not part of the text', () => {
    const utf16 = Buffer.from('\ufeffcafé', 'utf16le');
    expect(decoded(utf16, typed('text/html; charset=utf-8')).page.text).toBe('café');
    const marked = Buffer.from('\ufeffcafé', 'utf8');
    expect(decoded(marked, typed('text/html; charset=iso-8859-1')).page.text).toBe('café');
    expect(decoded(marked, typed('text/html; charset=utf8')).page.text).toBe('café');
  });

  it('of the meta element is obeyed where the header names none', () => {
    expect(
      decoded(latin1('<meta charset=windows-1252>caf\xe9 \x80'), typed('text/html')).page.text,
    ).toContain('café €');
    const pragma = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15">';
    expect(decoded(latin1(`${pragma}\xa4`), typed('text/html')).page.text).toContain('€');
  });

  it('of an XML declaration is obeyed where nobody else names one', () => {
    const xml = (encoding: string) =>
      latin1(`<?xml version="1.0" encoding="${encoding}"?><a>\xb3\xf3d\xbc</a>`);
    expect(decoded(xml('ISO-8859-2'), typed('text/xml')).page.text).toContain('<a>łódź</a>');
    expect(decoded(xml('ISO-8859-2'), typed('text/xml; charset=iso-8859-1')).page.text).toContain(
      '<a>³ód¼</a>',
    );
    // Read as letters of one byte up to here, it is none of UTF-16.
    expect(decoded(xml('UTF-16'), typed('text/xml')).page.text).toContain('<a>³ód¼</a>');
    expect(decoded(utf8('<?xml version="1.0"?><a>é</a>'), typed('text/xml')).page.text).toContain('é');
  });

  it('that nobody names is UTF-8 where the bytes are, else windows-1252', () => {
    expect(decoded(utf8('café'), typed('text/html')).page.text).toBe('café');
    expect(decoded(latin1('caf\xe9'), typed('text/html')).page.text).toBe('café');
  });

  it.each([
    ['an unknown label', 'text/html; charset=klingon'],
    ['an empty label', 'text/html; charset='],
    ['no type at all', ''],
  ])('survives %s', (_what, contentType) => {
    expect(decoded(utf8('café'), typed(contentType)).page.text).toBe('café');
  });

  it('survives a meta element that ends in the bare word', () => {
    const body = utf8('<meta http-equiv="content-type" content="text/html; charset">café');
    expect(decoded(body, typed('text/html')).page.text).toContain('café');
  });

  it('keeps a page with broken bytes readable', () => {
    const broken = Buffer.concat([utf8('café '), Buffer.from([0xff]), utf8(' crème')]);
    expect(decoded(broken, HTML).page.text).toBe('café \ufffd crème');
  });
});

it('the media type comes without its parameters, in lower case', () => {
  expect(decoded(utf8(''), { 'content-type': 'Text/HTML ; charset=utf-8' }).page.contentType).toBe(
    'text/html',
  );
  expect(decoded(utf8('')).page.contentType).toBe('');
});
