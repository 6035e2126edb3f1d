import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { PlayedAnswers, ProviderTrouble } from '../../contracts/batch-provider.contract.ts';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';
import { type Answered, failed, json, playedS3, s3Failed } from './played-s3.ts';

/** What the model does with a page, by its key: an answer in place of the usual one. */
type PlayedPages = (key: string) => Answered | 'never' | undefined;

export interface PlayedFaults {
  readonly pages?: PlayedPages;
  /** The answer to the first write of such a path is lost. */
  readonly lost?: RegExp;
  /** A proxy's page in place of what S3 answers to that method. */
  readonly s3?: (method: string) => string | undefined;
}

export interface PlayedBedrockRuntime extends LoopbackSite {
  /** By path: `/bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** Keys of the pages for which the model was asked, in that order: each is paid for. */
  readonly asked: string[];
  /** Bodies of the requests to the model. */
  readonly bodies: Record<string, unknown>[];
  /** From here on the model answers: until then it is not ready. */
  finish(): void;
}

/** Models that there are, and how they can be asked. */
const MODELS: Readonly<Record<string, object>> = {
  'amazon.nova-lite-v1:0': { inputModalities: ['TEXT', 'IMAGE'], inferenceTypesSupported: ['ON_DEMAND'] },
  'amazon.nova-micro-v1:0': { inputModalities: ['TEXT'], inferenceTypesSupported: ['ON_DEMAND'] },
  'anthropic.claude-sonnet-4-v1:0': {
    inputModalities: ['TEXT', 'IMAGE'],
    inferenceTypesSupported: ['INFERENCE_PROFILE'],
  },
};

/** Bedrock's runtime, what it tells of its models, and an S3, behind one address. */
export async function serveBedrockRuntime(
  answer: PlayedAnswers['answer'],
  trouble: ProviderTrouble = {},
  { pages = () => undefined, lost, s3: proxy = () => undefined }: PlayedFaults = {},
): Promise<PlayedBedrockRuntime> {
  const objects: PlayedBedrockRuntime['objects'] = new Map();
  const asked: string[] = [];
  const bodies: Record<string, unknown>[] = [];
  const s3 = playedS3(objects, []);
  let isFinished = false;
  let losses = 0;

  function converse(body: Buffer): Answered | 'never' {
    const request = JSON.parse(body.toString());
    const [{ text: prompt }] = request.messages[0].content;
    const key = prompt.slice('Read the page '.length, -1);
    if (!isFinished) return failed(429, 'ModelNotReadyException');
    asked.push(key);
    bodies.push(request);
    const given = pages(key);
    if (given) return given;
    const fault = trouble.lines?.[key];
    if (fault === 'error') return failed(400, 'ValidationException', 'the image cannot be read');
    const said = answer({ key, prompt });
    const text = fault === 'truncated' ? said.slice(0, said.length >> 1) : said;
    const ends: Readonly<Record<string, string>> = { truncated: 'max_tokens', blocked: 'content_filtered' };
    const stopReason = ends[fault ?? ''] ?? 'end_turn';
    const content = [{ reasoningContent: { reasoningText: { text: 'A page.' } } }, { text }];
    return json({
      output: { message: { role: 'assistant', content } },
      stopReason,
      usage: { inputTokens: 300, outputTokens: 20, totalTokens: 320 },
      metrics: { latencyMs: 1 },
    });
  }

  function model(name: string): Answered {
    if (trouble.call === 'rate-limited') return failed(429, 'ThrottlingException');
    const modelDetails = MODELS[name];
    if (!modelDetails) return failed(404, 'ResourceNotFoundException', 'The model identifier is invalid.');
    return json({
      modelDetails: {
        modelArn: `arn:aws:bedrock:::foundation-model/${name}`,
        modelId: name,
        ...modelDetails,
      },
    });
  }

  function profile(name: string): Answered {
    if (!/^eu\.amazon\.nova/.test(name)) return failed(404, 'ResourceNotFoundException', 'no such profile');
    const status = name.includes('lite') ? 'ACTIVE' : 'DELETED';
    return json({ inferenceProfileId: name, status, models: [], type: 'SYSTEM_DEFINED' });
  }

  function objectOf(request: IncomingMessage, url: URL, body: Buffer): Answered {
    if (trouble.call === 'server-error' && request.method === 'GET') return s3Failed(500, 'InternalError');
    const page = proxy(request.method ?? '');
    if (page !== undefined) return { status: 200, body: page };
    const done = s3(request, url, body);
    // As often as the SDK asks, but for once: that is how often it repeats a call.
    const isJob = trouble.call === 'lost-submit' && url.pathname.endsWith('/job.json') && losses++ < 2;
    const isWrite = request.method === 'PUT' && lost?.test(url.pathname) && losses++ < 1;
    return isJob || isWrite ? { status: 0, body: '' } : done;
  }

  function answered(request: IncomingMessage, url: URL, body: Buffer): Answered | 'never' {
    const [, folder, name = ''] =
      /^\/(model|foundation-models|inference-profiles)\/([^/]+)/.exec(url.pathname) ?? [];
    if (folder === undefined)
      return trouble.isStranger ? s3Failed(403, 'InvalidAccessKeyId') : objectOf(request, url, body);
    if (trouble.isStranger) return failed(403, 'UnrecognizedClientException');
    if (folder === 'model') return converse(body);
    return folder === 'foundation-models'
      ? model(decodeURIComponent(name))
      : profile(decodeURIComponent(name));
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://aws');
    const given = answered(request, url, await buffer(request));
    if (given === 'never') return;
    if (given.status === 0) return void response.socket?.resetAndDestroy();
    const whole = Buffer.from(given.body);
    response.writeHead(given.status, { ...given.headers, 'Content-Length': whole.length });
    const isCut = trouble.call === 'cut-results' && /\/answers\/R0000000(?:0[3-9]|1)/.test(url.pathname);
    if (isCut && request.method === 'GET')
      response.write(whole.subarray(0, whole.length >> 1), () => response.destroy());
    else response.end(request.method === 'HEAD' ? undefined : whole);
  }

  const site = await serveHttp((request, response) => void handle(request, response));
  const finish = () => {
    isFinished = true;
  };
  return Object.assign(site, { objects, asked, bodies, finish });
}
