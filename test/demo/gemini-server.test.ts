import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, GoogleGenAI } from '@google/genai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GeminiFaultPlan } from '../../demo/gemini/faults.ts';
import { type GeminiServer, startGeminiServer } from '../../demo/gemini/server.ts';
import { ManualClock } from '../core/fetch/manual-clock.ts';

const HOUR = 3_600_000;
const MODEL = 'gemini-2.5-flash';
const KEY = 'AIza-of-nobody';

let folder: string;
let server: GeminiServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemini-'));
});
afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

async function play(apiVersion: string, faults: GeminiFaultPlan = {}) {
  const clock = new ManualClock();
  server = await startGeminiServer({
    apiKey: KEY,
    now: () => clock.now(),
    jobMs: HOUR,
    faults,
    answer: ({ key, image }) => JSON.stringify({ key, bytes: image.length }),
  });
  const sdk = new GoogleGenAI({
    apiKey: KEY,
    apiVersion,
    httpOptions: { baseUrl: server.url, timeout: 60_000 },
  });
  const upload = async (text: string, mimeType: string, displayName: string) =>
    sdk.files.upload({ file: new Blob([text], { type: mimeType }), config: { mimeType, displayName } });
  return { clock, server, sdk, upload };
}

const request = (uri: string) => ({
  contents: [{ parts: [{ text: 'Read.' }, { file_data: { file_uri: uri, mime_type: 'image/jpeg' } }] }],
});

async function withJob(apiVersion: string, keys: readonly string[], faults: GeminiFaultPlan = {}) {
  const played = await play(apiVersion, faults);
  const image = await played.upload('123456789', 'image/jpeg', '4.jpg');
  const lines = keys.map((key) => JSON.stringify({ key, request: request(image.uri!) })).join('\n');
  const input = await played.upload(lines, 'jsonl', 'ours');
  const job = await played.sdk.batches.create({
    model: MODEL,
    src: input.name!,
    config: { displayName: 'ours' },
  });
  return { ...played, image, job };
}

