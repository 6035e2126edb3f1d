import type { OutgoingHttpHeaders } from 'node:http';
import { type Answer, htmlAnswer, jsonAnswer } from '../server/exchange.ts';
import type { CallFault, Faults, GeminiCall } from './faults.ts';
import { type FileStore, fileResource } from './files.ts';
import { type Job, type JobStore, operationOf } from './jobs.ts';
import { askedLine, isFields } from './lines.ts';

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface ApiState {
  readonly apiKey: string;
  readonly files: FileStore;
  readonly jobs: JobStore;
  readonly faults: Faults;
  /** Of this server. */
  readonly origin: () => string;
}

/** What a request asks for. `carryOut` does it. */
export interface Route {
  readonly call: GeminiCall;
  /** The display name of what it makes. */
  readonly of?: string;
  readonly carryOut: (fault: CallFault | undefined) => Answer;
}

const NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

export function errorAnswer(
  status: number,
  message: string,
  details: readonly object[] = [],
  headers: OutgoingHttpHeaders = {},
): Answer {
  const error = {
    code: status,
    message,
    status: NAMES[status] ?? 'UNKNOWN',
    ...(details.length > 0 && { details }),
  };
  return jsonAnswer(status, { error }, headers);
}

/** The answer that a fault is; undefined for one that changes the true answer, or its sending. */
export function answerOfFault(fault: CallFault, apiKey: string): Answer | undefined {
  if (fault.kind === 'html')
    return htmlAnswer(fault.status, '<!DOCTYPE html><title>Error</title><h1>Error</h1>\n');
  if (fault.kind !== 'status') return undefined;
  const { status, retryDelay, retryAfterSeconds } = fault;
  const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay };
  const quota = { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [] };
  return errorAnswer(
    status,
    fault.tellsKey ? `API key ${apiKey} is not\nwelcome.` : 'As planned.',
    retryDelay === undefined ? [] : [quota, retryInfo],
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
  );
}

/** What is asked for; an answer where that is nothing. `v1` and `v1beta` are the same. */
export function routeOf(request: ApiRequest, state: ApiState): Route | Answer {
  const key = request.headers['x-goog-api-key'];
  if (key === undefined) return errorAnswer(403, "Method doesn't allow unregistered callers.");
  if (key !== state.apiKey) return errorAnswer(400, 'API key not valid. Please pass a valid API key.');
  const { method, url } = request;
  const path = /^\/((?:(?:upload|download)\/)?)v1(?:beta)?\/(.+)$/.exec(decodeURIComponent(url.pathname));
  if (!path) return errorAnswer(404, `there is nothing at ${url.pathname}`);
  const [, prefix, rest = ''] = path;
  const on = `${method} ${prefix}${rest.replace(/\/[^/:]+/, '/*')}`;
  const name = rest.replace(/:[a-zA-Z]+$/, '');
  switch (on) {
    case 'POST upload/files':
      return url.searchParams.has('upload_id')
        ? { call: 'chunk', carryOut: (fault) => chunk(request, state, fault) }
        : {
            call: 'start',
            of: displayNameIn(request, 'file'),
            carryOut: (fault) => start(request, state, fault),
          };
    case 'POST models/*:batchGenerateContent':
      return {
        call: 'create',
        of: displayNameIn(request, 'batch'),
        carryOut: (fault) => create(name, request, state, fault),
      };
    case 'GET batches':
      return { call: 'list', carryOut: () => list(request, 'operations', shownJobs(state)) };
    case 'GET batches/*':
      return {
        call: 'get',
        carryOut: () => ofJob(state, name, (job) => jsonAnswer(200, operationOf(job, state.jobs))),
      };
    case 'POST batches/*:cancel':
      return { call: 'cancel', carryOut: () => ofJob(state, name, (job) => cancel(job, state)) };
    case 'DELETE batches/*':
      return { call: 'delete', carryOut: () => ofJob(state, name, (job) => remove(job, state)) };
    case 'GET files':
      return { call: 'files', carryOut: () => list(request, 'files', shownFiles(state)) };
    case 'GET files/*':
    case 'DELETE files/*':
      return { call: 'files', carryOut: () => file(method, name, state) };
    case 'GET files/*:download':
    case 'GET download/files/*:download':
      return { call: 'download', carryOut: () => download(name, state) };
    default:
      return errorAnswer(404, `there is no ${method} ${url.pathname}`);
  }
}

function displayNameIn({ body }: ApiRequest, of: 'file' | 'batch'): string {
  const asked = parsed(body);
  const about = isFields(asked) ? asked[of] : undefined;
  return isFields(about) ? String(about.displayName ?? about.display_name ?? '') : '';
}

function shownJobs({ jobs }: ApiState): object[] {
  const there = jobs.jobs.filter(({ isDeleted }) => !isDeleted);
  return there.toReversed().map((job) => operationOf(job, jobs));
}

function shownFiles({ files, origin }: ApiState): object[] {
  return files.all().map((each) => fileResource(each, origin()));
}

function list({ url }: ApiRequest, name: string, all: readonly object[]): Answer {
  const size = Number(url.searchParams.get('pageSize') ?? 50);
  const from = Number((url.searchParams.get('pageToken') ?? 'T0').slice(1));
  if (!Number.isInteger(size) || size < 1 || !Number.isInteger(from))
    return errorAnswer(400, 'the page is none');
  const page = all.slice(from, from + size);
  return jsonAnswer(200, {
    // A list without members is left out.
    ...(page.length > 0 && { [name]: page }),
    ...(from + size < all.length && { nextPageToken: `T${from + size}` }),
  });
}

