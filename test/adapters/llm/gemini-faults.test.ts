import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { GeminiApiOptions } from '../../../adapters/llm/gemini-api.ts';
import { openGeminiBatchProvider } from '../../../adapters/llm/gemini-batch-provider.ts';
import { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import type { BatchProvider } from '../../../core/ports/batch-provider.ts';
import type { HttpClient } from '../../../core/ports/http-client.ts';
import type { CallFault, GeminiCall, GeminiFaultPlan } from '../../../demo/gemini/faults.ts';
import { allOf, requestsFor } from '../../contracts/batch-provider.contract.ts';
import { serveHttp } from '../../contracts/loopback-site.ts';
import { ManualClock } from '../../core/fetch/manual-clock.ts';
import { KEY, MODEL, type PlayedGemini, playGemini } from './played-gemini.ts';

let open: PlayedGemini | undefined;
afterEach(async () => {
  await open?.[Symbol.asyncDispose]();
  open = undefined;
});

const play = async (faults: GeminiFaultPlan = {}, options: Partial<GeminiApiOptions> = {}) => {
  open = await playGemini(faults, options);
  return open;
};
const withFault = (call: GeminiCall, fault: CallFault, times?: number): GeminiFaultPlan => ({
  calls: [{ call, fault, ...(times !== undefined && { times }) }],
});
const file = (bytes: Uint8Array) => ({ bytes, mimeType: 'image/jpeg', displayName: 'a page' });
const image = file(Uint8Array.of(1, 2, 3));

/** Waits for real answers of the network, and moves the clock on for whoever sleeps. */
async function driven<T>({ clock }: PlayedGemini, work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.sleeping > 0) await clock.advance(500);
  }
  return over;
}

async function submitted({ provider }: PlayedGemini, name = 'ours-1') {
  return provider.submit({ name, model: MODEL, lines: await requestsFor(provider, ['a', 'b']) });
}

async function accepted(played: PlayedGemini): Promise<string> {
  const answer = await submitted(played);
  if (answer.kind === 'problem') throw new Error(answer.message);
  return answer.job;
}

describe('an upload', () => {
  it('goes out in chunks of 8 MiB, and arrives whole', async () => {
    const { provider, server } = await play();
    const bytes = Buffer.alloc(2 * 8_388_608 + 5, 'page');
    bytes.writeUInt32BE(0xc0ffee, 8_388_606);
    expect(await provider.upload(file(bytes))).toMatchObject({ kind: 'uploaded', mimeType: 'image/jpeg' });
    expect(server.requests).toHaveLength(4);
    expect(server.files()[0]?.bytes.equals(bytes)).toBe(true);
  });

  it('of exactly one chunk is one chunk', async () => {
    const { provider, server } = await play();
    await provider.upload(file(Buffer.alloc(8_388_608)));
    expect(server.requests).toHaveLength(2);
  });

  it('repeats a chunk that is answered without status, after 1, 2 and 4 seconds', async () => {
    const played = await play(withFault('chunk', { kind: 'no-upload-status' }, 3));
    const before = played.clock.now();
    expect(await driven(played, played.provider.upload(image))).toMatchObject({ kind: 'uploaded' });
    const chunks = played.server.requests.slice(1).map(({ at }) => at - before);
    expect(chunks).toEqual([0, 1000, 3000, 7000]);
  });

  it('gives up on a chunk that is never answered with a status', async () => {
    const played = await play(withFault('chunk', { kind: 'no-upload-status' }));
    expect(await driven(played, played.provider.upload(image))).toMatchObject({ cause: 'server' });
    expect(played.server.requests).toHaveLength(5);
  });

  it('obeys a signal while it waits', async () => {
    const played = await play(withFault('chunk', { kind: 'no-upload-status' }));
    const stop = new AbortController();
    const upload = played.provider.upload(image, stop.signal);
    await expect.poll(() => played.clock.sleeping, { timeout: 60_000, interval: 1 }).toBe(1);
    stop.abort(new Error('enough'));
    await expect(upload).rejects.toThrow('enough');
  });

  it.each<[GeminiCall, CallFault]>([
    ['start', { kind: 'no-upload-url' }],
    ['start', { kind: 'html', status: 200 }],
    ['start', { kind: 'status', status: 503 }],
    ['chunk', { kind: 'not-final' }],
    ['chunk', { kind: 'no-file' }],
    ['chunk', { kind: 'status', status: 500 }],
  ])('is a problem of the server where %s meets %j, and no call goes out again', async (call, fault) => {
    const { provider, server } = await play(withFault(call, fault));
    expect(await provider.upload(image)).toMatchObject({ kind: 'problem', cause: 'server' });
    expect(server.requests).toHaveLength(call === 'start' ? 1 : 2);
  });

  it('that fails twice succeeds the third time', async () => {
    const { provider } = await play(withFault('chunk', { kind: 'status', status: 500 }, 2));
    const kinds = [];
    for (let i = 0; i < 3; i++) kinds.push((await provider.upload(image)).kind);
    expect(kinds).toEqual(['problem', 'problem', 'uploaded']);
  });

  it('of no bytes is a bug', async () => {
    const { provider } = await play();
    await expect(provider.upload(file(new Uint8Array()))).rejects.toThrow(RangeError);
  });

  it('that stops the file of requests starts no job', async () => {
    const { provider, server } = await play();
    const lines = await requestsFor(provider, ['a']);
    await server.close();
    expect(await provider.submit({ name: 'ours-1', model: MODEL, lines })).toMatchObject({
      cause: 'unreachable',
    });
    expect(server.jobs).toEqual([]);
  });
});

