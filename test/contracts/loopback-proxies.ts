import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';

export interface ProxyOptions {
  /** Wants these. @default nothing */
  readonly user?: { readonly name: string; readonly password: string };
  /** Answers this to every CONNECT (HTTP status, or reply code of SOCKS) instead of connecting. */
  readonly refuses?: number;
  /** Takes connections and says nothing. */
  readonly hangs?: boolean;
  /** Connects to this port whatever it is asked for. */
  readonly liesAbout?: number;
  /** Speaks TLS to its clients. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A proxy on 127.0.0.1 that connects for real. */
export interface LoopbackProxy {
  readonly port: number;
  /** `address:port` of each tunnel that it was asked for, as the client said it. */
  readonly asked: string[];
  /** Connections of clients that came. */
  readonly clients: () => number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** CONNECT, over TCP or TLS. */
export async function serveHttpProxy(options: ProxyOptions = {}): Promise<LoopbackProxy> {
  const asked: string[] = [];
  const notHere: RequestListener = (_request, response) => void response.writeHead(400).end();
  const server = options.tls ? createTlsServer(options.tls, notHere) : createHttpServer(notHere);
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    asked.push(request.url ?? '');
    client.on('error', () => {});
    if (options.hangs) return;
    const end = (status: number) => client.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
    const { user } = options;
    const basic = user && `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
    if (basic !== undefined && request.headers['proxy-authorization'] !== basic) return void end(407);
    if (options.refuses !== undefined) return void end(options.refuses);
    const [host = '', port = ''] = (request.url ?? '').split(/:(?=\d+$)/);
    joined(client, host, options.liesAbout ?? Number(port), {
      onMade: () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'),
      onFailed: () => end(502),
    });
  });
  return listening(server, asked);
}

/** SOCKS 5 (RFC 1928, 1929): CONNECT alone. */
export async function serveSocksProxy(options: ProxyOptions = {}): Promise<LoopbackProxy> {
  const asked: string[] = [];
  const server = createTcpServer((client) => {
    client.on('error', () => {});
    if (options.hangs) return void client.resume();
    const { user } = options;
    const request = (data: Buffer) => {
      const { host, port } = destinationOf(data);
      asked.push(`${host}:${port}`);
      const reply = (code: number) => client.write(Buffer.from([5, code, 0, 1, 127, 0, 0, 1, 0, 0]));
      if (options.refuses !== undefined) return void reply(options.refuses);
      joined(client, host, options.liesAbout ?? port, { onMade: () => reply(0), onFailed: () => reply(5) });
    };
    client.once('data', (greeting) => {
      const methods = [...greeting.subarray(2)];
      const method = user ? 2 : 0;
      if (!methods.includes(method)) return void client.end(Buffer.from([5, 0xff]));
      client.write(Buffer.from([5, method]));
      if (!user) return void client.once('data', request);
      client.once('data', (login) => {
        const length = login[1]!;
        const name = login.subarray(2, 2 + length).toString();
        const password = login.subarray(3 + length).toString();
        const isGood = name === user.name && password === user.password;
        client.write(Buffer.from([1, isGood ? 0 : 1]));
        if (isGood) client.once('data', request);
      });
    });
  });
  return listening(server, asked);
}

function destinationOf(data: Buffer): { host: string; port: number } {
  const port = data.readUInt16BE(data.length - 2);
  if (data[3] === 1) return { host: [...data.subarray(4, 8)].join('.'), port };
  return { host: data.subarray(5, data.length - 2).toString(), port };
}

function joined(
  client: Socket,
  host: string,
  port: number,
  { onMade, onFailed }: { readonly onMade: () => void; readonly onFailed: () => void },
): void {
  const site = connect(port, host);
  client.once('close', () => site.destroy());
  site.once('error', onFailed);
  site.once('connect', () => {
    site.off('error', onFailed);
    site.on('error', () => client.destroy());
    onMade();
    site.pipe(client);
    client.pipe(site);
  });
}

async function listening(server: Server, asked: string[]): Promise<LoopbackProxy> {
  const sockets = new Set<Socket>();
  let clients = 0;
  server.on('connection', (socket) => {
    clients++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    clients: () => clients,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
