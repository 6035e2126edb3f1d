import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CONFIG_FILE, readConfigFile, settingsOf } from '../../runtime/config-file.ts';
import { refuseUnknownVariables } from '../../runtime/setting-names.ts';

const SOURCES = [{ name: 'racing' }, { name: 'bell-schedules' }];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-config-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const read = (text: string) => {
  writeFileSync(join(directory, CONFIG_FILE), text);
  return readConfigFile(directory, SOURCES);
};

describe('the settings file', () => {
  it('need not be there', async () => {
    expect(await readConfigFile(directory, SOURCES)).toEqual({});
  });

  it('says what the variables say, by source', async () => {
    const racing = { url: 'https://racing.example/', allow_private: false, min_delay_ms: 0 };
    const bells = { concurrency: 2, timeout_ms: 900, cool_down_minutes: 5, allow_private: true };
    expect(await read(JSON.stringify({ sources: { racing, 'bell-schedules': bells } }))).toEqual({
      RESCRAPE_RACING_URL: 'https://racing.example/',
      RESCRAPE_RACING_ALLOW_PRIVATE: '0',
      RESCRAPE_RACING_MIN_DELAY_MS: '0',
      RESCRAPE_BELL_SCHEDULES_CONCURRENCY: '2',
      RESCRAPE_BELL_SCHEDULES_TIMEOUT_MS: '900',
      RESCRAPE_BELL_SCHEDULES_COOL_DOWN_MINUTES: '5',
      RESCRAPE_BELL_SCHEDULES_ALLOW_PRIVATE: '1',
    });
  });

  it.each([
    ['{', /^rescrape\.config\.json is no JSON: /],
    ['[]', /^rescrape\.config\.json: /],
    ['{"source": {}}', /, source: there is no such setting; did you mean sources\?$/],
    ['{"sources": {"rasing": {}}}', /, sources\.rasing: there is no such source; did you mean racing\?$/],
    ['{"sources": {"racing": {"min_delay": 1}}}', /racing\.min_delay: .* did you mean min_delay_ms\?$/],
    ['{"sources": {"racing": {"concurrency": 0}}}', /, sources\.racing\.concurrency: /],
    ['{"sources": {"racing": {"timeout_ms": "9"}}}', /, sources\.racing\.timeout_ms: /],
    ['{"sources": {"racing": {"url": "ftp://x"}}}', /racing\.url: give an http\(s\) address$/],
  ])('refuses %s in one line that says where', async (text, line) => {
    await expect(read(text)).rejects.toMatchObject({
      name: 'SettingError',
      message: expect.stringMatching(line),
    });
  });

  it('has the settings of a source’s own under their names, and of no other source', async () => {
    const shops = { name: 'tea-shops', settings: z.object({ hash: z.string() }) };
    const readWith = (settings: object, of: string) => {
      writeFileSync(join(directory, CONFIG_FILE), JSON.stringify({ sources: { [of]: settings } }));
      return readConfigFile(directory, [...SOURCES, shops]);
    };
    expect(await readWith({ hash: 'ab', concurrency: 3 }, 'tea-shops')).toEqual({
      RESCRAPE_TEA_SHOPS_HASH: 'ab',
      RESCRAPE_TEA_SHOPS_CONCURRENCY: '3',
    });
    await expect(readWith({ hash: 'ab' }, 'racing')).rejects.toThrow('sources.racing.hash: there is no such');
    await expect(readWith({ hahs: 'ab' }, 'tea-shops')).rejects.toThrow('did you mean hash?');
  });

  describe('of an extraction', () => {
    const readExtract = (extract: object) => {
      writeFileSync(join(directory, CONFIG_FILE), JSON.stringify({ extract }));
      return readConfigFile(directory, SOURCES, [{ name: 'old-books' }, { name: 'catalogs' }]);
    };

    it('says what its variables say', async () => {
      const catalogs = {
        provider: 'bedrock',
        model: 'm',
        batch_size: 250,
        max_retries: 0,
        max_wait_hours: 0.5,
      };
      const books = {
        library: 's3://pages/books',
        input_price: 0.15,
        output_price: 1.25,
        too_few: 'one-by-one',
      };
      expect(await readExtract({ catalogs, 'old-books': books })).toEqual({
        RESCRAPE_CATALOGS_PROVIDER: 'bedrock',
        RESCRAPE_CATALOGS_MODEL: 'm',
        RESCRAPE_CATALOGS_BATCH_SIZE: '250',
        RESCRAPE_CATALOGS_MAX_RETRIES: '0',
        RESCRAPE_CATALOGS_MAX_WAIT_HOURS: '0.5',
        RESCRAPE_OLD_BOOKS_LIBRARY: 's3://pages/books',
        RESCRAPE_OLD_BOOKS_INPUT_PRICE: '0.15',
        RESCRAPE_OLD_BOOKS_OUTPUT_PRICE: '1.25',
        RESCRAPE_OLD_BOOKS_TOO_FEW: 'one-by-one',
      });
    });

    it.each<[object, RegExp]>([
      [{ catalgos: {} }, /, extract\.catalgos: there is no such extraction; did you mean catalogs\?$/],
      [
        { catalogs: { batchsize: 1 } },
        /extract\.catalogs\.batchsize: there is no such setting; did you mean batch_size\?$/,
      ],
      [{ catalogs: { batch_size: 0 } }, /, extract\.catalogs\.batch_size: /],
      [{ catalogs: { batch_size: '9' } }, /, extract\.catalogs\.batch_size: /],
      [{ catalogs: { provider: 'openai' } }, /, extract\.catalogs\.provider: .*"gemini"\|"bedrock"/],
      [{ catalogs: { input_price: -1 } }, /, extract\.catalogs\.input_price: /],
      [{ catalogs: [] }, /, extract\.catalogs: /],
    ])('refuses %j in one line that says where', async (extract, line) => {
      await expect(readExtract(extract)).rejects.toMatchObject({
        name: 'SettingError',
        message: expect.stringMatching(line),
      });
    });
  });

  it('gives way to the environment, where a variable has a value', () => {
    const file = { A: 'file', B: 'file', C: 'file' };
    expect(settingsOf({ A: 'environment', B: '', D: '' }, file)).toEqual({
      ...{ A: 'environment', B: 'file', C: 'file', D: '' },
    });
  });
});