describe('a submission whose answer is of no use', () => {
  it.each<[CallFault, number]>([
    [{ kind: 'drop-after' }, 1],
    [{ kind: 'empty-object' }, 1],
    [{ kind: 'cut' }, 1],
    [{ kind: 'drop' }, 0],
    [{ kind: 'hang' }, 0],
    [{ kind: 'html', status: 200 }, 0],
    [{ kind: 'html', status: 502 }, 0],
    [{ kind: 'status', status: 500 }, 0],
    [{ kind: 'status', status: 503 }, 0],
  ])('%j: may have been carried out, and `find` tells', async (fault, jobs) => {
    const limits = { headersMs: 1500 };
    const played = await play(withFault('create', fault), fault.kind === 'hang' ? { limits } : {});
    expect(await submitted(played)).toMatchObject({ kind: 'problem', cause: 'unclear' });
    const found = await played.provider.find('ours-1');
    expect(found.kind === 'found' && found.jobs).toHaveLength(jobs);
  });

  it('was not carried out where there was no connection', async () => {
    const nobody = await serveHttp(() => {});
    await nobody[Symbol.asyncDispose]();
    const web = new NodeHttpClient();
    const http: HttpClient = {
      send: (request) => {
        const isCreate = request.url.endsWith(':batchGenerateContent');
        return web.send(isCreate ? { ...request, url: nobody.origin } : request);
      },
      close: () => web.close(),
    };
    expect(await submitted(await play({}, { http }))).toMatchObject({ cause: 'unreachable' });
  });

  it.each([400, 401, 403, 404, 413])('HTTP %i: was refused, and would be again', async (status) => {
    const played = await play(withFault('create', { kind: 'status', status }));
    expect(await submitted(played)).toMatchObject({ kind: 'problem', cause: 'refused' });
  });
});

describe('being asked to wait', () => {
  it.each<[Partial<CallFault>, number | undefined]>([
    [{ retryDelay: '36s' }, 36_000],
    [{ retryDelay: '0.847655s' }, 848],
    [{ retryAfterSeconds: 12 }, 12_000],
    [{ retryDelay: '36s', retryAfterSeconds: 12 }, 36_000],
    [{ retryDelay: '99999999999s' }, 365 * 24 * 3_600_000],
    [{ retryDelay: '-5s' }, undefined],
    [{ retryDelay: 'soon' }, undefined],
    [{}, undefined],
  ])('%j: %s ms', async (more, ms) => {
    const { provider } = await play(withFault('list', { kind: 'status', status: 429, ...more } as CallFault));
    const problem = await provider.find('ours-1');
    expect(problem).toMatchObject({ kind: 'problem', cause: 'rate-limited' });
    expect(problem.kind === 'problem' && problem.retryAfterMs).toBe(ms);
  });

  it('is told of a server that is too busy, too', async () => {
    const { provider } = await play(withFault('list', { kind: 'status', status: 503, retryAfterSeconds: 3 }));
    expect(await provider.find('ours-1')).toMatchObject({ cause: 'server', retryAfterMs: 3000 });
  });
});

