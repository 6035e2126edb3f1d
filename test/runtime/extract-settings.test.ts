import { expect, it } from 'vitest';
import { definePrompt } from '../../core/extract/prompt.ts';
import { extractSettings } from '../../runtime/extract-settings.ts';

const EXTRACTION = { name: 'old-books', prompts: [definePrompt('ocr/v1', 'a'), definePrompt('ocr/v2', 'b')] };
const settings = (env: Readonly<Record<string, string>> = {}) =>
  extractSettings(
    EXTRACTION,
    Object.fromEntries(Object.entries(env).map(([name, value]) => [`RESCRAPE_OLD_BOOKS_${name}`, value])),
  );

it('without variables an extraction asks Gemini with its newest prompt', () => {
  expect(settings()).toEqual({
    provider: 'gemini',
    library: undefined,
    settings: {
      model: 'gemini-2.5-flash',
      promptVersion: 'ocr/v2',
      batchSize: 100,
      maxConcurrentBatches: 10,
      pollSeconds: 20,
      maxRetries: 3,
      maxWaitHours: 24,
      tooFew: 'wait',
      uploadAttempts: 3,
    },
  });
  expect(settings({ PROVIDER: 'bedrock' }).settings.model).toMatch(/^amazon\./);
});

it('variables say what is to be', () => {
  const given = {
    ...{ PROVIDER: 'bedrock', MODEL: ' m ', PROMPT_VERSION: 'ocr/v1', BATCH_SIZE: '250', LIBRARY: './pages' },
    ...{ MAX_CONCURRENT_BATCHES: '2', POLL_SECONDS: '5', MAX_RETRIES: '0', MAX_WAIT_HOURS: '0.5' },
    ...{ TOO_FEW: 'one-by-one', UPLOAD_ATTEMPTS: '1', INPUT_PRICE: '0.15', OUTPUT_PRICE: '1.25' },
  };
  expect(settings(given)).toEqual({
    provider: 'bedrock',
    library: './pages',
    settings: {
      ...{ model: 'm', promptVersion: 'ocr/v1', batchSize: 250, maxConcurrentBatches: 2, pollSeconds: 5 },
      ...{ maxRetries: 0, maxWaitHours: 0.5, tooFew: 'one-by-one', uploadAttempts: 1 },
      prices: { input: 0.15, output: 1.25 },
    },
  });
  expect(settings({ MODEL: '', BATCH_SIZE: ' ' })).toEqual(settings());
});

it.each<[Readonly<Record<string, string>>, RegExp]>([
  [{ BATCH_SIZE: '0' }, /^RESCRAPE_OLD_BOOKS_BATCH_SIZE is "0": [^\n]+$/],
  [{ BATCH_SIZE: '1.5' }, /^RESCRAPE_OLD_BOOKS_BATCH_SIZE is "1.5": give a whole number from 1 to 50000$/],
  [{ BATCH_SIZE: 'many' }, /^RESCRAPE_OLD_BOOKS_BATCH_SIZE is "many": give a whole number from 1 to 50000$/],
  [{ BATCH_SIZE: '1e400' }, /^RESCRAPE_OLD_BOOKS_BATCH_SIZE is "1e400": [^\n]+$/],
  [{ PROVIDER: 'openai' }, /^RESCRAPE_OLD_BOOKS_PROVIDER is "openai": [^\n]+$/],
  [{ TOO_FEW: 'x' }, /^RESCRAPE_OLD_BOOKS_TOO_FEW is "x": [^\n]+$/],
  [
    { PROMPT_VERSION: 'ocr/v3' },
    /PROMPT_VERSION is "ocr\/v3": there is no such prompt; did you mean ocr\/v\d\?$/,
  ],
  [{ INPUT_PRICE: '1' }, /INPUT_PRICE is set and RESCRAPE_OLD_BOOKS_OUTPUT_PRICE is not: give both or none$/],
  [
    { OUTPUT_PRICE: '1' },
    /OUTPUT_PRICE is set and RESCRAPE_OLD_BOOKS_INPUT_PRICE is not: give both or none$/,
  ],
])('%j is refused in one line that names the variable', (env, message) => {
  expect(() => settings(env)).toThrow(expect.objectContaining({ name: 'SettingError' }));
  expect(() => settings(env)).toThrow(message);
});
