import { afterEach, describe, expect, it } from 'vitest';
import type {
  BatchProvider,
  ProviderProblem,
  RequestLine,
  ResultLine,
} from '../../core/ports/batch-provider.ts';

/** What goes wrong on the played side of a provider. */
export interface ProviderTrouble {
  /** How the page of that key is answered. */
  readonly lines?: Readonly<Record<string, 'error' | 'truncated' | 'blocked' | 'missing' | 'doubled'>>;
  /** How every job ends. @default with success */
  readonly end?: 'failed' | 'expired' | 'cancelled' | 'no-results';
  /**
   * `lost-submit`: the job is made, and the answer lost, once; as often as the adapter's own client repeats a
   * call, which the service knows to be the same. `rate-limited`: no job is taken. `server-error`: none is
   * looked at. `cut-results`: their file breaks off half way.
   */
  readonly call?: 'lost-submit' | 'rate-limited' | 'server-error' | 'cut-results';
  /** The client has a credential that is not let in. */
  readonly isStranger?: true;
}

/** A provider whose other side is played. */
export interface PlayedProvider {
  readonly provider: BatchProvider;
  readonly model: string;
  /** What must stand in no message. */
  readonly secret: string;
  /** Time goes on until every job has ended. */
  finish(): void;
  /** Nobody listens any more. */
  close(): Promise<void>;
}

export interface PlayedAnswers {
  readonly answer: (request: { readonly key: string; readonly prompt: string }) => string;
  readonly trouble?: ProviderTrouble;
}

const JPEG = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]);

/** Requests for these keys, and as many more as the provider wants at least. */
export async function requestsFor(
  provider: BatchProvider,
  keys: readonly string[],
): Promise<readonly RequestLine[]> {
  const image = await provider.upload({
    bytes: JPEG,
    mimeType: 'image/jpeg',
    displayName: 'page 4 of a book',
  });
  if (image.kind === 'problem') throw new Error(image.message);
  const more = Math.max(0, provider.limits.minimumPages - keys.length);
  return [...keys, ...Array.from({ length: more }, (_, at) => `filling:${at}`)].map((key) => ({
    key,
    prompt: `Read the page ${key}.`,
    image,
    temperature: 0.1,
    maxOutputTokens: 16_384,
  }));
}

export async function allOf(
  results: AsyncIterable<ResultLine | ProviderProblem>,
): Promise<(ResultLine | ProviderProblem)[]> {
  const all: (ResultLine | ProviderProblem)[] = [];
  for await (const each of results) all.push(each);
  return all;
}

/** What cannot happen at a provider, each with its reason. */
export type NeverThere = Readonly<
  Partial<Record<NonNullable<ProviderTrouble['end']> | 'missing' | 'doubled', string>>
>;