describe.each(['v1beta', 'v1'])('the official SDK at the Gemini of the demo, version %s', (version) => {
  it('uploads files in chunks, reads, lists and deletes them', async () => {
    const { sdk, upload, server } = await play(version);
    const big = await upload('x'.repeat(8_388_608 + 5), 'image/jpeg', 'big.jpg');
    const small = await upload('123456789', 'image/png', 'small.png');
    expect(small).toMatchObject({
      displayName: 'small.png',
      mimeType: 'image/png',
      sizeBytes: '9',
      state: 'ACTIVE',
    });
    expect(server.files()[0]?.bytes.length).toBe(8_388_613);
    expect(await sdk.files.get({ name: big.name! })).toMatchObject({ name: big.name, uri: big.uri });
    await sdk.files.delete({ name: big.name! });
    await expect(sdk.files.get({ name: big.name! })).rejects.toMatchObject({ status: 403 });
    const left = [];
    for await (const each of await sdk.files.list({ config: { pageSize: 1 } })) left.push(each.name);
    expect(left).toEqual([small.name]);
  });

  it('runs a job of a file to its end, and downloads the results', async () => {
    const { sdk, job, clock, server } = await withJob(version, ['a', 'b']);
    expect(job).toMatchObject({ displayName: 'ours', state: 'JOB_STATE_PENDING' });
    clock.set(HOUR / 2);
    expect((await sdk.batches.get({ name: job.name! })).state).toBe('JOB_STATE_RUNNING');
    clock.set(HOUR / 2);
    const done = await sdk.batches.get({ name: job.name! });
    expect(done).toMatchObject({ state: 'JOB_STATE_SUCCEEDED', model: `models/${MODEL}` });
    const downloadPath = join(folder, 'results.jsonl');
    await sdk.files.download({ file: done.dest!.fileName!, downloadPath });
    // The SDK may answer before the last byte is in the file.
    const read = () => readFile(downloadPath, 'utf8').catch(() => '');
    await expect.poll(read, { timeout: 60_000 }).toMatch(/\n.*\n$/);
    const lines = (await read())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(lines[0].response.candidates[0].content.parts.at(-1).text).toBe('{"key":"a","bytes":9}');
    expect(server.attempts.map(({ key, attempt, job }) => [key, attempt, job])).toEqual([
      ['a', 1, 'batches/b1'],
      ['b', 1, 'batches/b1'],
    ]);
  });

  it('runs a job whose requests come in the call', async () => {
    const { sdk, clock, upload } = await play(version);
    const image = await upload('123456789', 'image/jpeg', '4.jpg');
    const asked = (key: string) => ({
      contents: [
        { parts: [{ text: 'Read.' }, { fileData: { fileUri: image.uri!, mimeType: 'image/jpeg' } }] },
      ],
      metadata: { key },
    });
    const job = await sdk.batches.create({
      model: MODEL,
      src: { inlinedRequests: [asked('a'), asked('b')] },
    });
    clock.set(HOUR);
    const { dest } = await sdk.batches.get({ name: job.name! });
    const texts = dest?.inlinedResponses?.map(
      ({ response }) => response?.candidates?.[0]?.content?.parts?.at(-1)?.text,
    );
    expect(texts).toEqual(['{"key":"a","bytes":9}', '{"key":"b","bytes":9}']);
  });

  it('lists, cancels and deletes jobs', async () => {
    const { sdk, job, image } = await withJob(version, ['a']);
    for (let i = 0; i < 3; i++)
      await sdk.batches.create({
        model: MODEL,
        src: { inlinedRequests: [{ ...request(image.uri!), metadata: { key: 'a' } }] },
      });
    const listed = [];
    for await (const each of await sdk.batches.list({ config: { pageSize: 2 } })) listed.push(each.name);
    expect(listed).toEqual(['batches/b4', 'batches/b3', 'batches/b2', 'batches/b1']);
    await expect(sdk.batches.delete({ name: job.name! })).rejects.toThrow(ApiError);
    await sdk.batches.cancel({ name: job.name! });
    expect((await sdk.batches.get({ name: job.name! })).state).toBe('JOB_STATE_CANCELLED');
    await sdk.batches.delete({ name: job.name! });
    await expect(sdk.batches.get({ name: job.name! })).rejects.toMatchObject({ status: 404 });
  });
});

