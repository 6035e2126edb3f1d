import { describe, expect, it } from 'vitest';
import { toPage } from '../../../core/fetch/decode.ts';
import { BLOCK_RULES } from '../../../core/outcome/block-rules.ts';
import { classifyResponse } from '../../../core/outcome/classify.ts';
import type { OutcomeCode } from '../../../core/outcome/outcome.ts';
import { WALLS as FIRST_WALLS } from './blocks.ts';
import { CHALLENGES } from './blocks-challenges.ts';
import { NEWER_WALLS } from './blocks-newer.ts';
import { RARER_WALLS } from './blocks-rarer.ts';
import { SITE_WALLS } from './blocks-sites.ts';
import { html, type PageCase, prose, responseOf } from './pages.ts';
import { SENSORS, SERVED_PAGES } from './served-pages.ts';
import { TRAPS as FIRST_TRAPS } from './traps.ts';
import { QUOTING_TRAPS } from './traps-quotes.ts';
import { WAITING_ROOMS } from './waiting-rooms.ts';

const policy = { rateLimitStatuses: [429], skipAfterBlocks: 1, skipAfterNotFound: 4 };

const TRAPS = [...FIRST_TRAPS, ...QUOTING_TRAPS];
const WALLS = [...FIRST_WALLS, ...CHALLENGES, ...NEWER_WALLS, ...RARER_WALLS, ...SITE_WALLS];

function judge(page: PageCase, rateLimitStatuses = policy.rateLimitStatuses) {
  const response = responseOf(page);
  const decoded = toPage(response, 10_000_000);
  return classifyResponse({
    response,
    page: decoded.kind === 'page' ? decoded.page : undefined,
    policy: { ...policy, rateLimitStatuses },
  });
}

const status = (code: number, headers: Record<string, string> = {}): PageCase => ({
  name: `HTTP ${code}`,
  status: code,
  headers,
  body: html('', prose(500)),
});

describe('a security wall', () => {
  it.each(WALLS)('is recognised: $name', (wall) => {
    expect(judge(wall)).toMatchObject({ code: 'BLOCKED', blockType: wall.blockType, rule: wall.rule });
  });

  it('has at least one case for every rule', () => {
    const seen = new Set([...WALLS, ...WAITING_ROOMS].map(({ rule }) => rule));
    // These two share their page with a rule that is asked earlier; the mark alone is tested below.
    const shadowed = new Set(['siteground/sg-captcha', 'imunify360/server']);
    expect(BLOCK_RULES.map(({ id }) => id).filter((id) => !seen.has(id) && !shadowed.has(id))).toEqual([]);
  });

  it.each([
    ['siteground/sg-captcha', 202, { 'SG-Captcha': 'challenge' }, ''],
    ['imunify360/server', 403, { Server: 'imunify360-webshield/1.21' }, ''],
    ['ddos-guard/check', 403, {}, '<script src="https://check.ddos-guard.net/check.js"></script>'],
  ] as const)('is recognised by the mark of %s alone', (rule, code, headers, body) => {
    expect(judge({ name: rule, status: code, headers, body })).toMatchObject({ code: 'BLOCKED', rule });
  });

  it('is recognised by its header where the body could not be decoded', () => {
    const response = responseOf({
      name: '',
      status: 403,
      headers: { 'cf-mitigated': 'challenge' },
      body: '',
    });
    expect(classifyResponse({ response, policy })).toMatchObject({
      code: 'BLOCKED',
      blockType: 'cloudflare',
    });
  });

  it('is what a status says that only walls answer with at a site', () => {
    const response = responseOf(status(406));
    expect(classifyResponse({ response, policy: { ...policy, blockStatuses: [406] } })).toEqual({
      code: 'BLOCKED',
      blockType: 'waf',
      rule: 'status/406',
      message: 'security wall (status/406)',
    });
    expect(classifyResponse({ response, policy })).toMatchObject({ code: 'UNKNOWN_ERROR' });
  });

  it('outranks the statuses that a source calls a rate limit', () => {
    const wall = { name: '', status: 406, headers: { 'cf-mitigated': 'challenge' }, body: '' };
    expect(judge(wall, [406])).toMatchObject({ code: 'BLOCKED' });
  });
});

describe('a wall by its body', () => {
  const byBody = WALLS.filter(
    (wall) =>
      wall.rule !== 'captcha/widget-and-status' &&
      judge({ ...wall, headers: {}, url: undefined })?.code === 'BLOCKED',
  );

  it('is most of them', () => {
    expect(byBody.length).toBeGreaterThan(WALLS.length / 2);
  });

  it.each(byBody)('stays one in capitals, with other line ends and below 150 KB of styles: $name', (wall) => {
    const styles = `<style>${'.a{color:red}'.repeat(12_000)}</style>`;
    for (const body of [
      wall.body.toUpperCase(),
      wall.body.replaceAll('\n', '\r\n'),
      `\n\n<!-- edge 17 -->${wall.body}`,
      wall.body.startsWith('<') ? wall.body.replace('</head>', `${styles}</head>`) : wall.body,
    ]) {
      if (!wall.body.startsWith('<') && body.includes('<!-- edge')) continue;
      expect(judge({ ...wall, headers: {}, body })?.code).toBe('BLOCKED');
    }
  });

  it.each(byBody)('is none in a page with content of its own: $name', (wall) => {
    for (const size of [6000, 200_000]) {
      const content = html('Results', `${wall.body}${prose(size)}`);
      const outcome = judge({ name: wall.name, status: 200, body: content });
      expect(outcome).toBeUndefined();
    }
  });
});

