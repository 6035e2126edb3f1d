import { afterEach, describe, expect, it } from 'vitest';
import { openBedrockSingleProvider } from '../../../adapters/aws/bedrock-single-provider.ts';
import type { BatchProvider } from '../../../core/ports/batch-provider.ts';
import {
  allOf,
  batchProviderContract,
  type PlayedAnswers,
  type PlayedProvider,
  requestsFor,
} from '../../contracts/batch-provider.contract.ts';
import { SleepingClock } from '../../core/extract/support/world.ts';
import {
  type PlayedBedrockRuntime,
  type PlayedFaults,
  serveBedrockRuntime,
} from './played-bedrock-runtime.ts';
import { failed } from './played-s3.ts';

const NOVA = 'amazon.nova-lite-v1:0';
const SECRET = 'secret-of-nobody';

interface Played extends PlayedProvider {
  readonly site: PlayedBedrockRuntime;
  readonly clock: SleepingClock;
  /** Another process. */
  other(): BatchProvider;
}

async function play({ answer, trouble = {} }: PlayedAnswers, faults: PlayedFaults = {}): Promise<Played> {
  const site = await serveBedrockRuntime(answer, trouble, faults);
  const clock = new SleepingClock();
  const other = () =>
    openBedrockSingleProvider({
      ...{ bucket: 'lake', prefix: 'bedrock/catalogs', clock },
      // The pauses between them are real.
      attempts: 2,
      connection: {
        endpoint: site.origin,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'nobody', secretAccessKey: SECRET },
      },
    });
  const provider = other();
  const finish = () => {
    site.finish();
    if (trouble.end === 'cancelled')
      for (const path of [...site.objects.keys()].filter((each) => each.endsWith('/job.json')))
        site.objects.set(path.replace('job.json', 'cancelled'), Buffer.alloc(0));
  };
  const close = () => site[Symbol.asyncDispose]();
  return { site, clock, provider, other, model: NOVA, secret: SECRET, finish, close };
}

batchProviderContract('Bedrock, page by page,', (answers) => play(answers), {
  failed: 'a job is a list of ours: it is not read as a whole',
  expired: 'a job waits as long as its batch does',
  'no-results': 'it has succeeded when every page of it has its answer',
  missing: 'a page without an answer keeps its job running',
  doubled: 'a page has one object',
});