const SUCCEEDED = {
  name: 'batches/b1',
  metadata: { state: 'BATCH_STATE_SUCCEEDED', output: { responsesFile: 'files/batch-b1' } },
};

describe('results', () => {
  it.each<[CallFault, string]>([
    [{ kind: 'html', status: 200 }, 'server'],
    [{ kind: 'html', status: 502 }, 'server'],
    [{ kind: 'status', status: 429 }, 'rate-limited'],
    [{ kind: 'status', status: 404 }, 'missing'],
    [{ kind: 'drop' }, 'unreachable'],
  ])('that meet %j are one problem and no lines', async (fault, cause) => {
    const played = await play(withFault('download', fault));
    const job = await accepted(played);
    played.finish();
    expect(await allOf(played.provider.results(job))).toMatchObject([{ kind: 'problem', cause }]);
  });

  it('that end with the connection, and have no length, are never taken for whole', async () => {
    const lines = '{"key":"a","response":{"candidates":[]}}\n{"key":"b","respo';
    await using site = await serveHttp((asked, answer) => {
      if (asked.url?.includes(':download')) answer.socket?.end(`HTTP/1.1 200 OK\r\n\r\n${lines}`);
      else answer.end(JSON.stringify(SUCCEEDED));
    });
    const { provider } = await play({}, { baseUrl: site.origin });
    expect(await allOf(provider.results('batches/b1'))).toMatchObject([
      { kind: 'line', answer: { key: 'a' } },
      { kind: 'problem', cause: 'server' },
    ]);
  });

  it('that are coded are a problem, and no lines that could not be read', async () => {
    await using site = await serveHttp((asked, answer) => {
      if (asked.url?.includes(':download'))
        answer.setHeader('Content-Encoding', 'gzip').end(gzipSync('{"key":"a"}'));
      else answer.end(JSON.stringify(SUCCEEDED));
    });
    const { provider } = await play({}, { baseUrl: site.origin });
    expect(await allOf(provider.results('batches/b1'))).toMatchObject([{ kind: 'problem', cause: 'server' }]);
  });

  it('are gone after 48 hours', async () => {
    const played = await play();
    const job = await accepted(played);
    played.finish();
    expect(await allOf(played.provider.results(job))).toHaveLength(2);
    played.finish();
    expect(await allOf(played.provider.results(job))).toMatchObject([{ kind: 'problem', cause: 'missing' }]);
  });

  it('need not be read to their end', async () => {
    const played = await play();
    const job = await accepted(played);
    played.finish();
    for await (const first of played.provider.results(job)) {
      expect(first.kind).toBe('line');
      break;
    }
    expect(await allOf(played.provider.results(job))).toHaveLength(2);
  });

  it('hold a page whose image is gone, as an error of that page', async () => {
    const played = await play();
    const lines = await requestsFor(played.provider, ['a', 'b']);
    const lost = {
      ...lines[1]!,
      image: { ...lines[1]!.image, uri: 'https://elsewhere.example/v1beta/files/none' },
    };
    const answer = await played.provider.submit({ name: 'ours-1', model: MODEL, lines: [lines[0]!, lost] });
    played.finish();
    const results = await allOf(played.provider.results(answer.kind === 'accepted' ? answer.job : ''));
    expect(results).toMatchObject([
      { answer: { kind: 'text', key: 'a' } },
      { answer: { kind: 'error', key: 'b' } },
    ]);
  });
});

