import type { IncomingMessage, ServerResponse } from 'node:http';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';

/** An S3 of one bucket, `pages`, that lists and gets. */
export interface ListedS3 extends LoopbackSite {
  readonly objects: Map<string, Uint8Array>;
  /** Taken one by one by the requests that come next. */
  readonly faults: ('denied' | 'missing-bucket' | 'cut' | 'no-token')[];
}

/** So that a few keys are several pages. */
const PAGE = 3;

/** Keys come as in an address where that is asked for, and bytes of no text as they are. */
export async function serveListedS3(): Promise<ListedS3> {
  const objects: ListedS3['objects'] = new Map();
  const faults: ListedS3['faults'] = [];

  function handle({ url = '/' }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://s3');
    const fault = faults.shift();
    if (fault === 'denied') return void error(response, 403, 'AccessDenied');
    if (fault === 'missing-bucket') return void error(response, 404, 'NoSuchBucket');
    if (searchParams.get('list-type') === '2') return void list(searchParams, response, fault === 'no-token');
    const body = objects.get(decodeURIComponent(pathname.replace('/pages/', '')));
    if (!body) return void error(response, 404, 'NoSuchKey');
    response.writeHead(200, { 'content-length': body.length, etag: '"e"' });
    if (fault !== 'cut') return void response.end(body);
    response.write(body.subarray(0, 2), () => response.destroy());
  }

  function list(asked: URLSearchParams, response: ServerResponse, hidesToken: boolean): void {
    const prefix = asked.get('prefix') ?? '';
    const from = Number(asked.get('continuation-token') ?? 0);
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const isUrl = asked.get('encoding-type') === 'url';
    // S3 writes a space as a plus.
    const shown = (key: string) =>
      isUrl ? encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+') : key;
    const contents = keys
      .slice(from, from + PAGE)
      .map(
        (key) => `<Contents><Key>${key.includes('%FF') ? key : shown(key)}</Key><Size>2</Size></Contents>`,
      );
    const isTruncated = from + PAGE < keys.length;
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0"?><ListBucketResult>${contents.join('')}<IsTruncated>${isTruncated}</IsTruncated>${
        isUrl ? '<EncodingType>url</EncodingType>' : ''
      }${isTruncated && !hidesToken ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : ''}</ListBucketResult>`,
    );
  }

  return { ...(await serveHttp(handle)), objects, faults };
}

function error(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
