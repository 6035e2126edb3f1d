import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { selfSigned } from './self-signed.ts';

/** A server on 127.0.0.1 at a free port. */
export interface LoopbackSite {
  /** `http://127.0.0.1:40123`, no slash at the end. */
  readonly origin: string;
  readonly port: number;
  /** Path and headers of every request that came. */
  readonly requests: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  }[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Answers HTTP. */
export async function serveHttp(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<LoopbackSite> {
  const requests: LoopbackSite['requests'] = [];
  const server = createHttpServer((request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  return listen(server, requests);
}

/** Answers HTTP over TLS, with a certificate of its own. */
export async function serveTls(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  certificate = selfSigned('127.0.0.1'),
): Promise<LoopbackSite> {
  const requests: LoopbackSite['requests'] = [];
  const server = createTlsServer(certificate, (request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  server.on('tlsClientError', () => {});
  return listen(server, requests);
}

/** Talks whatever it likes over TCP, once the request line has arrived. */
export async function serveRaw(
  talk: (socket: Socket) => void,
  { greet }: { readonly greet?: (socket: Socket) => void } = {},
): Promise<LoopbackSite> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    greet?.(socket);
    socket.once('data', () => talk(socket));
  });
  return listen(server, []);
}

async function listen(server: Server, requests: LoopbackSite['requests']): Promise<LoopbackSite> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