describe('a listing', () => {
  it('is followed to its last page', async () => {
    const played = await play();
    const lines = await requestsFor(played.provider, ['a']);
    for (let i = 0; i < 201; i++) await played.provider.submit({ name: `ours-${i}`, model: MODEL, lines });
    const asked = played.server.requests.length;
    expect(await played.provider.find('ours-0')).toMatchObject({
      kind: 'found',
      jobs: [{ job: 'batches/b1' }],
    });
    expect(played.server.requests.length - asked).toBe(3);
  });

  it.each<[string, object]>([
    ['leads in a circle', { operations: [], nextPageToken: 'T' }],
    ['is none', { operations: 'none' }],
    [
      'holds a job of that name that cannot be read',
      { operations: [{ metadata: { displayName: 'ours-1' } }] },
    ],
  ])('that %s tells nothing of what is there', async (_what, body) => {
    await using site = await serveHttp((_asked, answer) => answer.end(JSON.stringify(body)));
    const { provider } = await play({}, { baseUrl: site.origin });
    expect(await provider.find('ours-1')).toMatchObject({ kind: 'problem', cause: 'server' });
    expect(site.requests.length).toBeLessThanOrEqual(2);
  });
});

describe('the key', () => {
  it('is in a header of every request, and in no address', async () => {
    const headers: (string | undefined)[] = [];
    await using site = await serveHttp((asked, answer) => {
      headers.push(String(asked.headers['x-goog-api-key']));
      answer.end('{}');
    });
    const { provider } = await play({}, { baseUrl: site.origin });
    await provider.find('ours-1');
    await provider.state('batches/b1');
    await provider.upload(image);
    expect(headers).toEqual([KEY, KEY, KEY]);
    expect(site.requests.map(({ path }) => path).join()).not.toContain(KEY);
  });

  it('is in no message, though the server repeats it; a message is one line', async () => {
    const { provider } = await play(withFault('list', { kind: 'status', status: 400, tellsKey: true }));
    const problem = await provider.find('ours-1');
    expect(problem).toMatchObject({
      cause: 'refused',
      message: 'gemini, list the batch jobs, page 1: HTTP 400 INVALID_ARGUMENT API key (key) is not welcome.',
    });
  });

  it.each(['', 'a b', 'a\nb'])('%j is none', (apiKey) => {
    const http = new NodeHttpClient();
    expect(() => openGeminiBatchProvider({ http, clock: new ManualClock(), apiKey })).toThrow(RangeError);
  });
});

