import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { plan } from '../../core/run/plan.ts';
import { scrape } from '../../core/scrape/scrape.ts';
import { RunStore } from '../../core/state/run-store.ts';
import { askingPlatform, onlyChosen } from '../../lambdas/asking-platform.ts';
import { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';
import { ENV } from './support.ts';

const LAMBDAS = fileURLToPath(new URL('../../lambdas/', import.meta.url));
const NEEDS = 'racing needs RESCRAPE_RACING_URL, an address of its own choice, and nobody gave it';
const RUN = { runId: 'run', source: 'racing', start: DAY, end: DAY, force: false };

describe('a source whose address nobody chose', () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.start();
  });
  afterAll(() => session.close());

  it('is not planned: the run ends before it is on record, and says what to give', async () => {
    const platform = onlyChosen(session.platform, {});
    await expect(plan(platform, RUN)).rejects.toThrow(
      'racing needs its setting RESCRAPE_RACING_URL, an address of its own choice, and nobody gave it',
    );
    expect(await new RunStore(platform.state).get('racing', 'run')).toBeUndefined();
    expect(session.site.requests).toEqual([]);
  });

  it('is asked for nothing by what is left of runs from before', async () => {
    const events: string[] = [];
    const emit: typeof session.platform.emit = (event) =>
      void (event.kind === 'attempted' && events.push(`${event.code} ${event.message}`));
    const platform = onlyChosen({ ...session.platform, emit }, {});
    const work = { runId: 'before', source: 'racing', value: 'gb', date: DAY, force: false };
    expect(await scrape(platform, work)).toEqual({ done: true });
    expect(events).toEqual([`REFUSED ${NEEDS}`]);
    expect(session.site.requests).toEqual([]);
  });

  it('is scraped as soon as somebody chose it', async () => {
    const chosen = onlyChosen(session.platform, { RESCRAPE_RACING_URL: session.site.url });
    await plan(chosen, RUN);
    expect(session.site.requests.length).toBeGreaterThan(0);
  });
});

describe('the platform of a function that asks sites', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('asks no source whose address nobody chose', async () => {
    for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
    vi.stubEnv('RESCRAPE_MENUS_URL', 'http://127.0.0.1:9/');
    const platform = await askingPlatform('plan', [])(() => {});
    const needing = platform.sources.filter(({ unset }) => unset?.includes('_URL'));
    expect(needing.map(({ name }) => name)).toEqual(['racing', 'tutoring']);
    const [racing] = needing;
    const answer = await platform.fetcherFor(racing!).fetch({ url: racing!.baseUrl! });
    expect(answer).toMatchObject({ kind: 'failed', requestSent: false, outcome: { code: 'REFUSED' } });
  });

  it('is the only way to fetchers there is for a function', () => {
    const files = readdirSync(LAMBDAS).filter((file) => file.endsWith('.ts'));
    const own = files.filter((file) =>
      /aws-fetchers|\/fetchers\.ts/.test(readFileSync(join(LAMBDAS, file), 'utf8')),
    );
    expect(own).toEqual(['asking-platform.ts']);
  });
});
