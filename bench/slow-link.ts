import { Agent, createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A link to a store that is far away: hands every request on, answers it no sooner than so many milliseconds
 * after it came, and counts it by kind. A process of its own: `slow-link.ts ENDPOINT MS` prints its address;
 * `GET /_counts` answers what was counted since the last one.
 */

const [endpoint, delay] = [process.argv[2]!, Number(process.argv[3])];
const target = new URL(endpoint);
const agent = new Agent({ keepAlive: true, maxSockets: 128 });
let counts: Record<string, number> = {};

const server = createServer((incoming, response) => {
  if (incoming.url === '/_counts') {
    response.end(JSON.stringify(counts));
    counts = {};
    return;
  }
  const due = performance.now() + delay;
  const kind = kindOf(incoming);
  counts[kind] = (counts[kind] ?? 0) + 1;
  const { method, url: path, headers } = incoming;
  const { hostname, port } = target;
  whole(incoming, (body) => {
    // With the Host header as it was: it is part of the signature.
    const outgoing = send({ agent, hostname, port, method, path, headers }, (answer) => {
      whole(answer, (text) => {
        setTimeout(
          () => {
            response.writeHead(answer.statusCode ?? 500, answer.rawHeaders.length > 0 ? answer.headers : {});
            response.end(text);
          },
          Math.max(0, due - performance.now()),
        );
      });
    });
    outgoing.on('error', () => response.destroy());
    outgoing.end(body);
  });
});

/** Without promises and iterators: what the link takes of the machine, those who are measured lack. */
function whole(message: IncomingMessage, then: (body: Buffer) => void): void {
  const pieces: Buffer[] = [];
  message.on('data', (piece: Buffer) => pieces.push(piece));
  message.once('end', () => then(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)));
}

/** `S3 PUT data parquet`, `DynamoDB TransactWriteItems`. */
function kindOf({ method = 'GET', url = '/', headers }: IncomingMessage): string {
  const asked = headers['x-amz-target'];
  if (typeof asked === 'string') {
    const [service = '', action = ''] = asked.split('.');
    return `${service.startsWith('AWSGlue') ? 'Glue' : 'DynamoDB'} ${action}`;
  }
  const { pathname, searchParams } = new URL(url, endpoint);
  if (searchParams.has('list-type')) return 'S3 LIST';
  if (searchParams.has('delete')) return 'S3 DELETE';
  const [, , folder = '', ...rest] = decodeURIComponent(pathname).split('/');
  const name = rest.at(-1) ?? '';
  return `S3 ${method} ${folder} ${name.split('.').slice(1).join('.') || name}`.trim();
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once('disconnect', () => process.exit());