function start({ headers, body }: ApiRequest, state: ApiState, fault: CallFault | undefined): Answer {
  if (headers['x-goog-upload-protocol'] !== 'resumable' || headers['x-goog-upload-command'] !== 'start')
    return errorAnswer(400, 'an upload starts with the command start of the protocol resumable');
  const described = parsed(body);
  const about = isFields(described) && isFields(described.file) ? described.file : {};
  const length = headers['x-goog-upload-header-content-length'];
  const id = state.files.start({
    displayName: String(about.displayName ?? about.display_name ?? ''),
    mimeType: String(about.mimeType ?? about.mime_type ?? headers['x-goog-upload-header-content-type'] ?? ''),
    size: length === undefined ? undefined : Number(length),
  });
  const place = `${state.origin()}/upload/v1beta/files?upload_id=${id}&upload_protocol=resumable`;
  if (fault?.kind === 'no-upload-url') return jsonAnswer(200, {});
  return jsonAnswer(200, {}, { 'x-goog-upload-url': place, 'x-goog-upload-status': 'active' });
}

function chunk({ url, headers, body }: ApiRequest, state: ApiState, fault: CallFault | undefined): Answer {
  // A chunk that has not arrived.
  if (fault?.kind === 'no-upload-status') return jsonAnswer(200, {});
  const commands = String(headers['x-goog-upload-command']).split(/,\s*/);
  const isLast = commands.includes('finalize');
  if (!commands.includes('upload')) return errorAnswer(400, 'the command of a chunk is upload');
  const offset = Number(headers['x-goog-upload-offset']);
  const made = state.files.take(url.searchParams.get('upload_id') ?? '', offset, body, isLast);
  if (typeof made === 'string') return errorAnswer(400, made);
  const status = { 'x-goog-upload-status': isLast && fault?.kind !== 'not-final' ? 'final' : 'active' };
  if (made === undefined || fault?.kind === 'no-file') return jsonAnswer(200, {}, status);
  return jsonAnswer(200, { file: fileResource(made, state.origin()) }, status);
}

function create(model: string, { body }: ApiRequest, state: ApiState, fault: CallFault | undefined): Answer {
  if (!/^models\/gemini-[a-z0-9.-]+$/.test(model)) return errorAnswer(404, `${model} is not found`);
  const asked = parsed(body);
  const batch = isFields(asked) && isFields(asked.batch) ? asked.batch : undefined;
  const config = batch && isFields(batch.inputConfig) ? batch.inputConfig : undefined;
  if (!batch || !config) return errorAnswer(400, 'the batch has no inputConfig');
  const displayName = String(batch.displayName ?? '');
  const inline = isFields(config.requests) ? config.requests.requests : undefined;
  const file = typeof config.fileName === 'string' ? state.files.get(config.fileName) : undefined;
  if (!file && !Array.isArray(inline)) return errorAnswer(400, `there is no file ${config.fileName}`);
  const lines = file ? linesOf(file.bytes) : (inline as readonly unknown[]).map(inlineLine);
  if (lines.length === 0) return errorAnswer(400, 'the batch has no requests');
  const job = state.jobs.create({ model, displayName, input: file?.name, lines });
  return jsonAnswer(200, fault?.kind === 'empty-object' ? {} : operationOf(job, state.jobs));
}

function linesOf(bytes: Buffer) {
  const texts = bytes
    .toString('utf8')
    .split('\n')
    .filter((text) => text.trim() !== '');
  return texts.map((text) => {
    const line = parsed(text);
    return isFields(line) ? askedLine(line.key, line.request) : 'a line of the file is no JSON object';
  });
}

function inlineLine(each: unknown) {
  const metadata = isFields(each) && isFields(each.metadata) ? each.metadata : {};
  return askedLine(metadata.key, isFields(each) ? each.request : undefined);
}

function cancel(job: Job, { jobs }: ApiState): Answer {
  const end = jobs.endOf(job);
  if (end) return errorAnswer(400, `the batch is ${end} already`);
  job.cancelAskedAt = job.createdAt;
  return jsonAnswer(200, {});
}

function remove(job: Job, { jobs }: ApiState): Answer {
  if (!jobs.endOf(job)) return errorAnswer(400, 'cancel the batch before you delete it');
  job.isDeleted = true;
  return jsonAnswer(200, {});
}

function ofJob({ jobs }: ApiState, name: string, then: (job: Job) => Answer): Answer {
  const job = jobs.get(name);
  return job ? then(job) : errorAnswer(404, `Requested entity was not found: ${name}`);
}

/** The API does not tell what is not there from what is not yours. */
function noFile(name: string): Answer {
  const id = name.replace('files/', '');
  return errorAnswer(403, `You do not have permission to access the File ${id} or it may not exist.`);
}

function file(method: string, name: string, { files, origin }: ApiState): Answer {
  const found = files.get(name);
  if (!found) return noFile(name);
  if (method === 'DELETE') files.delete(name);
  return jsonAnswer(200, method === 'DELETE' ? {} : fileResource(found, origin()));
}

function download(name: string, { files }: ApiState): Answer {
  const found = files.get(name);
  if (!found) return noFile(name);
  if (!found.isGenerated) return errorAnswer(400, 'only files that the API made can be downloaded');
  return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: found.bytes };
}

function parsed(body: Buffer | string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
