import { expect, it } from 'vitest';
import { geminiSettings } from '../../runtime/gemini-settings.ts';
import { refuseUnknownVariables } from '../../runtime/setting-names.ts';

const KEY = 'AIza-of-nobody';
const settings = (url?: string, key?: string) =>
  geminiSettings({ GEMINI_API_KEY: key, RESCRAPE_GEMINI_URL: url });

it.each([
  [undefined, { apiKey: KEY }],
  ['', { apiKey: KEY }],
  ['http://127.0.0.1:8080/proxy', { apiKey: KEY, baseUrl: 'http://127.0.0.1:8080/proxy' }],
])('the Gemini at %j is reached with its key', (url, expected) => {
  expect(settings(url, ` ${KEY}\n`)).toEqual(expected);
});

it.each<[string | undefined, string | undefined, string]>([
  [undefined, undefined, 'GEMINI_API_KEY is not set: give the key of a Gemini project'],
  [undefined, ' ', 'GEMINI_API_KEY is not set: give the key of a Gemini project'],
  [undefined, 'a\nb', 'GEMINI_API_KEY is no key: give one word of letters, digits and signs'],
  ['gemini', KEY, 'RESCRAPE_GEMINI_URL is "gemini": give an http(s) address without user and password'],
  [
    'ftp://gemini.example',
    KEY,
    'RESCRAPE_GEMINI_URL is "ftp://gemini.example": give an http(s) address without user and password',
  ],
  [
    'http://a:b@c',
    KEY,
    'RESCRAPE_GEMINI_URL is an address with user and password: give an http(s) address without user and password',
  ],
])('%j with the key %j is refused: %s', (url, key, message) => {
  expect(() => settings(url, key)).toThrow(message);
});

it('its variables are known, and a mistyped one is not', () => {
  const env = { GEMINI_API_KEY: KEY, RESCRAPE_GEMINI_URL: 'http://127.0.0.1' };
  expect(() => refuseUnknownVariables(env, [])).not.toThrow();
  expect(() => refuseUnknownVariables({ RESCRAPE_GEMINI_ULR: KEY }, [])).toThrow(
    'there is no setting RESCRAPE_GEMINI_ULR: did you mean RESCRAPE_GEMINI_URL?',
  );
});
