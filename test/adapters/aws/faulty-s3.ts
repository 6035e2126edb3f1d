import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';

/**
 * What goes wrong with one request. `drop`: the connection breaks; `after`: once the request was carried out.
 */
export type Fault =
  | { readonly kind: 'drop' | 'drop-after' }
  | { readonly kind: 'answer' | 'answer-after'; readonly status: number; readonly code?: string };

interface Stored {
  readonly body: string;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An S3 of one bucket that does PUT (with conditions) and GET, and whatever goes wrong on the way. */
export interface FaultyS3 extends LoopbackSite {
  /** By path: `/lake/a/b`. */
  readonly objects: Map<string, Stored>;
  /** Taken one by one by the requests of that method that come next. */
  readonly faults: { readonly PUT: Fault[]; readonly GET: Fault[] };
  /** `PUT 412`, `GET 200`, `PUT drop` … in the order of the requests. */
  readonly journal: string[];
  /** Runs before each PUT is looked at: what another writer does in between. */
  between: () => void;
}

export async function serveFaultyS3(): Promise<FaultyS3> {
  const objects: FaultyS3['objects'] = new Map();
  const faults: FaultyS3['faults'] = { PUT: [], GET: [] };
  const journal: string[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method === 'PUT' ? 'PUT' : 'GET';
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://s3').pathname);
    const body = await text(request);
    if (method === 'PUT') s3.between();
    const fault = faults[method].shift();
    if (fault?.kind === 'drop') return drop(method, response);
    if (fault?.kind === 'answer') return fail(method, response, fault.status, fault.code);
    const done = method === 'PUT' ? put(path, body, request) : undefined;
    if (fault?.kind === 'drop-after') return drop(method, response);
    if (fault?.kind === 'answer-after') return fail(method, response, fault.status, fault.code);
    if (done !== undefined && done !== 200) return fail(method, response, done);
    const object = objects.get(path);
    if (!object) return fail(method, response, 404, 'NoSuchKey');
    journal.push(`${method} 200`);
    response.setHeader('ETag', object.etag);
    for (const [name, value] of Object.entries(object.metadata))
      response.setHeader(`x-amz-meta-${name}`, value);
    response.end(method === 'GET' ? object.body : '');
  }

  function put(path: string, body: string, { headers }: IncomingMessage): number {
    const before = objects.get(path);
    if (headers['if-none-match'] === '*' && before) return 412;
    if (headers['if-match'] !== undefined && !before) return 404;
    if (headers['if-match'] !== undefined && before?.etag !== headers['if-match']) return 412;
    const metadata = Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name.slice(11), String(value)]] : [],
    );
    objects.set(path, stored(body, Object.fromEntries(metadata)));
    return 200;
  }

  function drop(method: string, response: ServerResponse): void {
    journal.push(`${method} drop`);
    response.socket?.resetAndDestroy();
  }

  function fail(method: string, response: ServerResponse, status: number, code = ''): void {
    journal.push(`${method} ${status}`);
    const known = code || { 404: 'NoSuchKey', 412: 'PreconditionFailed' }[status];
    response.writeHead(status, { 'Content-Type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${known}</Code><Message>as scripted</Message></Error>`);
  }

  const site = await serveHttp((request, response) => void handle(request, response));
  const s3: FaultyS3 = Object.assign(site, { objects, faults, journal, between: () => {} });
  return s3;
}

export function stored(body: string, metadata: Readonly<Record<string, string>> = {}): Stored {
  return { body, metadata, etag: `"of ${body}"` };
}