describe('Bedrock, page by page,', () => {
  let played: Played | undefined;
  afterEach(() => played?.close());
  const open = async (faults: PlayedFaults = {}, isReady = true) => {
    played = await play({ answer: ({ key }) => `{"read":"${key}"}` }, faults);
    if (isReady) played.finish();
    return played;
  };
  const submit = async ({ provider }: Played, keys: readonly string[], model = NOVA) =>
    provider.submit({ name: 'ours-1', model, lines: await requestsFor(provider, keys) });
  const JOB = 'single/ours-1';
  const resultsOf = async ({ provider }: Played) =>
    (await allOf(provider.results(JOB))).map((each) => (each.kind === 'line' ? each.answer : each));

  it('asks for a page by its text, then its image, and for no more than the answer needs', async () => {
    const here = await open();
    await submit(here, ['a']);
    await here.provider.state(JOB);
    const [text, image] = [
      { text: 'Read the page a.' },
      { format: 'jpeg', source: { bytes: '/9j/4AAQSkZJRgA=' } },
    ];
    expect(here.site.bodies).toEqual([
      {
        messages: [{ role: 'user', content: [text, { image }] }],
        inferenceConfig: { maxTokens: 16_384, temperature: 0.1 },
      },
    ]);
  });

  it('asks for each page once, however many look at the job at once', async () => {
    const here = await open();
    const keys = Array.from({ length: 30 }, (_, at) => `page:${at}`);
    await submit(here, keys);
    const looks = [here.provider, here.other(), here.other()].map((each) => each.state(JOB));
    await Promise.all(looks);
    expect(await here.provider.state(JOB)).toMatchObject({ status: 'succeeded', counts: { succeeded: 30 } });
    expect([...here.site.asked].sort()).toEqual([...keys].sort());
  });

  it('begins no page once the time of a look is over; the next look goes on', async () => {
    const here: Played = await open({ pages: () => void here.clock.advance(15_000) });
    await submit(
      here,
      Array.from({ length: 20 }, (_, at) => `page:${at}`),
    );
    expect(await here.provider.state(JOB)).toMatchObject({ status: 'running', hasResults: false });
    const first = here.site.asked.length;
    expect(first).toBeLessThan(8);
    for (let look = 0; look < 10; look++) await here.provider.state(JOB);
    expect(await here.provider.state(JOB)).toMatchObject({ status: 'succeeded' });
    expect(here.site.asked).toHaveLength(20);
  });

  it('waits for a quota: what was throttled is asked later, and what was answered stays', async () => {
    let isThrottled = true;
    const pages = (key: string) =>
      key === 'b' && isThrottled ? failed(429, 'ThrottlingException') : undefined;
    const here = await open({ pages });
    await submit(here, ['a', 'b']);
    const state = await here.provider.state(JOB);
    expect(state).toMatchObject({ status: 'running', providerState: 'asked: 1 of 2' });
    expect(state).toMatchObject({ error: expect.stringContaining('ask for b: throttled') });
    isThrottled = false;
    expect(await here.other().state(JOB)).toMatchObject({ status: 'succeeded', counts: { succeeded: 2 } });
    expect(here.site.asked).toEqual(['a', 'b', 'b']);
  });

  it.each([
    [403, 'AccessDeniedException', 'refused'],
    [404, 'ResourceNotFoundException', 'refused'],
    [500, 'InternalServerException', 'server'],
    [503, 'ServiceUnavailableException', 'server'],
  ] as const)('counts no page where the answer is %i %s', async (status, name, cause) => {
    let isBroken = true;
    const here = await open({ pages: () => (isBroken ? failed(status, name, 'as\nplayed') : undefined) });
    await submit(here, ['a']);
    const problem = await here.provider.state(JOB);
    expect(problem).toMatchObject({
      kind: 'problem',
      cause,
      message: expect.stringContaining('ask for a: '),
    });
    isBroken = false;
    expect(await here.provider.state(JOB)).toMatchObject({ status: 'succeeded', counts: { failed: 0 } });
  });

  const asHtml = { 'Content-Type': 'text/html' };
  const html = '<html><body>\n<h1>Bad gateway</h1></body></html>';
  it.each([
    [
      'a request that is wrong',
      failed(400, 'ValidationException', 'too large'),
      'ValidationException',
      /too large/,
    ],
    ['a model that failed', failed(424, 'ModelErrorException'), 'ModelErrorException', /as played/],
    [
      'a model that took too long',
      failed(408, 'ModelTimeoutException'),
      'ModelTimeoutException',
      /as played/,
    ],
    ['a connection that broke', { status: 0, body: '' }, 'NO_ANSWER', /it may have been paid for$/],
    ['a page of a proxy', { status: 502, body: html, headers: asHtml }, 'HTTP 502', /text\/html in place of/],
    [
      'one that says it is well',
      { status: 200, body: html, headers: asHtml },
      'NO_ANSWER',
      /<html>.*paid for$/,
    ],
    ['half an answer', { status: 200, body: '{"output":{' }, 'NO_ANSWER', /it may have been paid for$/],
  ])('ends the page after %s, and asks for it no more', async (_, answer, code, message) => {
    const here = await open({ pages: (key) => (key === 'a' ? answer : undefined) });
    await submit(here, ['a', 'b']);
    for (let look = 0; look < 3; look++) await here.provider.state(JOB);
    expect(await resultsOf(here)).toMatchObject([
      { kind: 'error', key: 'a', code: expect.stringMatching(code), message: expect.stringMatching(message) },
      { kind: 'text', key: 'b' },
    ]);
    expect([...here.site.asked].sort()).toEqual(['a', 'b']);
  });

  it('counts a page as one try where whoever asked died in the call, and asks for it no more', async () => {
    const here = await open({ pages: (key) => (key === 'a' ? 'never' : undefined) });
    await submit(here, ['a', 'b']);
    const dying = new AbortController();
    const look = here.other().state(JOB, dying.signal);
    await expect.poll(() => here.site.asked.length).toBe(2);
    dying.abort(new Error('killed'));
    await expect(look).rejects.toThrow('killed');
    // The intent stands: the call may be on its way yet.
    expect(await here.provider.state(JOB)).toMatchObject({ status: 'running' });
    here.clock.advance(5 * 60_000);
    expect(await here.provider.state(JOB)).toMatchObject({ counts: { total: 2, succeeded: 1, failed: 1 } });
    expect(await resultsOf(here)).toContainEqual({
      kind: 'error',
      key: 'a',
      code: 'NO_ANSWER',
      message: 'whoever asked has stopped before the answer came; it may have been paid for',
    });
    expect(here.site.asked.toSorted()).toEqual(['a', 'b']);
  });

  it.each(['asked', 'answers'])(
    'does what is to be done where the answer to a write of %s is lost',
    async (what) => {
      const here = await open({ lost: new RegExp(`/${what}/`) });
      await submit(here, ['a']);
      expect(await here.provider.state(JOB)).toMatchObject({ status: 'succeeded', counts: { failed: 0 } });
      expect(here.site.asked).toEqual(['a']);
    },
  );

  it.each(['PUT', 'GET'] as const)(
    'believes no proxy that answers a %s of S3 with a page',
    async (method) => {
      let isBroken = false;
      const here = await open({ s3: (asked) => (isBroken && asked === method ? html : undefined) });
      await submit(here, ['a']);
      isBroken = true;
      expect(await here.provider.state(JOB)).toMatchObject({ kind: 'problem' });
      expect(here.site.asked).toEqual([]);
      isBroken = false;
      expect(await here.provider.state(JOB)).toMatchObject({ status: 'succeeded', counts: { failed: 0 } });
    },
  );

  it('asks for nothing more of a job that was cancelled', async () => {
    const here = await open();
    await submit(here, ['a']);
    await here.provider.cancel(JOB);
    expect(await here.other().state(JOB)).toMatchObject({ status: 'cancelled' });
    expect(here.site.asked).toEqual([]);
  });

  it('ends a page whose image is gone, unpaid', async () => {
    const here = await open();
    await submit(here, ['a']);
    for (const path of here.site.objects.keys())
      if (path.includes('/images/')) here.site.objects.delete(path);
    await here.provider.state(JOB);
    expect(await resultsOf(here)).toMatchObject([{ kind: 'error', key: 'a', code: 'NO_IMAGE' }]);
    expect(here.site.asked).toEqual([]);
  });

  it.each([
    ['amazon.nova-micro-v1:0', 'it reads no images'],
    ['anthropic.claude-sonnet-4-v1:0', /through an inference profile alone/],
    ['eu.amazon.nova-pro-v1:0', 'the inference profile is DELETED'],
    ['eu.amazon.titan-v1:0', /it is not there/],
    ['arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-nothing-v1:0', /it is not there/],
  ])('refuses %s before anything is paid', async (model, message) => {
    const here = await open();
    const refused = await submit(here, ['a'], model);
    expect(refused).toMatchObject({ cause: 'refused', message: expect.stringMatching(message) });
    expect([...here.site.objects.keys()].filter((path) => path.includes('/single/'))).toEqual([]);
  });

  it.each(['eu.amazon.nova-lite-v1:0', 'arn:aws:bedrock:eu-west-1:123456789012:provisioned-model/abc123'])(
    'takes %s',
    async (model) => {
      expect(await submit(await open(), ['a'], model)).toEqual({ kind: 'accepted', job: JOB });
    },
  );

  it('what is no job of it is a bug', async () => {
    const here = await open();
    await expect(here.provider.state('ours-1')).rejects.toThrow(RangeError);
    await expect(here.provider.cancel('single/../ours-1')).rejects.toThrow(RangeError);
  });
});