/** What every provider of batches must do; each adapter's test calls it. */
export function batchProviderContract(
  name: string,
  play: (answers: PlayedAnswers) => Promise<PlayedProvider>,
  never: NeverThere = {},
): void {
  describe(`${name} keeps the contract of a provider of batches`, () => {
    let played: PlayedProvider | undefined;
    afterEach(async () => {
      await played?.close();
      played = undefined;
    });
    const open = async (trouble: ProviderTrouble = {}) => {
      played = await play({ answer: ({ key }) => `{"read":${JSON.stringify(key)}}`, trouble });
      return played;
    };
    const submitted = async ({ provider, model }: PlayedProvider, keys: readonly string[], as = 'ours-1') => {
      const lines = await requestsFor(provider, keys);
      const accepted = await provider.submit({ name: as, model, lines });
      if (accepted.kind === 'problem') throw new Error(accepted.message);
      return { job: accepted.job, lines };
    };
    const answersOf = (results: readonly (ResultLine | ProviderProblem)[]) =>
      results.map((each) => (each.kind === 'line' ? each.answer : each));

    it('takes a job, tells that it runs, that it has succeeded, and gives every answer', async () => {
      const here = await open();
      const { job, lines } = await submitted(here, ['A:B:1851:4', 'A:B:1851:5']);
      expect(await here.provider.state(job)).toMatchObject({
        kind: 'job',
        job,
        name: 'ours-1',
        status: 'running',
        hasResults: false,
      });
      here.finish();
      expect(await here.provider.state(job)).toMatchObject({
        status: 'succeeded',
        hasResults: true,
        counts: { total: lines.length, succeeded: lines.length, failed: 0 },
        error: undefined,
      });
      const answers = answersOf(await allOf(here.provider.results(job)));
      expect(answers).toHaveLength(lines.length);
      for (const { key } of lines)
        expect(answers).toContainEqual({
          kind: 'text',
          key,
          text: `{"read":${JSON.stringify(key)}}`,
          isTruncated: false,
          tokens: { input: expect.any(Number), output: expect.any(Number) },
        });
    });

    it('gives the answers again to whoever asks again', async () => {
      const here = await open();
      const { job } = await submitted(here, ['a', 'b']);
      here.finish();
      const first = await allOf(here.provider.results(job));
      expect(await allOf(here.provider.results(job))).toEqual(first);
    });

    it('keeps a key as it is, whatever is in it', async () => {
      const keys = [
        "New York:St. Mary's:1851:4",
        'quo"te:\\:1:1',
        'line\u2028and\u0085next:ä:1:2',
        '😀:x:1:3',
      ];
      const here = await open();
      const { job } = await submitted(here, keys);
      here.finish();
      const answers = answersOf(await allOf(here.provider.results(job)));
      const texts = keys.map((key) => `{"read":${JSON.stringify(key)}}`);
      for (const [at, key] of keys.entries())
        expect(answers).toContainEqual(expect.objectContaining({ key, text: texts[at] }));
    });

    it('records a line as it came, without the request', async () => {
      const here = await open();
      const { job } = await submitted(here, ['a']);
      here.finish();
      const lines = await allOf(here.provider.results(job));
      const line = lines.find(
        (each) => each.kind === 'line' && 'key' in each.answer && each.answer.key === 'a',
      );
      expect(line).toMatchObject({ raw: expect.stringContaining('\\"read\\"') });
      expect(JSON.stringify(lines)).not.toContain('Read the page');
    });

    it('finds the jobs of a name, and no others', async () => {
      const here = await open();
      const { job } = await submitted(here, ['a'], 'ours-1');
      await submitted(here, ['a'], 'ours-12');
      const found = await here.provider.find('ours-1');
      expect(found).toMatchObject({ kind: 'found', jobs: [{ job, name: 'ours-1', status: 'running' }] });
      expect(found.kind === 'found' && found.jobs).toHaveLength(1);
      expect(await here.provider.find('ours-2')).toEqual({ kind: 'found', jobs: [] });
    });

    it('has nothing to read of a job that runs, and says so', async () => {
      const here = await open();
      const { job } = await submitted(here, ['a']);
      expect(await allOf(here.provider.results(job))).toMatchObject([{ kind: 'problem', cause: 'missing' }]);
    });

    it('cancels a job that runs, and minds none that is over', async () => {
      const here = await open();
      const { job } = await submitted(here, ['a'], 'ours-1');
      expect(await here.provider.cancel(job)).toEqual({ kind: 'cancel-asked' });
      here.finish();
      expect(await here.provider.state(job)).toMatchObject({ status: 'cancelled', hasResults: false });
      expect(await here.provider.cancel(job)).toEqual({ kind: 'cancel-asked' });
    });

    const ends = (['failed', 'expired', 'cancelled'] as const).filter((end) => never[end] === undefined);
    it.each(ends)('tells of a job that %s', async (end) => {
      const here = await open({ end });
      const { job } = await submitted(here, ['a']);
      here.finish();
      expect(await here.provider.state(job)).toMatchObject({ status: end, hasResults: false });
      expect(await allOf(here.provider.results(job))).toMatchObject([{ kind: 'problem', cause: 'missing' }]);
    });

    it.skipIf(never['no-results'])('tells of a job that succeeds without results', async () => {
      const here = await open({ end: 'no-results' });
      const { job } = await submitted(here, ['a']);
      here.finish();
      expect((await here.provider.state(job)).kind).toBe('job');
      expect(await allOf(here.provider.results(job))).toMatchObject([{ kind: 'problem', cause: 'missing' }]);
    });

    it('tells what became of each page', async () => {
      const lines = { e: 'error', t: 'truncated', b: 'blocked', m: 'missing', d: 'doubled' } as const;
      const here = await open({ lines });
      const { job } = await submitted(here, ['e', 't', 'b', 'm', 'd', 'good']);
      here.finish();
      const answers = answersOf(await allOf(here.provider.results(job)));
      const of = (key: string) => answers.filter((each) => 'key' in each && each.key === key);
      expect(of('e')).toMatchObject([
        { kind: 'error', code: expect.stringMatching(/./), message: expect.stringMatching(/./) },
      ]);
      expect(of('t')).toMatchObject([{ kind: 'text', isTruncated: true }]);
      expect(of('b')).toMatchObject([{ kind: 'blocked', reason: expect.stringMatching(/./) }]);
      if (!never.missing) expect(of('m')).toEqual([]);
      if (!never.doubled) expect(of('d')).toMatchObject([{ kind: 'text' }, { kind: 'text' }]);
      expect(of('good')).toMatchObject([{ kind: 'text', text: '{"read":"good"}' }]);
      expect(await here.provider.state(job)).toMatchObject({ status: 'succeeded', counts: { failed: 1 } });
    });

    it('finds the job again whose acceptance got lost', async () => {
      const here = await open({ call: 'lost-submit' });
      const lines = await requestsFor(here.provider, ['a']);
      const accepted = await here.provider.submit({ name: 'ours-1', model: here.model, lines });
      if (accepted.kind === 'problem') expect(accepted.cause).toBe('unclear');
      const found = await here.provider.find('ours-1');
      expect(found.kind === 'found' && found.jobs).toHaveLength(1);
    });

    it('takes no job while it is asked too much', async () => {
      const here = await open({ call: 'rate-limited' });
      const lines = await requestsFor(here.provider, ['a']);
      const refused = await here.provider.submit({ name: 'ours-1', model: here.model, lines });
      expect(refused).toMatchObject({ kind: 'problem', cause: 'rate-limited' });
      expect(await here.provider.find('ours-1')).toEqual({ kind: 'found', jobs: [] });
    });

    it('tells of a provider that fails', async () => {
      const here = await open({ call: 'server-error' });
      const { job } = await submitted(here, ['a']);
      expect(await here.provider.state(job)).toMatchObject({ kind: 'problem', cause: 'server' });
      expect(await allOf(here.provider.results(job))).toMatchObject([{ kind: 'problem', cause: 'server' }]);
    });

    it('gives what came of results that break off, and the problem last', async () => {
      const here = await open({ call: 'cut-results' });
      const { job, lines } = await submitted(
        here,
        Array.from({ length: 150 }, (_, at) => `page:${at}`),
      );
      here.finish();
      const results = await allOf(here.provider.results(job));
      expect(results.at(-1)).toMatchObject({ kind: 'problem', cause: 'unreachable' });
      const whole = results.slice(0, -1);
      expect(whole.length).toBeLessThan(lines.length);
      expect(answersOf(whole).every(({ kind }) => kind === 'text')).toBe(true);
    });

    it('does not know what it never took', async () => {
      const here = await open();
      const { job } = await submitted(here, ['a']);
      const unknown = job.replace(/.$/, (last) => (last === '9' ? '8' : '9'));
      expect(await here.provider.state(unknown)).toMatchObject({ kind: 'problem', cause: 'missing' });
      expect(await here.provider.cancel(unknown)).toMatchObject({ kind: 'problem', cause: 'missing' });
      expect(await allOf(here.provider.results(unknown))).toMatchObject([
        { kind: 'problem', cause: 'missing' },
      ]);
    });

    it('refuses a job of no pages, and of fewer than the provider takes', async () => {
      const here = await open();
      const lines = (await requestsFor(here.provider, ['a'])).slice(1);
      const refused = await here.provider.submit({ name: 'ours-1', model: here.model, lines });
      expect(refused).toMatchObject({ kind: 'problem', cause: 'refused' });
      expect(await here.provider.find('ours-1')).toEqual({ kind: 'found', jobs: [] });
    });

    it('refuses a model that there is not', async () => {
      const here = await open();
      const lines = await requestsFor(here.provider, ['a']);
      const refused = await here.provider.submit({ name: 'ours-1', model: 'no-such-model', lines });
      expect(refused).toMatchObject({ kind: 'problem', cause: 'refused' });
    });

    it.each(['', 'Ours', 'ours_1', 'a b', '-a', 'a-', 'a'.repeat(64)])(
      'throws for %j, which is no name',
      async (bad) => {
        const here = await open();
        const lines = await requestsFor(here.provider, ['a']);
        await expect(here.provider.submit({ name: bad, model: here.model, lines })).rejects.toThrow(
          RangeError,
        );
      },
    );

    it('is an operator’s case where it is not let in, and tells no secret', async () => {
      const here = await open({ isStranger: true });
      const problems = [
        await here.provider.upload({ bytes: JPEG, mimeType: 'image/jpeg', displayName: 'a' }),
        await here.provider.find('ours-1'),
      ];
      expect(problems).toMatchObject([
        { kind: 'problem', cause: 'refused' },
        { kind: 'problem', cause: 'refused' },
      ]);
      expect(JSON.stringify(problems)).not.toContain(here.secret);
    });

    it('says where nobody is there', async () => {
      const here = await open();
      const { job, lines } = await submitted(here, ['a']);
      await here.close();
      const { provider, model } = here;
      const problems = [
        await provider.upload({ bytes: JPEG, mimeType: 'image/jpeg', displayName: 'a' }),
        await provider.submit({ name: 'ours-2', model, lines }),
        await provider.find('ours-1'),
        await provider.state(job),
        await provider.cancel(job),
        ...(await allOf(provider.results(job))),
      ];
      expect(problems.map((each) => (each.kind === 'problem' ? each.cause : each.kind))).toEqual(
        Array(6).fill('unreachable'),
      );
    });

    it('obeys a signal: the reason is thrown', async () => {
      const { provider, model } = await open();
      const lines = await requestsFor(provider, ['a']);
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(provider.find('ours-1', signal)).rejects.toThrow('enough');
      await expect(provider.submit({ name: 'ours-1', model, lines }, signal)).rejects.toThrow('enough');
      const upload = provider.upload({ bytes: JPEG, mimeType: 'image/jpeg', displayName: 'a' }, signal);
      await expect(upload).rejects.toThrow('enough');
    });
  });
}
