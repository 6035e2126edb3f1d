import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { cellsOf, type Row } from '../../core/schema/columns.ts';
import type { Item, PageRequest } from '../../core/source/source.ts';
import { type SchedulesSite, startSchedulesSite } from '../../demo/schedules/site.ts';
import { normalizeDistrict } from '../../sources/schedules/district.ts';
import { schedules } from '../../sources/schedules/source.ts';

const TODAY = civilDate('2026-11-26');
let site: SchedulesSite;
beforeAll(async () => {
  site = await startSchedulesSite({ seed: 1, today: TODAY, troubles: false, now: () => 0 });
});
afterAll(() => site.close());

/** The answer of a host of the site, whatever the machine makes of its name. */
async function get(address: string): Promise<{ readonly status: number; readonly body: string }> {
  const url = new URL(address);
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: url.port, path: url.pathname, headers: { host: url.host } };
    request(options, resolve).on('error', reject).end();
  });
  return { status: response.statusCode!, body: await text(response) };
}

const districts = () =>
  site
    .csv()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [district_id, name, state, tier, enrollment, url] = line.split(',') as [string, ...string[]];
      const columns = {
        district_id,
        name: name!,
        state: state!,
        tier: tier!,
        enrollment: enrollment!,
        url: url!,
      };
      const target = normalizeDistrict(columns);
      if (typeof target === 'string') throw new Error(target);
      return target;
    });

/** Brings a district home as a scrape does: page after page, and what several say as one. */
async function visit(item: Item, state: string): Promise<readonly Row[]> {
  const requests: PageRequest[] = [item];
  const rows: Row[] = [];
  for (let page = 0; page < requests.length; page++) {
    const { url } = requests[page]!;
    const { status, body } = await get(url);
    if (status !== 200) continue;
    const parsed = schedules.parse(
      { url, status, contentType: 'text/html', text: body },
      { ...item, url },
      { value: state, date: TODAY },
      { page, requests, rowKeys: new Set(), settings: {} },
    );
    expect(parsed.kind, `${url}: ${JSON.stringify(parsed)}`).not.toBe('rejected');
    if (parsed.kind !== 'records') continue;
    for (const record of parsed.records)
      rows.push(cellsOf(schedules.table.schema, schedules.table.schema.parse(record)));
    requests.push(...(parsed.follow ?? []));
  }
  return schedules.combine!(rows);
}

describe('the demo of schedules', () => {
  it('has districts in four states on as many hosts, one without a site, told as a file tells them', () => {
    const all = districts();
    expect(all).toHaveLength(60);
    expect(new Set(all.map(({ attributes }) => attributes?.state)).size).toBe(4);
    expect(all.map(({ id }) => id)).toEqual(site.districts.map(({ id }) => id));
    const hosts = all.flatMap(({ attributes }) => URL.parse(String(attributes?.url))?.host ?? []);
    expect(new Set(hosts).size).toBe(hosts.length);
    expect(hosts.length).toBe(59);
    expect(site.csv()).toMatch(/^6\d{5},/m);
  });

  it('is read as it was made: every row and no other', async () => {
    const found: Record<string, unknown>[] = [];
    for (const target of districts()) {
      if (schedules.register!.ready!(target) !== true) continue;
      const state = String(target.attributes?.state);
      const [item] = schedules.items(target, TODAY, {});
      for (const row of await visit(item!, state)) {
        const lists = {
          schools_sampled: JSON.parse(String(row.schools_sampled)),
          source_urls: JSON.parse(String(row.source_urls)),
        };
        found.push({ state, ...row, ...lists });
      }
    }
    const truth = site.truth();
    expect(truth.length).toBeGreaterThan(70);
    expect(found).toHaveLength(truth.length);
    for (const [at, row] of truth.entries()) expect(found[at]).toMatchObject({ ...row });
  });

  it('is the same again for the same seed, and tells of another school year on another date', async () => {
    const again = await startSchedulesSite({ seed: 1, today: TODAY, troubles: false, now: () => 0 });
    const later = await startSchedulesSite({ seed: 1, today: civilDate('2027-08-01'), now: () => 0 });
    const withoutPort = ({ port }: SchedulesSite, value: unknown) =>
      JSON.stringify(value).replaceAll(`:${port}`, '');
    expect(withoutPort(again, again.truth())).toBe(withoutPort(site, site.truth()));
    expect(withoutPort(again, again.csv())).toBe(withoutPort(site, site.csv()));
    expect(new Set(later.truth().map(({ year }) => year))).toEqual(new Set(['2027-28']));
    await again.close();
    await later.close();
  });
});

describe('troubles of the demo of schedules', () => {
  let troubled: SchedulesSite;
  beforeAll(async () => {
    troubled = await startSchedulesSite({ seed: 1, today: TODAY, now: () => 0 });
  });
  afterAll(() => troubled.close());

  const addressOf = (kind: string) => {
    const at = troubled.districts.findIndex((district) => district.kind === kind);
    return troubled.csv().trim().split('\n')[at + 1]!.split(',').at(-1)!;
  };

  it.each([
    ['cloudflare', 403, 'Just a moment'],
    ['incapsula', 200, 'Incapsula'],
    ['captcha', 403, 'g-recaptcha'],
    ['not found', 404, '404'],
    ['queue full', 503, 'QUEUE_FULL'],
  ] as const)('%s is answered with %i each time', async (kind, status, word) => {
    for (let time = 0; time < 2; time++) {
      const answer = await get(addressOf(kind));
      expect(answer.status).toBe(status);
      expect(answer.body).toContain(word);
    }
    expect(troubled.truth().filter(({ source_urls }) => source_urls.includes(addressOf(kind)))).toEqual([]);
  });

  it('a busy server is there the second time', async () => {
    const statuses = [await get(addressOf('busy once')), await get(addressOf('busy once'))].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([503, 200]);
  });

  it('a host that never answers is in the log', async () => {
    const url = new URL(addressOf('hang'));
    const asked = request({ host: '127.0.0.1', port: url.port, path: '/', headers: { host: url.host } });
    const failed = new Promise((resolve) => asked.on('error', resolve));
    asked.end();
    while (!troubled.requests.some(({ host }) => host === url.hostname))
      await new Promise((resolve) => setImmediate(resolve));
    asked.destroy();
    await failed;
    expect(troubled.requests.at(-1)).toMatchObject({ host: url.hostname, status: 0, trouble: 'hang' });
  });
});