describe('the Gemini of the demo', () => {
  it('lets nobody in without its key', async () => {
    const { server } = await play('v1beta');
    const wrong = new GoogleGenAI({
      apiKey: 'AIza-other',
      apiVersion: 'v1beta',
      httpOptions: { baseUrl: server.url },
    });
    await expect(wrong.batches.get({ name: 'batches/b1' })).rejects.toMatchObject({ status: 400 });
    expect((await fetch(`${server.url}/v1beta/batches`)).status).toBe(403);
  });

  it('ends jobs as its plan says', async () => {
    const { sdk, clock, image } = await withJob('v1beta', ['a'], {
      jobs: [
        { job: 1, fault: 'failed' },
        { job: 2, fault: 'expired' },
        { job: 3, fault: 'unknown-state' },
      ],
    });
    const src = { inlinedRequests: [{ ...request(image.uri!), metadata: { key: 'a' } }] };
    for (let i = 0; i < 2; i++) await sdk.batches.create({ model: MODEL, src });
    const states = async () => {
      const all = [];
      for (const name of ['batches/b1', 'batches/b2', 'batches/b3'])
        all.push((await sdk.batches.get({ name })).state);
      return all;
    };
    clock.set(HOUR);
    expect(await states()).toEqual(['JOB_STATE_FAILED', 'JOB_STATE_RUNNING', 'BATCH_STATE_THINKING_IT_OVER']);
    clock.set(47 * HOUR);
    expect(await states()).toEqual(['JOB_STATE_FAILED', 'JOB_STATE_EXPIRED', 'BATCH_STATE_THINKING_IT_OVER']);
  });

  it('answers pages as its plan says, the same each time', async () => {
    const kinds = [
      'error',
      'no-response',
      'no-candidates',
      'blocked-prompt',
      'blocked-answer',
      'code-fence',
    ] as const;
    const more = [
      'truncated',
      'missing-field',
      'empty-text',
      'missing-line',
      'doubled-line',
      'broken-line',
    ] as const;
    const faults = [...kinds, ...more];
    const results = async () => {
      const { clock, sdk, server, job } = await withJob('v1beta', [...faults, 'good'], {
        lines: faults.map((fault) => ({ key: fault, fault })),
        order: 'reversed',
      });
      clock.set(HOUR);
      await sdk.batches.get({ name: job.name! });
      const text =
        server
          .files()
          .find(({ isGenerated }) => isGenerated)
          ?.bytes.toString('utf8') ?? '';
      await server.close();
      return text;
    };
    const text = await results();
    expect(text.split('\n')).toHaveLength(faults.length + 2);
    expect(text.split('\n')[0]).toContain('"key":"good"');
    const ofKey = (key: string) => text.split('\n').filter((line) => line.includes(`"key":"${key}"`));
    expect(ofKey('missing-line')).toEqual([]);
    expect(ofKey('doubled-line')).toHaveLength(2);
    expect(ofKey('code-fence')[0]).toContain('```json');
    expect(() => JSON.parse(text.split('\n')[1]!)).toThrow(SyntaxError);
    expect((await results()).replaceAll(/127.0.0.1:\d+/g, '')).toBe(text.replaceAll(/127.0.0.1:\d+/g, ''));
  });

  it('heals a page after as many attempts as its plan says', async () => {
    const { clock, sdk, image, server } = await withJob('v1beta', ['a'], {
      lines: [{ key: 'a', fault: 'error', times: 1 }],
    });
    await sdk.batches.create({
      model: MODEL,
      src: { inlinedRequests: [{ ...request(image.uri!), metadata: { key: 'a' } }] },
    });
    clock.set(HOUR);
    expect(
      (await sdk.batches.get({ name: 'batches/b2' })).dest?.inlinedResponses?.[0]?.error,
    ).toBeUndefined();
    expect(server.attempts.map(({ attempt, fault }) => [attempt, fault])).toEqual([
      [1, 'error'],
      [2, undefined],
    ]);
  });

  it('spends a fault of a page on answers that are given out, not on jobs that fail', async () => {
    const { sdk, image, server } = await withJob('v1beta', ['a'], {
      jobs: [{ job: 1, fault: 'failed' }],
      lines: [{ key: 'a', fault: 'error', times: 1 }],
    });
    for (let job = 2; job <= 3; job++)
      await sdk.batches.create({
        model: MODEL,
        src: { inlinedRequests: [{ ...request(image.uri!), metadata: { key: 'a' } }] },
      });
    expect(server.attempts.map(({ attempt, fault }) => [attempt, fault])).toEqual([
      [1, 'error'],
      [2, 'error'],
      [3, undefined],
    ]);
  });

  it('lets a call fail that is about one thing alone', async () => {
    const { upload } = await play('v1beta', {
      calls: [{ call: 'start', of: '4.jpg', fault: { kind: 'status', status: 503 }, times: 1 }],
    });
    expect((await upload('a', 'image/jpeg', '3.jpg')).displayName).toBe('3.jpg');
    await expect(upload('a', 'image/jpeg', '4.jpg')).rejects.toMatchObject({ status: 503 });
    expect((await upload('a', 'image/jpeg', '4.jpg')).displayName).toBe('4.jpg');
  });

  it('writes a number where a text of digits should be', async () => {
    const { clock, sdk, server, job } = await withJob('v1beta', ['1851'], {
      lines: [{ key: '1851', fault: 'number-for-text' }],
    });
    clock.set(HOUR);
    await sdk.batches.get({ name: job.name! });
    const results = server.files().find(({ isGenerated }) => isGenerated)!;
    const { response } = JSON.parse(results.bytes.toString('utf8'));
    const text = response.candidates[0].content.parts.at(-1).text;
    expect(JSON.parse(text)).toEqual({ key: 1851, bytes: 9 });
  });

  it.each(['//', '/v1beta/%ff', '/v1beta/batches/b1:nothing', '/else'])('lives through %s', async (path) => {
    const { server } = await play('v1beta');
    const answer = await fetch(`${server.url}${path}`, { headers: { 'x-goog-api-key': KEY } });
    expect([400, 404]).toContain(answer.status);
  });
});