describe('a waiting room', () => {
  it.each(WAITING_ROOMS)('is asked again later: $name', (room) => {
    expect(judge(room)).toMatchObject({ code: 'RATE_LIMITED', rule: room.rule });
  });

  it('is none where a site only has its script', () => {
    const body = html('Tickets', `<h1>Ascot</h1>${prose(3000)}`, SENSORS['Queue-it connector']);
    expect(judge({ name: '', status: 200, body })).toBeUndefined();
  });
});

describe('a page that only looks like a wall', () => {
  it.each([...TRAPS, ...SERVED_PAGES])('is not called one: $name', (trap) => {
    expect(judge(trap)?.code).toBe(trap.code);
  });
});

describe('the status alone', () => {
  it.each<[number, OutcomeCode | undefined]>([
    [200, undefined],
    [204, undefined],
    [206, undefined],
    [304, 'NOT_MODIFIED'],
    [301, 'UNKNOWN_ERROR'],
    [400, 'UNKNOWN_ERROR'],
    [401, 'AUTH_FAILED'],
    [403, 'AUTH_FAILED'],
    [404, 'NOT_FOUND'],
    [406, 'UNKNOWN_ERROR'],
    [408, 'TIMEOUT'],
    [410, 'NOT_FOUND'],
    [429, 'RATE_LIMITED'],
    [451, 'AUTH_FAILED'],
    [500, 'SERVER_ERROR'],
    [502, 'SERVER_ERROR'],
    [503, 'SERVER_ERROR'],
    [599, 'SERVER_ERROR'],
    [999, 'UNKNOWN_ERROR'],
  ])('%i means %s', (code, expected) => {
    expect(judge(status(code))?.code).toBe(expected);
  });

  it('is overruled by what the source calls a rate limit', () => {
    expect(judge(status(406), [406, 429])).toMatchObject({ code: 'RATE_LIMITED', rule: 'status/406' });
    expect(judge(status(999), [999])).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('429 is a rate limit even where the source lists other statuses', () => {
    expect(judge(status(429), [406])).toMatchObject({ code: 'RATE_LIMITED' });
  });
});

describe('a service between us and the site', () => {
  const answer = (code: number, body: string): PageCase => ({
    ...status(code, { 'content-type': 'application/json', 'retry-after': '7' }),
    body,
  });

  it.each([
    [503, '{"success":false,"errorCode":"QUEUE_FULL"}'],
    [429, '{"error": "later", "code": "queue_full"}'],
  ])('says with HTTP %i that its queue is full', (code, body) => {
    expect(judge(answer(code, body))).toMatchObject({
      code: 'QUEUE_FULL',
      rule: 'service/queue-full',
      retryAfterMs: 7000,
    });
  });

  it.each([
    [503, '<p>"code":"QUEUE_FULL"</p>'],
    [503, '{"code":"BUSY"}'],
    [500, '{"code":"QUEUE_FULL"}'],
    [200, '{"code":"QUEUE_FULL"}'],
  ])('does not say so with HTTP %i and %s', (code, body) => {
    expect(judge(answer(code, body))?.code).not.toBe('QUEUE_FULL');
  });
});

describe('Retry-After', () => {
  it('is carried in milliseconds, from seconds', () => {
    expect(judge(status(429, { 'Retry-After': '7' }))?.retryAfterMs).toBe(7000);
  });

  it('is carried from a date, measured against the Date of the response', () => {
    const headers = { Date: 'Wed, 21 Oct 2015 07:28:00 GMT', 'Retry-After': 'Wed, 21 Oct 2015 07:28:30 GMT' };
    expect(judge(status(503, headers))).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 30_000 });
  });

  it('is left out where it cannot be read, and the 503 still is a rate limit', () => {
    const outcome = judge(status(503, { 'Retry-After': 'soon' }));
    expect(outcome?.code).toBe('RATE_LIMITED');
    expect(outcome).not.toHaveProperty('retryAfterMs');
  });
});

describe('hostile pages', () => {
  const MARKS = [
    'class="',
    '<input ',
    'cf-error-code"',
    '<form',
    '<script',
    '<script>var dd={',
    '<!--',
    '<title>',
    '<noscript>&#35;',
    '<iframe ',
    '<',
    '{"appid":"px',
    'request blocked. ',
    'http-equiv=refresh ',
    'var dd',
  ];

  it.each(MARKS)('cost linear time however often they repeat %s', (mark) => {
    const body = mark.repeat(Math.floor(90_000 / mark.length));
    // A rule that backtracks takes seconds each time, and does not come to the end of this before the test is
    // given up.
    for (let time = 0; time < 200; time++) judge({ name: '', status: 403, body });
  });

  it('of many megabytes are looked at only in part', () => {
    const wall = WALLS.find(({ status, body }) => status === 200 && body)!;
    const judged = (before: string) => judge({ ...wall, headers: {}, body: before + wall.body });
    expect(judged('')?.code).toBe('BLOCKED');
    expect(judged('<'.repeat(8_000_000))).toBeUndefined();
  });
});
