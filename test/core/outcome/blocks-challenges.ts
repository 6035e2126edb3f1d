import { type BlockCase, html } from './pages.ts';

/** Scripts of walls are long and mean nothing to a reader. */
export const obfuscated = (characters: number) =>
  `var _0x4f=['\\x64','\\x6f'];(function(a,b){while(--b){a.push(a.shift())}}(_0x4f,0x1a));`.repeat(
    Math.ceil(characters / 80),
  );

const iuam = (inside: string, title = 'Just a moment...') => `<!DOCTYPE HTML>
<html lang="en-US"><head><meta charset="UTF-8" /><meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
<meta http-equiv="X-UA-Compatible" content="IE=Edge,chrome=1" /><meta name="robots" content="noindex, nofollow" />
<title>${title}</title><style type="text/css">html, body {width: 100%; height: 100%; margin: 0;}</style>
</head><body><table width="100%" height="100%" cellpadding="20"><tr><td align="center" valign="middle">${inside}
<div class="attribution"><a href="https://www.cloudflare.com/5xx-error-landing?utm_source=iuam" target="_blank">DDoS protection by Cloudflare</a><br>Ray ID: 2f1a9c0b1d2e3f40</div>
</td></tr></table></body></html>`;

const challenges: readonly Omit<BlockCase, 'blockType'>[] = [
  {
    name: 'Cloudflare 2015: arithmetic in a hidden form',
    status: 503,
    headers: { Server: 'cloudflare-nginx', Refresh: '8;URL=/cdn-cgi/l/chk_jschl?pass=1447.1-xyz' },
    body: iuam(
      '<div class="cf-browser-verification cf-im-under-attack"><h1>Checking your browser before accessing racing.example.</h1></div>',
    ),
    rule: 'cloudflare/jschl',
  },
  {
    name: 'Cloudflare 2016: its form, without headers',
    status: 503,
    headers: {},
    body: iuam(`<script>//<![CDATA[
(function(){var a=function(){try{return !!window.addEventListener}catch(e){return !1}};setTimeout(function(){var s,t,o,p,b,r,e,k,i,n,g,f,hXv={"q":+((!+[]+!![]+[])+(+!![]))};a=document.getElementById('jschl-answer');f=document.getElementById('challenge-form');f.submit()},4000)})();//]]></script>
<noscript><h1 data-translate="turn_on_js" style="color:#bd2426;">Please turn JavaScript on and reload the page.</h1></noscript>
<form id="challenge-form" action="/cdn-cgi/l/chk_jschl" method="get"><input type="hidden" name="jschl_vc" value="c0ffee"/><input type="hidden" name="pass" value="1460-a"/><input type="hidden" id="jschl-answer" name="jschl_answer"/></form>`),
    rule: 'cloudflare/jschl',
  },
  {
    name: 'Cloudflare 2018: with Retry-After, which makes it no rate limit',
    status: 503,
    headers: { Server: 'cloudflare', 'Retry-After': '5', 'CF-RAY': '41b2-LHR' },
    body: iuam(
      `<form id="challenge-form" action="/cdn-cgi/l/chk_jschl" method="get"><input type="hidden" name="s" value="x"></input><input type="hidden" name="jschl_vc" value="y"/></form>`,
    ),
    rule: 'cloudflare/jschl',
  },
  {
    name: 'Cloudflare 2020: posted to the page itself, in capitals',
    status: 503,
    headers: { SERVER: 'CLOUDFLARE' },
    body: iuam(
      `<FORM CLASS="challenge-form" ID='challenge-form' ACTION="/results?__cf_chl_jschl_tk__=pmd_1&amp;x=2" METHOD="POST" ENCTYPE="application/x-www-form-urlencoded"><INPUT TYPE="hidden" NAME="r" VALUE="z"></FORM>`,
      'Please Wait... | Cloudflare',
    ),
    rule: 'cloudflare/jschl',
  },
  {
    name: 'Cloudflare 2017: the captcha',
    status: 403,
    headers: { Server: 'cloudflare-nginx' },
    body: iuam(
      `<h1 data-translate="challenge_headline">One more step</h1><h2><span data-translate="complete_sec_check">Please complete the security check to access</span> racing.example</h2>
<div class="cf-captcha-container"><form id="challenge-form" action="/cdn-cgi/l/chk_captcha" method="get"><script src="/cdn-cgi/scripts/cf.challenge.js" data-ray="2f" data-sitekey="6Lf"></script></form></div>`,
      'Attention Required! | Cloudflare',
    ),
    rule: 'cloudflare/jschl',
  },
  {
    name: 'Cloudflare 2021: hCaptcha in another language',
    status: 403,
    headers: {},
    body: iuam(
      `<h1>Ещё один шаг</h1><form class="challenge-form" id="challenge-form" action="/?__cf_chl_captcha_tk__=pmd" method="POST"><input type="hidden" name="cf_captcha_kind" value="h"><div class="h-captcha"></div></form>`,
      'Требуется внимание!',
    ),
    rule: 'cloudflare/jschl',
  },
  {
    name: 'Cloudflare today, in Chinese, without its header and with 200',
    status: 200,
    headers: {},
    body: `<!DOCTYPE html><html lang="zh-CN" dir="ltr"><head><title>请稍候…</title><meta http-equiv="refresh" content="390"></head><body class="no-js"><div class="main-wrapper" role="main"><div class="main-content"><noscript><div id="challenge-error-title"><div class="h2"><span id="challenge-error-text">启用 JavaScript 和 Cookie 以继续</span></div></div></noscript></div></div><script>(function(){window._cf_chl_opt={cvId:'3',cZone:"racing.example",cType:'managed',cRay:'8a1b',cH:'${'Ab3_'.repeat(400)}',md:"${'x'.repeat(3000)}"};var a=document.createElement('script');a.src='/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1?ray=8a1b';document.getElementsByTagName('head')[0].appendChild(a);}());</script></body></html>`,
    rule: 'cloudflare/challenge-page',
  },
  {
    name: 'Cloudflare 2022: its stages and its stylesheet',
    status: 403,
    headers: { server: 'cloudflare' },
    body: html(
      'Ein Moment …',
      '<div class="main-wrapper" role="main"><div class="main-content"><h1 class="zone-name-title h1">racing.example</h1><h2 class="h2" id="challenge-running">Es wird geprüft, ob die Verbindung sicher ist</h2><div id="challenge-stage" style="display:none"></div></div></div>',
      '<link href="/cdn-cgi/styles/challenges.css" rel="stylesheet">',
    ),
    rule: 'cloudflare/challenge-page',
  },
  {
    name: 'Cloudflare 2020: its error page of today without a class at the number',
    status: 403,
    headers: { Server: 'cloudflare' },
    body: html(
      'Access denied | racing.example used Cloudflare to restrict access',
      '<div id="cf-wrapper"><div id="cf-error-details" class="p-0"><h1><span data-translate="error">Error</span>\n<span>1009</span></h1><span>Ray ID: 5f&bull;</span><h2>Access denied</h2><p>The owner of this website (racing.example) has banned the country or region your IP address is in.</p></div></div>',
    ),
    rule: 'cloudflare/ban-page',
  },
  {
    name: 'Cloudflare 2019: a captcha by its header',
    status: 403,
    headers: { 'CF-Chl-Bypass': '1', Server: 'cloudflare' },
    body: '',
    rule: 'cloudflare/jschl',
  },
  {
    name: 'Cloudflare: a ban as JSON',
    status: 403,
    headers: { 'Content-Type': 'application/problem+json' },
    body: '{"type":"https://example/error-1010/","title":"Error 1010: Access denied","status":403,"error_code":1010,"cloudflare_error":true,"retryable":false}',
    rule: 'cloudflare/ban-page',
  },
];

export const CHALLENGES: readonly BlockCase[] = challenges.map((wall) => ({
  ...wall,
  blockType: 'cloudflare',
}));
