import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WARCParser } from 'warcio';
import { CaptureError } from '../../../core/capture/capture-error.ts';
import { decodeCapture, readCaptures } from '../../../core/capture/warc.ts';
import { type Capture, encodeCapture, encodeWarcInfo } from '../../../core/capture/warc-writer.ts';
import type { HttpResponse } from '../../../core/ports/http-client.ts';

const FETCHED_AT = Date.parse('2025-11-17T10:00:00.123Z');
const page = '<!doctype html><title>Café</title>'.repeat(500);

function capture(response: Partial<HttpResponse> = {}): Capture {
  return {
    fetchedAt: FETCHED_AT,
    lookedAt: FETCHED_AT,
    response: {
      kind: 'response',
      url: 'https://example.com/races/1?x=%C3%A9',
      status: 200,
      statusText: 'OK',
      headers: [['Content-Type', 'text/html']],
      body: Buffer.from(page),
      remoteAddress: '192.0.2.1',
      ...response,
    },
  };
}

/** The record as any gunzip gives it: WARC head, HTTP head, body. */
function parts(member: Uint8Array): { warc: string; http: string; body: string } {
  const [warc = '', http = '', ...body] = gunzipSync(member).toString('latin1').split('\r\n\r\n');
  return { warc, http, body: body.join('\r\n\r\n') };
}

describe('a capture', () => {
  it('comes back with the order that its look had, where a clock was wrong', async () => {
    const original = { ...capture(), lookedAt: FETCHED_AT + 31_536_000_000 };
    const member = await encodeCapture(original);
    expect(await decodeCapture(member)).toMatchObject({
      fetchedAt: FETCHED_AT,
      lookedAt: original.lookedAt,
    });
    expect(parts(member).warc).toContain('WARC-Date: 2025-11-17T10:00:00.123Z');
  });

  it('comes back as it was', async () => {
    const original = capture({
      headers: [
        ['content-type', 'text/html'],
        ['Set-Cookie', 'a=1'],
        ['X-Odd', 'caf\u00e9: ,,, "x"'],
        ['Set-Cookie', 'b=2'],
        ['Empty', ''],
        ['Content-Length', String(Buffer.byteLength(page))],
      ],
    });
    const decoded = await decodeCapture(await encodeCapture(original));
    expect({ ...decoded.response, body: Buffer.from(decoded.response.body) }).toEqual(original.response);
    expect(decoded.fetchedAt).toBe(FETCHED_AT);
  });

  it.each([
    ['without an address', capture({ remoteAddress: undefined })],
    ['of IPv6', capture({ remoteAddress: '2001:db8::1' })],
    ['without a reason phrase', capture({ statusText: '' })],
    ['without a body', capture({ status: 304, statusText: 'Not Modified', body: new Uint8Array() })],
    [
      'of bytes that look like the end of a head',
      capture({ body: Buffer.from('\r\n\r\nWARC/1.1\r\n\r\n\0\xff') }),
    ],
  ])('%s comes back as it was', async (_, original) => {
    const { response } = await decodeCapture(await encodeCapture(original));
    const { headers: _headers, body, ...rest } = response;
    const { headers: _h, body: _b, remoteAddress, ...expected } = original.response;
    expect(rest).toEqual(remoteAddress === undefined ? expected : { ...expected, remoteAddress });
    expect(Buffer.compare(body, original.response.body)).toBe(0);
  });

  it('is a WARC 1.1 response record with all that archives ask for', async () => {
    const { warc } = parts(await encodeCapture(capture()));
    const [version, ...lines] = warc.split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
    expect(version).toBe('WARC/1.1');
    expect(headers).toEqual({
      'WARC-Type': 'response',
      'WARC-Record-ID': expect.stringMatching(/^<urn:uuid:[0-9a-f-]{36}>$/),
      'WARC-Date': '2025-11-17T10:00:00.123Z',
      'WARC-Target-URI': 'https://example.com/races/1?x=%C3%A9',
      'WARC-IP-Address': '192.0.2.1',
      'Content-Type': 'application/http; msgtype=response',
      'WARC-Payload-Digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      'WARC-Block-Digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      'Content-Length': expect.stringMatching(/^\d+$/),
    });
  });

  it('has an id of its own each time', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => /urn:uuid:[^>]+/.exec(parts(await encodeCapture(capture())).warc)?.[0]),
    );
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('keeps the body as it came over the wire, and does not compress it twice', async () => {
    const body = gzipSync(page);
    const member = await encodeCapture(capture({ body, headers: [['Content-Encoding', 'gzip']] }));
    const { response } = await decodeCapture(member);
    expect(gunzipSync(response.body).toString()).toBe(page);
    expect(member.length).toBeGreaterThan(body.length);
    expect((await encodeCapture(capture())).length).toBeLessThan(page.length / 10);
  });

  it('tells the true length and renames what no longer describes the stored bytes', async () => {
    const headers = [
      ['Transfer-Encoding', 'chunked'],
      ['content-length', '99999'],
      ['ETag', '"x"'],
    ] as const;
    const { http } = parts(await encodeCapture(capture({ headers, body: Buffer.from('12345') })));
    expect(http.split('\r\n')).toEqual([
      'HTTP/1.1 200 OK',
      'X-Archive-Orig-Transfer-Encoding: chunked',
      'X-Archive-Orig-content-length: 99999',
      'ETag: "x"',
      'Content-Length: 5',
    ]);
  });

  it('cannot be given headers or records through line breaks', async () => {
    const evil = capture({
      url: 'not a url\r\nWARC-Type: revisit',
      statusText: 'OK\r\nX-Injected: 1',
      headers: [['A', 'b\r\nX-Injected: 2']],
    });
    const { warc, http } = parts(await encodeCapture(evil));
    expect(warc).toContain('WARC-Target-URI: not%20a%20url%20WARC-Type:%20revisit\r\n');
    expect(http).not.toMatch(/^X-Injected/m);
  });
});

