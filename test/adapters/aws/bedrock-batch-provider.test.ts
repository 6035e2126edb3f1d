import { afterEach, describe, expect, it } from 'vitest';
import {
  type BedrockBatchOptions,
  openBedrockBatchProvider,
} from '../../../adapters/aws/bedrock-batch-provider.ts';
import {
  allOf,
  batchProviderContract,
  type PlayedAnswers,
  type PlayedProvider,
  requestsFor,
} from '../../contracts/batch-provider.contract.ts';
import { type PlayedBedrock, serveBedrock } from './played-bedrock.ts';

const CLAUDE = 'eu.anthropic.claude-sonnet-4-20250514-v1:0';
const NOVA = 'eu.amazon.nova-pro-v1:0';
const SECRET = 'secret-of-nobody';

interface Played extends PlayedProvider {
  readonly site: PlayedBedrock;
}

async function play(
  model: string,
  { answer, trouble = {} }: PlayedAnswers,
  options: Partial<BedrockBatchOptions> = {},
): Promise<Played> {
  const site = await serveBedrock(answer, trouble);
  const provider = openBedrockBatchProvider({
    bucket: 'lake',
    prefix: 'batches/catalogs',
    roleArn: 'arn:aws:iam::123456789012:role/bedrock',
    // The pauses between them are real.
    attempts: 2,
    connection: {
      endpoint: site.origin,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'nobody', secretAccessKey: SECRET },
    },
    ...options,
  });
  const close = () => site[Symbol.asyncDispose]();
  return { site, provider, model, secret: SECRET, finish: site.finish, close };
}

batchProviderContract('Bedrock', (answers) => play(CLAUDE, answers));