describe('variables', () => {
  it('that nobody reads are refused with the nearest one', () => {
    const refused = (name: string) => () => refuseUnknownVariables({ [name]: '1' }, SOURCES);
    expect(refused('RESCRAPE_RACING_ULR')).toThrow(
      'there is no setting RESCRAPE_RACING_ULR: did you mean RESCRAPE_RACING_URL?',
    );
    expect(refused('RESCRAPE_RACNG_MIN_DELAY_MS')).toThrow('did you mean RESCRAPE_RACING_MIN_DELAY_MS?');
    expect(refused('RESCRAPE_NOWW')).toThrow('did you mean RESCRAPE_NOW?');
  });

  it('of an extraction that nobody reads are refused with the nearest one', () => {
    const refused = (name: string) => () =>
      refuseUnknownVariables({ [name]: '1' }, SOURCES, [{ name: 'catalogs' }]);
    expect(refused('RESCRAPE_CATALOGS_BATCHSIZE')).toThrow('did you mean RESCRAPE_CATALOGS_BATCH_SIZE?');
    expect(refused('RESCRAPE_CATALOGS_URL')).toThrow('there is no setting RESCRAPE_CATALOGS_URL');
    expect(refused('RESCRAPE_CATALOGS_MODEL')).not.toThrow();
  });

  it.each([
    'RESCRAPE_NOW',
    'RESCRAPE_LAUNCHED',
    'RESCRAPE_STAGE',
    'RESCRAPE_BELL_SCHEDULES_URL',
    'PATH',
    'AWS_REGION',
  ])('let %s stand', (name) => {
    expect(() => refuseUnknownVariables({ [name]: '' }, SOURCES)).not.toThrow();
  });
});
