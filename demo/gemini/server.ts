import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, jsonAnswer, sendAnswer, truncate } from '../server/exchange.ts';
import { serveOnLoopback } from '../server/loopback.ts';
import { RequestLog, type RequestLogEntry } from '../server/request-log.ts';
import { type ApiState, answerOfFault, errorAnswer, type Route, routeOf } from './api.ts';
import { Faults, type GeminiFaultPlan } from './faults.ts';
import { FileStore, type StoredFile } from './files.ts';
import { type Job, JobStore, type PageAttempt } from './jobs.ts';
import type { PageRequest } from './lines.ts';

export interface GeminiServerOptions {
  /** The one key that is let in. */
  readonly apiKey: string;
  /** Milliseconds since the epoch: jobs end, and files go, as it moves. */
  readonly now: () => number;
  /** What the model writes about a page, before any fault. */
  readonly answer: (request: PageRequest) => string;
  /** Milliseconds from a job's start to its end. @default 0 */
  readonly jobMs?: number;
  /** Of the names of jobs, `batches/b1`: letters, digits, `-`, `_`. @default 'b' */
  readonly jobPrefix?: string;
  /** @default none */
  readonly faults?: GeminiFaultPlan;
  /** @default 0, any free port */
  readonly port?: number;
}

export interface GeminiServer {
  /** `http://127.0.0.1:41234`, no slash at the end. */
  readonly url: string;
  /** Every request since the start, oldest first. */
  readonly requests: readonly RequestLogEntry[];
  /** Every job that was accepted, oldest first. */
  readonly jobs: readonly Job[];
  /** Every page of every job that was accepted. */
  readonly attempts: readonly PageAttempt[];
  files(): readonly StoredFile[];
  /** Ends open connections too. */
  close(): Promise<void>;
}

/**
 * Plays the Gemini API on loopback, as far as batches need it: resumable uploads, files, jobs by file and by
 * requests in the call. It was held against what the official SDK sends and reads. The same calls at the same
 * times give the same answers.
 */
export async function startGeminiServer(options: GeminiServerOptions): Promise<GeminiServer> {
  const { now, answer, apiKey, jobMs = 0, jobPrefix = 'b' } = options;
  const log = new RequestLog();
  const faults = new Faults(options.faults ?? {});
  const files = new FileStore(now);
  const jobs = new JobStore({ now, files, faults, answer, jobMs, jobPrefix });
  let url = '';
  const state: ApiState = { apiKey, files, jobs, faults, origin: () => url };
  const server = await serveOnLoopback(async (request, response) => {
    const at = now();
    const body = await bodyOf(request);
    if (!body) return;
    const route = routed(request, body, state);
    const sent = 'call' in route ? respond(route, request, response, state) : plain(route, request, response);
    log.add(request, at, sent.status, sent.fault);
  }, options.port);
  url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    requests: log.entries,
    jobs: jobs.jobs,
    attempts: jobs.attempts,
    files: () => files.all(),
    close: server.close,
  };
}

/** An address that cannot be read comes from outside as everything does. */
function routed({ method = 'GET', url = '/', headers }: IncomingMessage, body: Buffer, state: ApiState) {
  try {
    return routeOf({ method, url: new URL(url, 'http://demo.invalid'), headers, body }, state);
  } catch {
    return errorAnswer(400, 'bad request');
  }
}

interface Sent {
  /** 0 where no answer was sent. */
  readonly status: number;
  readonly fault?: string;
}

/** Answers a request, with what goes wrong on the way. */
function respond(route: Route, request: IncomingMessage, response: ServerResponse, state: ApiState): Sent {
  const fault = state.faults.ofCall(route.call, route.of);
  if (!fault) return plain(route.carryOut(undefined), request, response);
  const { kind } = fault;
  if (kind === 'hang') return { status: 0, fault: kind };
  const instead = answerOfFault(fault, state.apiKey);
  if (instead) return { ...plain(instead, request, response), fault: kind };
  const answer = kind === 'drop' ? jsonAnswer(500, {}) : route.carryOut(fault);
  if (kind === 'drop' || kind === 'drop-after') {
    response.socket?.resetAndDestroy();
    return { status: 0, fault: kind };
  }
  if (kind === 'cut') truncate(response, answer);
  else sendAnswer(request, response, answer);
  return { status: answer.status, fault: kind };
}

function plain(answer: Answer, request: IncomingMessage, response: ServerResponse): Sent {
  sendAnswer(request, response, answer);
  return { status: answer.status };
}

/** Undefined where the client hung up. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
