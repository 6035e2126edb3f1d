import type { GeminiApiOptions } from '../../../adapters/llm/gemini-api.ts';
import { openGeminiBatchProvider } from '../../../adapters/llm/gemini-batch-provider.ts';
import { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import type { BatchProvider } from '../../../core/ports/batch-provider.ts';
import type { GeminiFaultPlan } from '../../../demo/gemini/faults.ts';
import { type GeminiServer, startGeminiServer } from '../../../demo/gemini/server.ts';
import type {
  PlayedAnswers,
  PlayedProvider,
  ProviderTrouble,
} from '../../contracts/batch-provider.contract.ts';
import { ManualClock } from '../../core/fetch/manual-clock.ts';

export const KEY = 'AIza-of-nobody';
export const MODEL = 'gemini-2.5-flash';
const HOUR = 3_600_000;

export interface PlayedGemini extends PlayedProvider {
  readonly provider: BatchProvider;
  readonly server: GeminiServer;
  readonly clock: ManualClock;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Our client and the demo's server, over HTTP on loopback. Jobs take an hour. */
export async function playGemini(
  faults: GeminiFaultPlan = {},
  options: Partial<GeminiApiOptions> = {},
  answer: PlayedAnswers['answer'] = ({ key }) => `{"read":${JSON.stringify(key)}}`,
): Promise<PlayedGemini> {
  const clock = new ManualClock();
  const server = await startGeminiServer({
    apiKey: KEY,
    now: () => clock.now(),
    jobMs: HOUR,
    faults,
    answer,
  });
  const http = new NodeHttpClient();
  const provider = openGeminiBatchProvider({ http, clock, apiKey: KEY, baseUrl: server.url, ...options });
  const close = async () => {
    await server.close();
    await http.close();
  };
  return {
    provider,
    server,
    clock,
    model: MODEL,
    secret: options.apiKey ?? KEY,
    finish: () => clock.set(49 * HOUR),
    close: () => server.close(),
    [Symbol.asyncDispose]: close,
  };
}

const LINES = {
  error: 'error',
  truncated: 'truncated',
  blocked: 'blocked-answer',
  missing: 'missing-line',
  doubled: 'doubled-line',
} as const;

const CALLS: Readonly<Record<NonNullable<ProviderTrouble['call']>, NonNullable<GeminiFaultPlan['calls']>>> = {
  'lost-submit': [{ call: 'create', fault: { kind: 'drop-after' }, times: 1 }],
  'rate-limited': [{ call: 'create', fault: { kind: 'status', status: 429 } }],
  'server-error': [{ call: 'get', fault: { kind: 'status', status: 500 } }],
  'cut-results': [{ call: 'download', fault: { kind: 'cut' } }],
};

/** A plan of the demo's server for what the contract wants to go wrong. */
export function planFor({ lines = {}, end, call }: ProviderTrouble): GeminiFaultPlan {
  return {
    lines: Object.entries(lines).map(([key, fault]) => ({ key, fault: LINES[fault] })),
    jobs: end ? [{ job: 1, fault: end }] : [],
    calls: call ? CALLS[call] : [],
  };
}