describe('a capture file', () => {
  const urls = ['https://example.com/1', 'https://example.com/2', 'https://example.com/3'];
  async function file(): Promise<Buffer> {
    const info = await encodeWarcInfo({ writtenAt: FETCHED_AT, fields: { software: 'rescrape' } });
    return Buffer.concat([info, ...(await Promise.all(urls.map((url) => encodeCapture(capture({ url })))))]);
  }

  it('is read by warcio record by record, with the content decoded', async () => {
    const body = gzipSync(page);
    const gzipped = await encodeCapture(capture({ body, headers: [['Content-Encoding', 'gzip']] }));
    const seen: string[] = [];
    for await (const record of WARCParser.iterRecords([await file(), gzipped])) {
      const content = await record.contentText();
      seen.push(`${record.warcType} ${record.httpHeaders?.statusCode ?? ''}`);
      expect(content).toBe(
        record.warcType === 'warcinfo' ? 'software: rescrape\r\nformat: WARC File Format 1.1\r\n' : page,
      );
    }
    expect(seen).toEqual(['warcinfo ', 'response 200', 'response 200', 'response 200', 'response 200']);
  });

  it('is read by plain gunzip as one stream of records', async () => {
    const text = gunzipSync(await file()).toString();
    expect(text.match(/^WARC\/1\.1\r$/gm)).toHaveLength(4);
    expect(text.endsWith('\r\n\r\n')).toBe(true);
  });

  it('gives every capture with the place where it can be read again, whatever follows', async () => {
    const bytes = await file();
    const stored = await Array.fromAsync(readCaptures(bytes));
    expect(stored.map(({ capture }) => capture.response.url)).toEqual(urls);
    expect(stored.at(-1)).toMatchObject({ length: bytes.length - (stored.at(-1)?.offset ?? 0) });
    for (const { capture, offset, length } of stored) {
      for (const end of [offset + length, offset + length + 7, bytes.length]) {
        expect(await decodeCapture(bytes.subarray(offset, end))).toEqual(capture);
      }
    }
  });

  it('is read also where the gzip headers carry a name, a comment, extra fields and a checksum', async () => {
    const member = await encodeCapture(capture());
    const header = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 4, 0, 1, 2, 3, 4]),
      Buffer.from('name\0comment\0'),
      Buffer.from([0, 0]),
    ]);
    const foreign = Buffer.concat([header, member.subarray(10)]);
    expect((await decodeCapture(foreign)).response.status).toBe(200);
  });

  it('that is damaged or cut off gives what is whole, then an error with the place', async () => {
    const bytes = await file();
    const last = (await Array.fromAsync(readCaptures(bytes))).at(-1)?.offset ?? 0;
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { capture } of readCaptures(bytes.subarray(0, -5))) seen.push(capture.response.url);
    })();
    await expect(reading).rejects.toThrow(new RegExp(`cut off capture at offset ${last}`));
    await expect(reading).rejects.toBeInstanceOf(CaptureError);
    expect(seen).toEqual(urls.slice(0, 2));
  });

  it.each([
    ['nothing at all', new Uint8Array()],
    ['a page', Buffer.from(page)],
    ['an empty member', gzipSync('')],
    ['a member that is no record', gzipSync('hello\r\n\r\n')],
    ['a gzip header alone', gzipSync('').subarray(0, 10)],
  ])('decoding %s is a capture error', async (_, bytes) => {
    await expect(decodeCapture(bytes)).rejects.toBeInstanceOf(CaptureError);
  });

  it('decoding a record that is no response is a capture error', async () => {
    const info = await encodeWarcInfo({ writtenAt: FETCHED_AT, fields: {} });
    await expect(decodeCapture(info)).rejects.toThrow('the record is no response');
  });

  it('never gives other bytes than it was given: a flipped bit is an error or changes nothing', async () => {
    const original = capture({ body: Buffer.from('short') });
    const member = await encodeCapture(original);
    const whole = await decodeCapture(member);
    let noticed = 0;
    for (let index = 0; index < member.length; index++) {
      const damaged = Uint8Array.from(member);
      damaged[index] = (damaged[index] ?? 0) ^ 0x40;
      const decoded = await decodeCapture(damaged).catch((error) => error);
      if (decoded instanceof CaptureError) noticed++;
      else expect(decoded).toEqual(whole);
    }
    // What may go unnoticed: the time and system in the gzip header, the padding and the redundant length.
    expect(noticed).toBeGreaterThan(member.length - 16);
  });
});
