import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ENV_CONTRACTS, type FunctionName } from '../../lambdas/contracts.ts';
import { ENV } from './support.ts';

const importOf = (name: string) => import(`../../lambdas/${name}.lambda.ts`);

beforeEach(() => {
  vi.resetModules();
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());

const NAMES = Object.keys(ENV_CONTRACTS) as FunctionName[];
const VARIABLES = NAMES.flatMap((name) =>
  Object.keys(ENV_CONTRACTS[name]().shape).map((variable) => [name, variable]),
);

describe('the cold start of', () => {
  it.each(NAMES)('%s needs no more than the variables of its contract, and gives a handler', async (name) => {
    const needed = ENV_CONTRACTS[name]().shape;
    for (const variable of Object.keys(ENV)) {
      if (variable.startsWith('RESCRAPE_') && !(variable in needed)) vi.stubEnv(variable, undefined);
    }
    expect(await importOf(name)).toMatchObject({ handler: expect.any(Function) });
  });

  it.each(VARIABLES)('%s dies naming %s where that is missing', async (name, variable) => {
    vi.stubEnv(variable!, undefined);
    await expect(importOf(name!)).rejects.toThrow(`${variable} is missing`);
  });

  it('publish dies naming every variable that is malformed, and shows none of their values', async () => {
    vi.stubEnv('RESCRAPE_STAGE', 'secret-stage');
    vi.stubEnv('RESCRAPE_BUCKET', '');
    const died = await importOf('publish').catch((error: Error) => error);
    expect(died).toMatchObject({
      name: 'EnvError',
      message: expect.stringMatching(/RESCRAPE_STAGE is malformed .*; RESCRAPE_BUCKET is malformed/),
    });
    expect((died as Error).message).not.toContain('secret-stage');
  });

  it.each([
    ['RESCRAPE_RACING_MIN_DELAY_MS', 'soon'],
    ['RESCRAPE_RACING_PRIVATE_NETWORK', 'yes'],
  ])('scrape dies naming a setting of a source that cannot be used: %s', async (variable, value) => {
    vi.stubEnv(variable, value);
    await expect(importOf('scrape')).rejects.toThrow(`${variable} is "${value}"`);
  });
});
