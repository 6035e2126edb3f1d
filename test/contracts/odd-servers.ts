import type { Socket } from 'node:net';

/**
 * What a client has to make of a server that breaks the rules: the body of a response, or the kind of
 * failure. `either`: the rules leave it open, and only a client that hangs, throws or mixes answers up is
 * wrong.
 */
export type Expected =
  | { readonly body: string; readonly status?: number }
  | 'NETWORK_ERROR'
  | 'TOO_LARGE'
  | 'TIMEOUT'
  | 'either';

export interface OddServer {
  readonly name: string;
  /** Called once a request has come, for the first request of each connection. */
  talk(socket: Socket): void;
  readonly expected: Expected;
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother';

const says = (name: string, text: string, expected: Expected): OddServer => ({
  name,
  talk: (socket) => socket.end(text, 'latin1'),
  expected,
});
/** Leaves the connection open. */
const keepsOn = (name: string, text: string, expected: Expected): OddServer => ({
  name,
  talk: (socket) => socket.write(text, 'latin1'),
  expected,
});
const resetsAfter = (name: string, text: string, expected: Expected): OddServer => ({
  name,
  talk: (socket) => socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 10)),
  expected,
});

export const ODD_SERVERS: readonly OddServer[] = [
  says('FIN before any byte', '', 'NETWORK_ERROR'),
  {
    name: 'FIN a moment later',
    talk: (socket) => setTimeout(() => socket.end(), 30),
    expected: 'NETWORK_ERROR',
  },
  { name: 'a destroyed connection', talk: (socket) => socket.destroy(), expected: 'NETWORK_ERROR' },
  { name: 'RST before any byte', talk: (socket) => socket.resetAndDestroy(), expected: 'NETWORK_ERROR' },
  says('half a status line', 'HTTP/1.1 20', 'NETWORK_ERROR'),
  resetsAfter('half a status line and RST', 'HTTP/1.1 20', 'NETWORK_ERROR'),
  says('half the headers', `${OK}Content-Ty`, 'NETWORK_ERROR'),
  says('headers without their empty line', `${OK}Content-Length: 2\r\n`, 'NETWORK_ERROR'),
  resetsAfter('half the headers and RST', `${OK}Content-Ty`, 'NETWORK_ERROR'),
  says('no HTTP at all', 'hello\r\n\r\n', 'NETWORK_ERROR'),
  says('another protocol', '\x15\x03\x01\x00\x02\x02\x46', 'NETWORK_ERROR'),
  says('HTTP/0.9', '<html>old</html>', 'NETWORK_ERROR'),

  says('a body shorter than its length', `${OK}Content-Length: 10\r\n\r\nabc`, 'NETWORK_ERROR'),
  resetsAfter(
    'a body shorter than its length and RST',
    `${OK}Content-Length: 10\r\n\r\nabc`,
    'NETWORK_ERROR',
  ),
  // The length is wrong, so nobody knows whether the page is whole.
  says('a body longer than its length', `${OK}Content-Length: 2\r\n\r\nabcdef`, 'NETWORK_ERROR'),
  keepsOn(
    'a body longer than its length, and silence',
    `${OK}Content-Length: 2\r\n\r\nabcdef`,
    'NETWORK_ERROR',
  ),
  keepsOn('a second response behind the first', `${OK}Content-Length: 2\r\n\r\nab${SECOND}`, { body: 'ab' }),
  {
    name: 'a second response while the connection is idle',
    talk: (socket) => {
      socket.write(`${OK}Content-Length: 2\r\n\r\nab`);
      setTimeout(() => socket.write(SECOND), 10);
    },
    expected: { body: 'ab' },
  },
  {
    name: 'half a second response while the connection is idle, and the other half when it is taken up',
    talk: (socket) => {
      socket.write(`${OK}Content-Length: 2\r\n\r\nab`);
      setTimeout(() => socket.write(SECOND.slice(0, 20)), 10);
      socket.on('data', () => socket.write(SECOND.slice(20)));
    },
    expected: { body: 'ab' },
  },
  says('a length that is no number', `${OK}Content-Length: ten\r\n\r\nabc`, 'NETWORK_ERROR'),
  says('a negative length', `${OK}Content-Length: -1\r\n\r\nabc`, 'NETWORK_ERROR'),
  says('a length beyond 64 bits', `${OK}Content-Length: 99999999999999999999\r\n\r\nabc`, 'NETWORK_ERROR'),
  says('two lengths', `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, 'NETWORK_ERROR'),
  says('the same length twice', `${OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, 'either'),
  says(
    'a length and chunks',
    `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    'either',
  ),

  says('chunks with trailers', `${CHUNKED}3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`, { body: 'abc' }),
  says('chunks with extensions', `${CHUNKED}3;a=b\r\nabc\r\n0\r\n\r\n`, { body: 'abc' }),
  says('a chunk size that is no number', `${CHUNKED}xyz\r\nabc\r\n0\r\n\r\n`, 'NETWORK_ERROR'),
  says('a chunk size beyond 64 bits', `${CHUNKED}fffffffffffffffff\r\nabc\r\n0\r\n\r\n`, 'NETWORK_ERROR'),
  says('a chunk longer than its size', `${CHUNKED}2\r\nabcdef\r\n0\r\n\r\n`, 'NETWORK_ERROR'),
  says('no last chunk', `${CHUNKED}3\r\nabc\r\n`, 'NETWORK_ERROR'),
  says('a last chunk without its empty line', `${CHUNKED}3\r\nabc\r\n0\r\n`, 'NETWORK_ERROR'),
  resetsAfter('chunks and RST', `${CHUNKED}3\r\nabc\r\n`, 'NETWORK_ERROR'),
  keepsOn(
    'an endless run of headers behind the last chunk',
    `${CHUNKED}3\r\nabc\r\n0\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(200)}`,
    'TOO_LARGE',
  ),
  says('an unknown transfer coding', `${OK}Transfer-Encoding: smoke\r\n\r\nabc`, 'either'),

  says('HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\n\r\nold', { body: 'old' }),
  says('HTTP/1.1 without a length', `${OK}\r\nuntil the end`, { body: 'until the end' }),
  says('HTTP/2 in words', 'HTTP/2 200\r\nContent-Length: 2\r\n\r\nab', 'either'),
  says(
    'interim responses',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' +
      `${OK}Content-Length: 2\r\n\r\nok`,
    { body: 'ok' },
  ),
  says('only an interim response', 'HTTP/1.1 102 Processing\r\n\r\n', 'NETWORK_ERROR'),
  keepsOn(
    '101 that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
    'NETWORK_ERROR',
  ),
  keepsOn('204 with a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello', {
    body: '',
    status: 204,
  }),
  keepsOn('304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello', {
    body: '',
    status: 304,
  }),
  says('304 with a length and no body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', {
    body: '',
    status: 304,
  }),
  says('status 999', 'HTTP/1.1 999 Request denied\r\nContent-Length: 2\r\n\r\nno', {
    body: 'no',
    status: 999,
  }),
  says('status 1000', 'HTTP/1.1 1000 Beyond\r\nContent-Length: 2\r\n\r\nno', 'NETWORK_ERROR'),
  says('status without words', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', { body: 'ok' }),
  says(
    'a redirect to garbage',
    'HTTP/1.1 302 Found\r\nLocation: ht!tp:\\\\[::\xff\r\nContent-Length: 0\r\n\r\n',
    { body: '', status: 302 },
  ),

  says('NUL in a header', `${OK}X-A: a\x00b\r\nContent-Length: 2\r\n\r\nok`, 'NETWORK_ERROR'),
  says('a space in the name of a header', `${OK}X A: b\r\nContent-Length: 2\r\n\r\nok`, 'NETWORK_ERROR'),
  says('a header without a name', `${OK}: b\r\nContent-Length: 2\r\n\r\nok`, 'NETWORK_ERROR'),
  says('a bare line feed behind each header', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'either'),
  says('a folded header', `${OK}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok`, 'either'),
  says('high bytes in a header', `${OK}X-A: \xe9\xff\r\nContent-Length: 2\r\n\r\nok`, { body: 'ok' }),
  keepsOn('one header of 100 KB', `${OK}X-A: ${'b'.repeat(100_000)}\r\n\r\n`, 'TOO_LARGE'),
  keepsOn('headers without end', `${OK}${`X-A: ${'b'.repeat(1000)}\r\n`.repeat(200)}`, 'TOO_LARGE'),
  keepsOn('silence', '', 'TIMEOUT'),
  {
    name: 'headers that drip',
    talk: (socket) => {
      socket.write(OK);
      const drip = setInterval(() => socket.write('X: y\r\n'), 10);
      socket.on('close', () => clearInterval(drip));
    },
    expected: 'TIMEOUT',
  },
  { name: 'a server that never reads on', talk: (socket) => socket.pause(), expected: 'TIMEOUT' },
];
