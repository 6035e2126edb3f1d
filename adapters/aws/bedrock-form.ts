import { plainText } from '../../core/extract/plain-text.ts';
import type { ModelUse, ProviderAnswer, RequestLine } from '../../core/ports/batch-provider.ts';

type Fields = Readonly<Record<string, unknown>>;

/** How a model of Bedrock is asked, by whose form its requests have. */
export interface BedrockForm {
  /** How Bedrock is told to call the model. */
  readonly invocation: 'InvokeModel' | 'Converse';
  modelInput(line: RequestLine, image: string): Fields;
}

/** Claude's own form. */
const CLAUDE: BedrockForm = {
  invocation: 'InvokeModel',
  modelInput: ({ prompt, image: { mimeType }, temperature, maxOutputTokens }, image) => ({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: maxOutputTokens,
    temperature,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: prompt },
          { type: 'image', source: { type: 'base64', media_type: mimeType, data: image } },
        ],
      },
    ],
  }),
};

/** One form for all models, Nova among them. */
const CONVERSE: BedrockForm = {
  invocation: 'Converse',
  modelInput: ({ prompt, image: { mimeType }, temperature, maxOutputTokens }, image) => ({
    messages: [
      {
        role: 'user',
        content: [
          { text: prompt },
          { image: { format: mimeType.replace('image/', ''), source: { bytes: image } } },
        ],
      },
    ],
    inferenceConfig: { maxTokens: maxOutputTokens, temperature },
  }),
};

/** `anthropic.claude-…`, an inference profile (`eu.anthropic.claude-…`), or the ARN of one. */
export function formOf(model: string): BedrockForm {
  return /(?:^|[./])anthropic\.claude/.test(model) ? CLAUDE : CONVERSE;
}

/** Why a model ended that was stopped by a filter, in either form. */
const HOLDING_BACK: ReadonlySet<string> = new Set(['refusal', 'content_filtered', 'guardrail_intervened']);

/**
 * What one line of an output file says, in whichever form the model answered, and the line without the
 * request that Bedrock repeats in it. `keyOf`: the key of a record.
 */
export function answerOfRecord(
  text: string,
  keyOf: (recordId: string) => string,
): { readonly raw: string; readonly answer: ProviderAnswer } {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return { raw: text, answer: { kind: 'invalid-line', message: 'the line is no JSON' } };
  }
  if (!isFields(record))
    return { raw: text, answer: { kind: 'invalid-line', message: 'the line is no object' } };
  const { modelInput: _, ...rest } = record;
  const raw = rawOf(rest, text);
  const { recordId, error, modelOutput } = rest;
  if (typeof recordId !== 'string')
    return { raw, answer: { kind: 'invalid-line', message: 'the line has no recordId that is a text' } };
  const key = keyOf(recordId);
  if (error !== undefined && error !== null)
    return { raw, answer: { kind: 'error', key, ...errorOf(error) } };
  return { raw, answer: isFields(modelOutput) ? answerOf(key, modelOutput) : { kind: 'no-response', key } };
}

/** The record without the request. One that is too deep to be written again stays as it came. */
function rawOf(rest: Fields, text: string): string {
  try {
    return JSON.stringify(rest);
  } catch {
    return text;
  }
}

function answerOf(key: string, output: Fields): ProviderAnswer {
  const message = isFields(output.output) ? output.output.message : undefined;
  const content = isFields(message) ? message.content : output.content;
  const tokens = tokensOf(output.usage);
  const reason = plainText(output.stopReason ?? output.stop_reason);
  if (HOLDING_BACK.has(reason)) return { kind: 'blocked', key, reason, tokens };
  if (!Array.isArray(content)) return { kind: 'no-candidates', key, tokens };
  // Blocks of another kind (thinking, reasoningContent, tool use) have no text of their own.
  const texts = content.flatMap((block) =>
    isFields(block) && typeof block.text === 'string' ? [block.text] : [],
  );
  return { kind: 'text', key, text: texts.join('').trim(), isTruncated: reason === 'max_tokens', tokens };
}

function errorOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!isFields(error)) return { code: '', message: plainText(error) };
  return { code: plainText(error.errorCode), message: plainText(error.errorMessage) };
}

function tokensOf(usage: unknown): ModelUse['tokens'] {
  if (!isFields(usage)) return undefined;
  const count = (value: unknown) => (Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : 0);
  return {
    input: count(usage.inputTokens ?? usage.input_tokens),
    output: count(usage.outputTokens ?? usage.output_tokens),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
