import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineSource, every, type SourceDefinition } from '../../../core/source/define-source.ts';
import { refuseUnknownVariables, variablesOf } from '../../../runtime/setting-names.ts';
import { applySettings } from '../../../runtime/settings.ts';

const DEFINITION: SourceDefinition = {
  name: 'tea-shops',
  baseUrl: 'https://tea.example',
  timeZone: 'UTC',
  cadence: every({ minutes: 60 }),
  targets: [{ id: 'a', attributes: { url: '/a' } }],
  settings: z.object({
    hash: z.string().regex(/^[0-9a-f]{4}$/, { error: 'must be four hexadecimal digits' }),
    mirror: z.url().default('https://mirror.example'),
    key: z.string().optional(),
  }),
  table: {
    name: 'teas',
    partitionBy: ['shop', 'date'],
    itemKey: 'tea',
    rowKey: ['tea'],
    schema: z.object({ tea: z.string() }),
  },
  parse: () => ({ kind: 'empty', reason: 'sold out' }),
};
const shops = defineSource(DEFINITION);

describe('settings of a source’s own', () => {
  it('are its defaults where nothing is given, and the first that is needed is named', () => {
    expect(shops.problem).toBeUndefined();
    expect(shops).toMatchObject({ ownSettings: { mirror: 'https://mirror.example' }, unset: 'hash' });
    const { source } = applySettings(shops, { RESCRAPE_TEA_SHOPS_KEY: '', RESCRAPE_TEA_SHOPS_HASH: '' });
    expect(source.unset).toBe('hash');
    expect(source.ownSettings).toEqual(shops.ownSettings);
  });

  it('are read from variables of its name', () => {
    const env = { RESCRAPE_TEA_SHOPS_HASH: '01af', RESCRAPE_TEA_SHOPS_KEY: 'k', RESCRAPE_OTHER_HASH: 'x' };
    const { source } = applySettings(shops, env);
    expect(source.unset).toBeUndefined();
    expect(source.ownSettings).toEqual({ hash: '01af', key: 'k', mirror: 'https://mirror.example' });
  });

  it('are refused with the name of the variable where they do not fit', () => {
    expect(() => applySettings(shops, { RESCRAPE_TEA_SHOPS_HASH: 'XYZ' })).toThrow(
      'RESCRAPE_TEA_SHOPS_HASH: must be four hexadecimal digits',
    );
  });

  it('are variables that somebody reads, those of other sources are not', () => {
    expect(variablesOf([shops])).toContain('RESCRAPE_TEA_SHOPS_HASH');
    const given = { RESCRAPE_TEA_SHOPS_HASH: '1', RESCRAPE_TEA_SHOPS_URL: '2' };
    expect(() => refuseUnknownVariables(given, [shops])).not.toThrow();
    expect(() => refuseUnknownVariables(given, [{ name: 'tea-shops' }])).toThrow('RESCRAPE_TEA_SHOPS_HASH');
  });

  it('have names that a variable can have', () => {
    const wrong = defineSource({ ...DEFINITION, settings: z.object({ 'no-dash': z.string() }) });
    expect(wrong.problem).toContain('settings.no-dash: must be lower case letters, digits and _');
  });
});
