import { createRequire } from 'node:module';
import {
  type BedrockClient,
  GetFoundationModelCommand,
  GetInferenceProfileCommand,
} from '@aws-sdk/client-bedrock';
import type { BedrockRuntimeClient, ImageFormat } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { ProviderProblem, RequestLine } from '../../core/ports/batch-provider.ts';
import { type AwsTrouble, awsTrouble } from './aws-failure.ts';
import { askAws, bedrockProblem, isNotSent, refusal } from './bedrock-problem.ts';
import { type AwsConnection, clientSettings } from './client-settings.ts';

/** Milliseconds that a model may take for a page: some 16,000 tokens. */
export const ANSWER_MS = 240_000;

/** What came of asking one page. */
export type ModelAnswer =
  /** What a line of results has beside the id: an answer of the model, or why this page has none. */
  | { readonly kind: 'answer'; readonly line: Readonly<Record<string, unknown>> }
  /** Nothing was done, and nothing is paid. */
  | { readonly kind: 'not-asked'; readonly problem: ProviderProblem };

/** Answers of AWS after which the page was not read. Everything else ends the page, and counts as a try. */
const NOT_ASKED =
  /^(?:InternalServerException|ServiceUnavailableException|ServiceQuotaExceededException|ModelNotReadyException|ResourceNotFoundException)$/;
const NOT_ASKED_KINDS: ReadonlySet<AwsTrouble['kind']> = new Set(['denied', 'credentials', 'throttled']);

/**
 * One model, asked page by page through Converse, which is one form for all models. Needs
 * bedrock:InvokeModel on it.
 */
export class BedrockModel {
  readonly #connection: AwsConnection;
  #client: BedrockRuntimeClient | undefined;

  constructor(connection: AwsConnection) {
    this.#connection = connection;
  }

  /** Sent once: who sends it again pays again. Throws the signal's reason, and bugs. */
  async ask(
    model: string,
    { key, prompt, image, temperature, maxOutputTokens }: RequestLine,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<ModelAnswer> {
    const { BedrockRuntimeClient: Client, ConverseCommand } = sdk();
    const { requestHandler, ...settings } = clientSettings(this.#connection, 1);
    const timeouts = { ...requestHandler, requestTimeout: ANSWER_MS, socketTimeout: ANSWER_MS };
    // Its own default is HTTP/2, which knows none of these.
    this.#client ??= new Client({ ...settings, requestHandler: new NodeHttpHandler(timeouts) });
    const format = image.mimeType.replace('image/', '') as ImageFormat;
    const command = new ConverseCommand({
      modelId: model,
      messages: [{ role: 'user', content: [{ text: prompt }, { image: { format, source: { bytes } } }] }],
      inferenceConfig: { maxTokens: maxOutputTokens, temperature },
    });
    try {
      const { output, stopReason, usage } = await this.#client.send(command, { abortSignal: signal });
      return { kind: 'answer', line: { modelOutput: { output, stopReason, usage } } };
    } catch (error) {
      signal?.throwIfAborted();
      const trouble = awsTrouble(error);
      const problem = bedrockProblem(error, `ask for ${key}`);
      if (trouble === undefined || problem === undefined) throw error;
      const { kind, name, status } = trouble;
      if (isNotSent(trouble) || NOT_ASKED_KINDS.has(kind) || NOT_ASKED.test(name))
        // A model that is not there is a wrong setting.
        return {
          kind: 'not-asked',
          problem: problem.cause === 'missing' ? { ...problem, cause: 'refused' } : problem,
        };
      // An answer that cannot be read is none: the page may have been read for it.
      const isLost = status === undefined || status < 300;
      const errorCode = isLost ? 'NO_ANSWER' : name;
      const paid = isLost ? '; it may have been paid for' : '';
      return { kind: 'answer', line: { error: { errorCode, errorMessage: `${problem.message}${paid}` } } };
    }
  }

  close(): void {
    this.#client?.destroy();
  }
}

/** A model that can be asked page by page; a problem where it cannot. Costs nothing. */
export async function checkModel(
  bedrock: BedrockClient,
  model: string,
  signal: AbortSignal | undefined,
): Promise<ProviderProblem | undefined> {
  const action = `look for the model ${model}`;
  const abort = { abortSignal: signal };
  const kind = /^arn:[^:]*:bedrock:[^:]*:[^:]*:([a-z-]+)\//.exec(model)?.[1];
  const isProfile =
    kind === undefined ? /^[a-z-]+\.[a-z0-9-]+\./.test(model) : kind.endsWith('inference-profile');
  // What is trained, imported or bought by the hour is told of by other calls, each with a right of its own.
  if (kind !== undefined && kind !== 'foundation-model' && !isProfile) return undefined;
  const told = await askAws(action, signal, async () => {
    if (isProfile) {
      const command = new GetInferenceProfileCommand({ inferenceProfileIdentifier: model });
      const { status = '' } = await bedrock.send(command, abort);
      return status === 'ACTIVE' ? undefined : `the inference profile is ${status}`;
    }
    const { modelDetails } = await bedrock.send(
      new GetFoundationModelCommand({ modelIdentifier: model }),
      abort,
    );
    const { inferenceTypesSupported = [], inputModalities = [] } = modelDetails ?? {};
    if (!inputModalities.includes('IMAGE')) return 'it reads no images';
    return inferenceTypesSupported.includes('ON_DEMAND')
      ? undefined
      : `it is asked page by page through an inference profile alone, as eu.${model}`;
  });
  if (told.kind === 'problem') return told.cause === 'missing' ? { ...told, cause: 'refused' } : told;
  return told.output === undefined ? undefined : refusal(action, told.output);
}

/** Loaded where pages are asked one by one: no other start pays for it. */
function sdk(): typeof import('@aws-sdk/client-bedrock-runtime') {
  return createRequire(import.meta.url)('@aws-sdk/client-bedrock-runtime');
}
