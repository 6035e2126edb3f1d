import { SettingError } from './setting-error.ts';
import { addressOf } from './settings.ts';

/** Names the secret that holds the key, in a stack: an ARN. */
export const GEMINI_KEY_SECRET = 'RESCRAPE_GEMINI_KEY_SECRET';

/** How the Gemini API is reached: what `openGeminiBatchProvider` wants of the environment. */
export interface GeminiSettings {
  readonly apiKey: string;
  /** @default Google's own */
  readonly baseUrl?: string;
}

/**
 * `GEMINI_API_KEY` is the key of a project. `RESCRAPE_GEMINI_URL` points at something else that
 * speaks the API; only a literal loopback address or `localhost` leads to a private one. Throws a
 * SettingError for what is missing or cannot be used; it never tells the key.
 */
export function geminiSettings(env: Readonly<Record<string, string | undefined>>): GeminiSettings {
  const apiKey = env.GEMINI_API_KEY?.trim() ?? '';
  if (apiKey === '') throw new SettingError('GEMINI_API_KEY is not set: give the key of a Gemini project');
  if (!/^[\x21-\x7e]+$/.test(apiKey))
    throw new SettingError('GEMINI_API_KEY is no key: give one word of letters, digits and signs');
  const baseUrl = addressOf('RESCRAPE_GEMINI_URL', env.RESCRAPE_GEMINI_URL);
  return { apiKey, ...(baseUrl !== undefined && { baseUrl }) };
}
