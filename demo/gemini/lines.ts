import type { LineFault } from './faults.ts';

/** What a client asks of the model about one page. */
export interface PageRequest {
  readonly key: string;
  readonly prompt: string;
  readonly image: Uint8Array;
}

type Fields = Readonly<Record<string, unknown>>;

/** A request as it stands in a file or in the call itself. */
export interface AskedLine {
  readonly key: string;
  readonly prompt: string;
  /** Addresses of files. */
  readonly files: readonly string[];
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The request of a line; a text that says why it is none. Names in both spellings. */
export function askedLine(key: unknown, request: unknown): AskedLine | string {
  if (typeof key !== 'string' || key === '') return 'a request has no key';
  const contents = isFields(request) && Array.isArray(request.contents) ? request.contents : undefined;
  const parts: unknown[] =
    contents?.flatMap((each) => (isFields(each) && Array.isArray(each.parts) ? each.parts : [])) ?? [];
  if (parts.length === 0) return `${key}: contents must not be empty`;
  const texts = parts.flatMap((part) => (isFields(part) && typeof part.text === 'string' ? [part.text] : []));
  const files = parts.flatMap((part) => {
    const data = isFields(part) ? (part.file_data ?? part.fileData) : undefined;
    const uri = isFields(data) ? (data.file_uri ?? data.fileUri) : undefined;
    return typeof uri === 'string' ? [uri] : [];
  });
  return { key, prompt: texts.join('\n'), files };
}

/** What the model says of one page: `error`, or a response with the text, as the fault has it. */
export function outcomeOf(request: PageRequest, text: string, fault: LineFault | undefined): Fields {
  const use = usage(request, text);
  switch (fault) {
    case 'error':
      return { error: { code: 13, message: 'Internal error encountered.', status: 'INTERNAL' } };
    case 'no-response':
      return {};
    case 'no-candidates':
      return { response: { candidates: [], ...use } };
    case 'blocked-prompt':
      return { response: { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...use } };
    case 'blocked-answer':
      return { response: { candidates: [{ finishReason: 'SAFETY', index: 0 }], ...use } };
    case 'code-fence':
      return { response: said(`\`\`\`json\n${text}\n\`\`\``, 'STOP', use) };
    case 'truncated':
      return { response: said(text.slice(0, text.length >> 1), 'MAX_TOKENS', use) };
    case 'missing-field':
      return { response: said(withoutLastField(text), 'STOP', use) };
    case 'number-for-text':
      return { response: said(text.replace(/"(\d+)"/, '$1'), 'STOP', use) };
    case 'empty-text':
      return { response: said('', 'STOP', use) };
    default:
      return { response: said(text, 'STOP', use) };
  }
}

function said(text: string, finishReason: string, use: Fields): Fields {
  const content = { parts: [{ text: 'A page of courses.', thought: true }, { text }], role: 'model' };
  return { candidates: [{ content, finishReason, index: 0 }], ...use };
}

/** A token is about four letters, and an image 258 of them. */
function usage({ prompt }: PageRequest, text: string): Fields {
  const promptTokenCount = 258 + Math.ceil(prompt.length / 4);
  const candidatesTokenCount = Math.ceil(text.length / 4);
  const usageMetadata = {
    promptTokenCount,
    candidatesTokenCount,
    thoughtsTokenCount: 5,
    totalTokenCount: promptTokenCount + candidatesTokenCount + 5,
  };
  return { usageMetadata, modelVersion: 'gemini-of-the-demo' };
}

/** A text that is no JSON object stays as it is. */
function withoutLastField(text: string): string {
  try {
    const fields = Object.entries(JSON.parse(text) as Fields);
    return JSON.stringify(Object.fromEntries(fields.slice(0, -1)));
  } catch {
    return text;
  }
}
