import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What AWS, or Lambda's host, does wrong for one request. */
export type LinkFault =
  /** S3 answers so, and the request never arrives. */
  | { readonly kind: 'refuse'; readonly status: number; readonly code: string }
  /** DynamoDB cancels a transaction so, and nothing of it is written. */
  | { readonly kind: 'cancel'; readonly reasons: readonly string[] }
  /** The request is done, and the process that sent it is killed before it hears of that. */
  | { readonly kind: 'kill-after' }
  /** The request is done, and the connection is gone before its answer. */
  | { readonly kind: 'lose-answer' };

export interface LinkRequest {
  readonly method: string;
  /** `/bucket/key?query` for S3. */
  readonly path: string;
  /** `DynamoDB_20120810.PutItem`, of DynamoDB. */
  readonly target?: string;
}

/**
 * Between the functions and the emulator: hands on every request but those that `fault` has an answer for.
 */
export interface FaultyLink {
  readonly url: string;
  /** `http://host:port`, where requests go. */
  target: string;
  fault: (request: LinkRequest) => LinkFault | undefined;
  close(): Promise<void>;
}

export async function startFaultyLink(): Promise<FaultyLink> {
  const server = createServer(async (incoming, response) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const body = await buffer(incoming);
    const asked = headers['x-amz-target'];
    const fault = link.fault({ method, path, ...(typeof asked === 'string' && { target: asked }) });
    if (fault?.kind === 'refuse') {
      response.writeHead(fault.status, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${fault.code}</Code><Message>played</Message></Error>`);
      return;
    }
    if (fault?.kind === 'cancel') {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      const __type = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';
      response.end(JSON.stringify({ __type, CancellationReasons: fault.reasons.map((Code) => ({ Code })) }));
      return;
    }
    // With the Host header as it was: it is part of the signature.
    const outgoing = send(new URL(path, link.target), { method, headers }, (answer) => {
      if (fault?.kind === 'kill-after') {
        answer.resume();
        process.kill(pidOf(headers['user-agent']), 'SIGKILL');
        response.destroy();
        return;
      }
      if (fault?.kind === 'lose-answer') {
        answer.resume();
        response.destroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    outgoing.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const link: FaultyLink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: '',
    fault: () => undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return link;
}

/** `bootstrap.cjs` makes the SDK say which process it runs in. */
function pidOf(userAgent = ''): number {
  const pid = /\bapp\/pid-(\d+)/.exec(userAgent)?.[1];
  if (pid === undefined) throw new Error(`no process id in ${JSON.stringify(userAgent)}`);
  return Number(pid);
}
