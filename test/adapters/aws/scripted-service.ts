import { text } from 'node:stream/consumers';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';

export type Input = Readonly<Record<string, unknown>>;

/** `drop` breaks the connection; an `error` is what the service answers with status 400, or another. */
export type Answer =
  | 'drop'
  | { readonly output: unknown }
  | { readonly error: string; readonly message?: string; readonly status?: number; readonly more?: object };

export interface ScriptedService extends LoopbackSite {
  /** What the SDK asked for, in order. */
  readonly calls: { readonly operation: string; readonly input: Input }[];
  readonly connection: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
}

/**
 * A service of AWS that speaks JSON (DynamoDB, Glue, Athena) and says what the test wants: the real SDK talks
 * to it, with its retries and its way to read errors.
 */
export async function serveScripted(
  answer: (operation: string, input: Input, calls: number) => Answer | Promise<Answer>,
): Promise<ScriptedService> {
  const calls: ScriptedService['calls'] = [];
  const site = await serveHttp(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const input = JSON.parse((await text(request)) || '{}') as Input;
    calls.push({ operation, input });
    const given = await answer(operation, input, calls.length);
    if (given === 'drop') return void response.socket?.resetAndDestroy();
    response.setHeader('Content-Type', 'application/x-amz-json-1.1');
    if ('output' in given) return void response.end(JSON.stringify(given.output));
    response.statusCode = given.status ?? 400;
    response.end(
      JSON.stringify({ __type: given.error, message: given.message ?? 'as scripted', ...given.more }),
    );
  });
  return Object.assign(site, {
    calls,
    connection: {
      endpoint: site.origin,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
  });
}
