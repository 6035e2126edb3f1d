import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { parseProxies } from '../../../core/proxies/proxy-server.ts';
import { proxiesIn } from './listed.ts';

it('proxies are listed with commas, spaces and line breaks, each once', () => {
  const proxies = proxiesIn('http://a.example, https://b.example:8443\nsocks5://[::1]:9 http://a.example');
  expect(proxies.map(({ id, protocol, host, port }) => [id, protocol, host, port])).toEqual([
    ['a.example:80', 'http', 'a.example', 80],
    ['b.example:8443', 'https', 'b.example', 8443],
    ['[::1]:9', 'socks5', '::1', 9],
  ]);
  expect(proxiesIn('socks5://A.example:1080')[0]?.id).toBe('a.example:1080');
  expect(proxiesIn(' , ')).toEqual([]);
});

it('the id says where it is and not who comes: two accounts at one gate are two proxies', () => {
  const proxies = proxiesIn('http://u1:p1@gate.example:7 http://u2:p%2C%40%3A2@gate.example:7');
  expect(proxies.map(({ id }) => id)).toEqual(['gate.example:7', 'gate.example:7#2']);
  expect(proxies.map((proxy) => proxy.credentials())).toEqual([
    { username: 'u1', password: 'p1' },
    { username: 'u2', password: 'p,@:2' },
  ]);
});

it('printing one shows no credentials', () => {
  const [proxy] = proxiesIn('http://user:hunter2@gate.example:7');
  for (const text of [JSON.stringify(proxy), String(proxy), inspect(proxy, { depth: 9, showHidden: true })])
    expect(text).not.toMatch(/user|hunter2/);
});

it.each([
  'proxy.example:3128',
  'hunter2',
  'ftp://u:hunter2@gate.example',
  'socks4://u:hunter2@gate.example',
  'http://u:hunter2@gate.example/path',
  'http://u:hunter2@gate.example?x',
  'http://u:hunter2%ZZ@gate.example',
  'http://:hunter2@gate.example',
  'http://u:hunter2@gate.example:99999',
  `http://u:hunter2${'x'.repeat(300)}@gate.example`,
  'socks5://u:hunter2@',
  'socks5://u:hunter2@gate.example',
])('%s is refused in one line, which shows nothing of it', (address) => {
  const parsed = parseProxies(`http://good.example ${address}`);
  expect(parsed.kind === 'problem' && parsed.problem).toMatch(/^proxy 2 of 2 (is|has) [^\n]+: give http:/);
  expect(JSON.stringify(parsed)).not.toMatch(/hunter2|gate\.example|3128/);
});

it.each(['http://a:hunter2@a:1,,http://b', 'http://a:hunter2@a:1, , http://b', ',,http://hunter2:1'])(
  'an entry of %j is empty, and the line that says so shows nothing of it',
  (text) => {
    const parsed = parseProxies(text);
    expect(parsed.kind === 'problem' && parsed.problem).toMatch(/^proxy [12] of [23] is empty: give http:/);
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  },
);

it('a comma or white space at either end says nothing', () => {
  expect(proxiesIn(',http://a:1,\n').map(({ id }) => id)).toEqual(['a:1']);
});