describe('Bedrock', () => {
  let played: Played | undefined;
  afterEach(() => played?.close());
  const open = async (model: string, options: Partial<BedrockBatchOptions> = {}) => {
    played = await play(model, { answer: ({ key }) => `{"read":"${key}"}` }, options);
    return played;
  };
  const submit = async ({ provider, model }: Played, name = 'ours-1') =>
    provider.submit({ name, model, lines: await requestsFor(provider, ['a']) });

  it.each([
    [CLAUDE, 'InvokeModel'],
    [NOVA, 'Converse'],
  ])('asks %s by %s, with the image inside the request', async (model, invocation) => {
    const here = await open(model);
    await submit(here);
    const [job] = here.site.jobs;
    expect(job?.input).toMatchObject({
      jobName: 'ours-1',
      clientRequestToken: 'ours-1',
      modelInvocationType: invocation,
      timeoutDurationInHours: 48,
    });
    const [first] = job!.records;
    expect(first?.recordId).toMatch(/^[A-Za-z0-9]{11}$/);
    const image = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]).toString('base64');
    const text = 'Read the page a.';
    expect(first?.modelInput).toEqual(
      model === CLAUDE
        ? {
            anthropic_version: 'bedrock-2023-05-31',
            max_tokens: 16_384,
            temperature: 0.1,
            messages: [
              {
                role: 'user',
                content: [
                  { type: 'text', text },
                  { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: image } },
                ],
              },
            ],
          }
        : {
            messages: [
              { role: 'user', content: [{ text }, { image: { format: 'jpeg', source: { bytes: image } } }] },
            ],
            inferenceConfig: { maxTokens: 16_384, temperature: 0.1 },
          },
    );
  });

  it.each([CLAUDE, NOVA])('reads what %s answers, in its own form', async (model) => {
    const lines = { b: 'blocked', t: 'truncated' } as const;
    played = await play(model, { answer: ({ key }) => `{"read":"${key}"}`, trouble: { lines } });
    const requests = await requestsFor(played.provider, ['a', 'b', 't']);
    const accepted = await played.provider.submit({ name: 'ours-1', model, lines: requests });
    played.finish();
    const results = await allOf(played.provider.results(accepted.kind === 'accepted' ? accepted.job : ''));
    const tokens = { input: 300, output: 20 };
    const answers = results.map((each) => (each.kind === 'line' ? each.answer : each));
    const reason = model === CLAUDE ? 'refusal' : 'guardrail_intervened';
    expect(answers).toContainEqual({
      kind: 'text',
      key: 'a',
      text: '{"read":"a"}',
      isTruncated: false,
      tokens,
    });
    expect(answers).toContainEqual({ kind: 'blocked', key: 'b', reason, tokens });
    expect(answers).toContainEqual({ kind: 'text', key: 't', text: '{"read', isTruncated: true, tokens });
  });

  it('makes one job of one name, however often it is submitted', async () => {
    const here = await open(CLAUDE);
    const [first, second] = [await submit(here), await submit(here)];
    expect(second).toEqual(first);
    expect(here.site.jobs).toHaveLength(1);
  });

  it('makes one job of an answer that is lost: the SDK asks again by the same token', async () => {
    played = await play(CLAUDE, { answer: () => '', trouble: { call: 'lost-submit' } }, { attempts: 3 });
    expect(await submit(played)).toMatchObject({ kind: 'accepted' });
    const calls = played.site.journal.filter((each) => each === 'CreateModelInvocationJob');
    expect([calls.length, played.site.jobs.length]).toEqual([3, 1]);
  });

  it('keeps one object of an image that is uploaded twice', async () => {
    const here = await open(CLAUDE);
    const file = { bytes: Uint8Array.of(1), mimeType: 'image/png', displayName: 'a' };
    expect(await here.provider.upload(file)).toEqual(await here.provider.upload(file));
    expect(here.site.objects.size).toBe(1);
  });

  it('writes a file that is larger than a part in parts, whole', async () => {
    const here = await open(CLAUDE);
    const bytes = Buffer.alloc(120_000, 'page');
    const image = await here.provider.upload({ bytes, mimeType: 'image/png', displayName: 'a' });
    const lines = (await requestsFor(here.provider, ['a'])).map((line) => ({
      ...line,
      image: image as typeof line.image,
    }));
    expect(await here.provider.submit({ name: 'ours-1', model: CLAUDE, lines })).toMatchObject({
      kind: 'accepted',
    });
    expect(here.site.objects.get('/lake/batches/catalogs/input/ours-1.jsonl')?.length).toBeGreaterThan(
      16_000_000,
    );
    expect(here.site.jobs[0]?.records).toHaveLength(100);
    expect(here.site.journal.filter((each) => each === 's3 POST')).toHaveLength(2);
  });

  it('refuses a file that is larger than Bedrock takes, and leaves nothing of it', async () => {
    const here = await open(CLAUDE, { maxFileBytes: 20_000 });
    expect(await submit(here)).toMatchObject({
      cause: 'refused',
      message: 'bedrock, write the requests of ours-1: more than 20000 bytes; let a batch have fewer pages',
    });
    expect([...here.site.objects.keys()].filter((path) => path.includes('/input/'))).toEqual([]);
  });

  it('refuses to start where an image is gone', async () => {
    const here = await open(CLAUDE);
    const lines = await requestsFor(here.provider, ['a']);
    here.site.objects.clear();
    const problem = await here.provider.submit({ name: 'ours-1', model: CLAUDE, lines });
    expect(problem).toMatchObject({ kind: 'problem', cause: 'refused' });
    expect(here.site.jobs).toEqual([]);
  });

  it('calls a record that it never wrote by its id', async () => {
    const here = await open(CLAUDE);
    const accepted = await submit(here);
    here.finish();
    const path = [...here.site.objects.keys()].find((each) => each.endsWith('.jsonl.out'))!;
    here.site.objects.set(
      path,
      Buffer.from('{"recordId":"CALL0000001","modelOutput":{}}\n7\n{"recordId":7}\n{'),
    );
    const results = await allOf(here.provider.results(accepted.kind === 'accepted' ? accepted.job : ''));
    expect(results).toMatchObject([
      { answer: { kind: 'no-candidates', key: 'CALL0000001' } },
      { answer: { kind: 'invalid-line' } },
      { answer: { kind: 'invalid-line' } },
      { answer: { kind: 'invalid-line' }, raw: '{' },
    ]);
  });

  it('hangs up where the results are not read to their end', async () => {
    const here = await open(CLAUDE);
    const accepted = await submit(here);
    here.finish();
    const path = [...here.site.objects.keys()].find((each) => each.endsWith('.jsonl.out'))!;
    here.site.objects.set(path, Buffer.alloc(50_000_000, '{"recordId":"R0000000001"}\n'));
    for await (const _ of here.provider.results(accepted.kind === 'accepted' ? accepted.job : '')) break;
    await expect.poll(() => here.site.journal, { timeout: 60_000 }).toContain('hung up');
  });

  it.each(['{', '{}', '[7]'])('has lost the results whose keys are %s', async (keys) => {
    const here = await open(CLAUDE);
    const accepted = await submit(here);
    here.finish();
    here.site.objects.set('/lake/batches/catalogs/keys/ours-1.json', Buffer.from(keys));
    const results = await allOf(here.provider.results(accepted.kind === 'accepted' ? accepted.job : ''));
    expect(results).toMatchObject([{ kind: 'problem', cause: 'missing' }]);
  });

  it.each(['dt=2026', 'a b', '/a', 'a/', ''])('%j is no prefix', (prefix) => {
    expect(() => openBedrockBatchProvider({ bucket: 'lake', prefix, roleArn: '' })).toThrow(RangeError);
  });

  it('what is no ARN of a job is a bug', async () => {
    const here = await open(CLAUDE);
    await expect(here.provider.state('ours-1')).rejects.toThrow(RangeError);
    await expect(here.provider.cancel('')).rejects.toThrow(RangeError);
  });
});
