import { describe, expect, it } from 'vitest';
import { SettingError } from '../../runtime/setting-error.ts';
import { applySettings } from '../../runtime/settings.ts';
import { notes } from '../e2e/support/notes-source.ts';

const apply = (env: Readonly<Record<string, string | undefined>>, source = notes) =>
  applySettings(source, env);
const allowed = (env: Readonly<Record<string, string | undefined>>) => apply(env).allowPrivateOrigin;

describe('the settings of a source', () => {
  it('leave it as it is defined where there are none, or empty ones, or those of another source', () => {
    expect(apply({})).toEqual({ source: notes });
    expect(apply({ RESCRAPE_NOTES_URL: '', RESCRAPE_NOTES_CONCURRENCY: '' })).toEqual({ source: notes });
    expect(apply({ RESCRAPE_OTHER_URL: 'http://127.0.0.1:1' })).toEqual({ source: notes });
  });

  it('point it at another site and set its pace and its patience', () => {
    const { source } = apply({
      RESCRAPE_NOTES_URL: 'https://mirror.example/notes',
      RESCRAPE_NOTES_MIN_DELAY_MS: '0',
      RESCRAPE_NOTES_CONCURRENCY: '9',
      RESCRAPE_NOTES_TIMEOUT_MS: '1500',
    });
    expect(source.baseUrl).toBe('https://mirror.example/notes');
    expect(source.politeness).toEqual({ ...notes.politeness, minDelayMs: 0, concurrency: 9 });
    expect(source.limits).toEqual({
      ...notes.limits,
      connectMs: 1500,
      headersMs: 1500,
      bodyMs: 1500,
      totalMs: 1500,
    });
  });

  it('are named after the source, its dashes as underscores', () => {
    const { source } = apply({ RESCRAPE_MY_NOTES_CONCURRENCY: '3' }, { ...notes, name: 'my-notes' });
    expect(source.politeness.concurrency).toBe(3);
  });

  it.each([
    'http://127.0.0.1:8080',
    'http://localhost:8080',
    'http://[::1]:8080',
    'http://10.0.0.7',
    'http://169.254.169.254',
  ])('that name %s themselves allow that one origin, private as it is', (url) => {
    expect(allowed({ RESCRAPE_NOTES_URL: url })).toBe(new URL(url).origin);
  });

  it('allow no host name into a private network, unless they say so', () => {
    const url = 'http://intranet.example:8080/notes';
    expect(allowed({ RESCRAPE_NOTES_URL: url })).toBeUndefined();
    expect(allowed({ RESCRAPE_NOTES_URL: url, RESCRAPE_NOTES_ALLOW_PRIVATE: '1' })).toBe(
      'http://intranet.example:8080',
    );
    expect(allowed({ RESCRAPE_NOTES_URL: url, RESCRAPE_NOTES_ALLOW_PRIVATE: '0' })).toBeUndefined();
    expect(allowed({ RESCRAPE_NOTES_URL: 'http://localhost.example' })).toBeUndefined();
  });

  it('open the private network to every host of the source where they say so', () => {
    expect(apply({ RESCRAPE_NOTES_PRIVATE_NETWORK: 'allow' })).toEqual({
      source: notes,
      allowPrivateNetwork: true,
    });
    expect(apply({ RESCRAPE_NOTES_PRIVATE_NETWORK: 'refuse' })).toEqual({ source: notes });
  });

  it('bound the requests over all hosts', () => {
    const { source } = apply({ RESCRAPE_NOTES_REQUESTS_AT_ONCE: '50' });
    expect(source.politeness).toEqual({ ...notes.politeness, requestsAtOnce: 50 });
  });

  it('give no address to a source whose targets have their own, in one line', () => {
    const { baseUrl: _, ...manyHosts } = notes;
    expect(apply({}, manyHosts)).toEqual({ source: manyHosts });
    expect(() => apply({ RESCRAPE_NOTES_URL: 'http://127.0.0.1:1' }, manyHosts)).toThrow(
      new SettingError('RESCRAPE_NOTES_URL is set, but every target of notes has its own address'),
    );
  });

  it.each([
    ['RESCRAPE_NOTES_PRIVATE_NETWORK', 'yes'],
    ['RESCRAPE_NOTES_REQUESTS_AT_ONCE', '0'],
    ['RESCRAPE_NOTES_URL', 'notes.example'],
    ['RESCRAPE_NOTES_URL', 'file:///etc/passwd'],
    ['RESCRAPE_NOTES_URL', 'javascript:alert(1)'],
    ['RESCRAPE_NOTES_URL', 'https://ann:secret@notes.example/'],
    ['RESCRAPE_NOTES_MIN_DELAY_MS', '-1'],
    ['RESCRAPE_NOTES_MIN_DELAY_MS', 'soon'],
    ['RESCRAPE_NOTES_MIN_DELAY_MS', '1.5'],
    ['RESCRAPE_NOTES_CONCURRENCY', '0'],
    ['RESCRAPE_NOTES_CONCURRENCY', 'NaN'],
    ['RESCRAPE_NOTES_TIMEOUT_MS', '0'],
    ['RESCRAPE_NOTES_TIMEOUT_MS', '99999999999'],
  ])('refuse %s=%s in one line that names the variable', (name, value) => {
    expect(() => apply({ [name]: value })).toThrow(SettingError);
    expect(() => apply({ [name]: value })).toThrow(new RegExp(`^${name} is [^\\n]*: give [^\\n]*$`));
  });

  it('list proxies, or name a secret that does', () => {
    const list = 'http://one.example,https://two.example:8443';
    expect(apply({ RESCRAPE_NOTES_PROXIES: list }).proxies?.map(({ id }) => id)).toEqual([
      'one.example:80',
      'two.example:8443',
    ]);
    const secret = { RESCRAPE_NOTES_PROXIES_SECRET: 'arn:aws:secretsmanager:eu-west-1:1:secret:p-abcdef' };
    expect(apply(secret)).toEqual({ source: notes, proxiesSecret: secret.RESCRAPE_NOTES_PROXIES_SECRET });
    expect(() => apply({ ...secret, RESCRAPE_NOTES_PROXIES: list })).toThrow(/both set: give one of them$/);
    expect(() => apply({ RESCRAPE_NOTES_PROXIES: 'http://a:hunter2@b/c' })).toThrow(
      /^RESCRAPE_NOTES_PROXIES: proxy 1 of 1 has a path: give [^\n]*$/,
    );
  });

  it('never show the password of an address that they refuse', () => {
    expect(() => apply({ RESCRAPE_NOTES_URL: 'https://ann:secret@notes.example/' })).not.toThrow(/secret/);
  });
});
