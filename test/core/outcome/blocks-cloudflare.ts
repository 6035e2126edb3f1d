import { type BlockCase, html } from './pages.ts';

const challengeBody =
  '<h1>racing.example</h1><p>Checking that you are human.</p><script>(function(){window._cf_chl_opt={cType:"managed"};' +
  'var a=document.createElement("script");a.src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1";document.head.appendChild(a)})();</script>';

export const CLOUDFLARE_WALLS: readonly BlockCase[] = [
  {
    name: 'a Cloudflare challenge by its header, even with 429',
    status: 429,
    headers: { 'CF-Mitigated': 'challenge', Server: 'cloudflare', 'Retry-After': '10' },
    body: html('Just a moment...', challengeBody),
    blockType: 'cloudflare',
    rule: 'cloudflare/cf-mitigated',
  },
  {
    name: 'a Cloudflare challenge that also speaks of a rate limit',
    status: 429,
    headers: { 'CF-Mitigated': 'challenge', Server: 'cloudflare' },
    body: html('Access denied', '<h1><span class="cf-error-code">1015</span></h1>'),
    blockType: 'cloudflare',
    rule: 'cloudflare/cf-mitigated',
  },
  {
    name: 'a Cloudflare challenge whose header a proxy removed',
    status: 503,
    body: html('Just a moment...', challengeBody),
    blockType: 'cloudflare',
    rule: 'cloudflare/challenge-page',
  },
  {
    name: 'a Cloudflare challenge with a title in another language',
    status: 403,
    body: html('Einen Augenblick…', challengeBody),
    blockType: 'cloudflare',
    rule: 'cloudflare/challenge-page',
  },
  {
    name: 'a Cloudflare ban by rule',
    status: 403,
    headers: { Server: 'cloudflare' },
    body: html(
      'Access denied | racing.example used Cloudflare to restrict access',
      '<h1><span>Error</span> <span class="cf-error-code">1020</span></h1><p>Access denied</p>',
    ),
    blockType: 'cloudflare',
    rule: 'cloudflare/ban-page',
  },
  {
    name: 'a Cloudflare ban in plain text',
    status: 403,
    headers: { Server: 'cloudflare' },
    body: 'error code: 1010',
    blockType: 'cloudflare',
    rule: 'cloudflare/ban-page',
  },
  {
    name: 'a Cloudflare block page',
    status: 403,
    body: html('Attention Required! | Cloudflare', '<h1>Sorry, you have been blocked</h1>'),
    blockType: 'cloudflare',
    rule: 'cloudflare/attention-required',
  },
];