describe('the address of the API', () => {
  it('may have a path', async () => {
    await using site = await serveHttp((_asked, answer) => answer.end('{}'));
    const { provider } = await play({}, { baseUrl: `${site.origin}/proxy/` });
    await provider.state('batches/b1');
    await provider.upload(image);
    expect(site.requests.map(({ path }) => path)).toEqual([
      '/proxy/v1beta/batches/b1',
      '/proxy/upload/v1beta/files',
    ]);
  });

  it('is the only one that is asked: an upload that is sent elsewhere stays here', async () => {
    await using elsewhere = await serveHttp((_asked, answer) => answer.end('{}'));
    await using site = await serveHttp((asked, answer) => {
      if (asked.url === '/upload/v1beta/files')
        answer.setHeader('X-Goog-Upload-Url', `${elsewhere.origin}/upload/here?upload_id=1`);
      answer
        .setHeader('X-Goog-Upload-Status', 'final')
        .end('{"file":{"name":"files/a","uri":"https://a/files/a"}}');
    });
    const { provider } = await play({}, { baseUrl: site.origin });
    expect(await provider.upload(image)).toMatchObject({ kind: 'uploaded', uri: 'https://a/files/a' });
    expect(site.requests.map(({ path }) => path)).toEqual([
      '/upload/v1beta/files',
      '/upload/here?upload_id=1',
    ]);
    expect(elsewhere.connections()).toBe(0);
  });

  it('that is no address is a problem', async () => {
    await using site = await serveHttp((_asked, answer) =>
      answer.setHeader('X-Goog-Upload-Url', 'http://[').end('{}'),
    );
    const { provider } = await play({}, { baseUrl: site.origin });
    expect(await provider.upload(image)).toMatchObject({ cause: 'server' });
  });

  it.each(['http://10.1.2.3', 'http://169.254.169.254', 'http://[fd00::1]'])(
    '%s is not connected to: only loopback may be, where it is named',
    async (baseUrl) => {
      const { provider } = await play({}, { baseUrl });
      expect(await provider.find('ours-1')).toMatchObject({ kind: 'problem', cause: 'refused' });
    },
  );

  it('that only resolves to loopback is not connected to', async () => {
    await using site = await serveHttp((_asked, answer) => answer.end('{}'));
    const http = new NodeHttpClient({ resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
    const { provider } = await play({}, { http, baseUrl: `http://gemini.example:${site.port}` });
    expect(await provider.find('ours-1')).toMatchObject({ cause: 'refused' });
    expect(site.connections()).toBe(0);
    await http.close();
  });

  it('that leads on to another one is an operator’s case', async () => {
    await using site = await serveHttp((_asked, answer) =>
      answer.writeHead(302, { Location: '/else' }).end(),
    );
    const { provider } = await play({}, { baseUrl: site.origin });
    expect(await provider.find('ours-1')).toMatchObject({ cause: 'refused' });
    expect(site.requests).toHaveLength(1);
  });
});

it('a name that is none of a job is a bug, and goes into no address', async () => {
  const { provider, server } = await play();
  await expect(provider.state('batches/../files')).rejects.toThrow(RangeError);
  await expect(provider.cancel('b1')).rejects.toThrow(RangeError);
  expect(server.requests).toEqual([]);
});

describe('a page of a proxy in place of an answer', () => {
  const page = `<!DOCTYPE html><style>p { color: red }</style><title>Sign\u0007 in</title>
    <script>let a = '<p>';</script><p>to the network of the house, or ask somebody who can, so that you get further</p>`;
  const words = '"Sign in to the network of the house, or ask somebody who can, so that you get fu"';
  /** Of the API as it should be, and a page of a proxy where an address is asked that matches. */
  const behindProxy = (asked: RegExp, status: number) =>
    serveHttp((request, answer) => {
      if (asked.test(`${request.method} ${request.url}`)) {
        answer.writeHead(status, { 'Content-Type': 'text/html' }).end(page);
      } else answer.end(JSON.stringify(SUCCEEDED));
    });
  type Call = (provider: BatchProvider) => Promise<unknown>;

  it.each<[string, RegExp, Call]>([
    ['start of an upload', /POST \/upload/, (provider) => provider.upload(image)],
    ['listing', /GET .*\/batches\?/, (provider) => provider.find('ours-1')],
    ['look at a job', /GET .*\/batches\/b1$/, (provider) => provider.state('batches/b1')],
    ['cancellation', /:cancel$/, (provider) => provider.cancel('batches/b1')],
    ['download', /:download/, async (provider) => (await allOf(provider.results('batches/b1')))[0]],
  ])('is told with its first words, at every %s, and nothing is taken for done', async (_, asked, call) => {
    for (const status of [200, 502]) {
      await using site = await behindProxy(asked, status);
      const { provider } = await play({}, { baseUrl: site.origin });
      const problem = await call(provider);
      expect(problem).toMatchObject({ kind: 'problem', cause: 'server' });
      const { message } = problem as { message: string };
      expect(message).toContain(words);
      if (status === 502) expect(message).toContain('HTTP 502 with text/html in place of JSON');
      expect(message).not.toContain('color');
    }
  });

  it('is told of a chunk as well, once it came four times', async () => {
    await using site = await serveHttp((request, answer) => {
      request.resume();
      if (request.url?.endsWith('/files'))
        answer.writeHead(200, { 'X-Goog-Upload-Url': 'http://x.invalid/put' }).end('{}');
      else answer.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
    });
    const played = await play({}, { baseUrl: site.origin });
    const upload = driven(played, played.provider.upload(image));
    expect(await upload).toMatchObject({
      cause: 'server',
      message: expect.stringMatching(
        /HTTP 200 with text\/html in place of JSON: "Sign in .*, without a status of the upload, 4 times$/,
      ),
    });
  });
});
