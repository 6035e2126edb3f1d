import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classifyResponse } from '../../../core/outcome/classify.ts';
import type { HttpClient, HttpRequest } from '../../../core/ports/http-client.ts';
import { PoliteSite, redirect, text } from './polite-site.ts';

const policy = { rateLimitStatuses: [429], skipAfterBlocks: 1, skipAfterNotFound: 4 };

let polite: PoliteSite;
beforeEach(async () => {
  polite = await PoliteSite.open();
  polite.routes['/robots.txt'] = text('User-agent: *\nDisallow: /\nAllow: /old');
});
afterEach(() => polite.close());

/** Every other host is the loopback site by another name. */
function everywhere(): HttpClient {
  return {
    send: (asked: HttpRequest) => {
      const { pathname, search } = new URL(asked.url);
      return polite.client.send({
        ...asked,
        url: `${polite.site.origin}${pathname}${search}`,
        privateAddresses: 'any',
      });
    },
    close: async () => {},
  };
}

async function outcomeOf(location: string, client: HttpClient) {
  polite.routes['/old'] = redirect(location);
  const got = await polite.fetcher({ client }).fetch(polite.at('/old'));
  if (got.kind === 'dropped') return undefined;
  return got.kind === 'failed' ? got.outcome : classifyResponse({ response: got.response, policy });
}

describe('a redirect that robots.txt forbids to follow', () => {
  it.each([
    ['https://validate.perfdrive.com/0a1b/captcha?ssa=1', 'BLOCKED', 'radware/captcha'],
    ['https://geo.captcha-delivery.com/captcha/?cid=1', 'BLOCKED', 'datadome/delivery'],
    ['https://www.google.com/sorry/index?continue=x', 'BLOCKED', 'google/sorry'],
    ['https://passport.weibo.com/visitor/visitor?entry=x', 'BLOCKED', 'weibo/visitor-system'],
    ['/errors/validateCaptcha?amzn=1', 'BLOCKED', 'amazon/validate-captcha'],
    ['https://shop.queue-it.net/?c=shop&e=derby', 'RATE_LIMITED', 'queue-it/waiting-room'],
  ])('is what its address says: %s', async (location, code, rule) => {
    expect(await outcomeOf(location, everywhere())).toMatchObject({ code, rule });
    expect(polite.paths().filter((path) => path !== '/robots.txt')).toEqual(['/old']);
  });

  it.each([
    '/private',
    'https://other.example/sorry/index',
    'https://other.example/?to=validate.perfdrive.com',
    'https://notqueue-it.net/',
  ])('is REFUSED where that is no wall: %s', async (location) => {
    expect(await outcomeOf(location, everywhere())).toMatchObject({
      code: 'REFUSED',
      rule: 'robots/disallow',
    });
  });
});

describe('a redirect to a wall', () => {
  it('is one also where the robots.txt of its host is out of reach', async () => {
    const client: HttpClient = {
      send: (asked) => polite.client.send(asked),
      close: async () => {},
    };
    expect(await outcomeOf('http://127.0.0.1:1/errors/validateCaptcha', client)).toMatchObject({
      code: 'BLOCKED',
      rule: 'amazon/validate-captcha',
    });
  });

  it('is not the first address, which was asked for', async () => {
    const got = await polite.fetcher().fetch(polite.at('/errors/validateCaptcha'));
    expect(got).toMatchObject({ kind: 'failed', outcome: { code: 'REFUSED' } });
  });
});
