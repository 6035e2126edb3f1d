import { obfuscated } from './blocks-challenges.ts';
import { type BlockCase, html } from './pages.ts';

/** Walls that single sites have built, behind invented addresses where the address does not matter. */
export const SITE_WALLS: readonly BlockCase[] = [
  {
    name: 'Amazon: characters to be typed, with 200',
    status: 200,
    body: `<!DOCTYPE html><html class="a-no-js" lang="en-us"><head><title dir="ltr">Shop.example</title></head><body><!-- To discuss automated access to data please contact us. --><div class="a-container"><h4>Enter the characters you see below</h4><p class="a-last">Sorry, we just need to make sure you're not a robot.</p><form method="get" action="/errors/validateCaptcha" name=""><input type=hidden name="amzn" value="x" /><h4>Type the characters you see in this image:</h4><img src="/captcha/x.jpg"><input autocomplete="off" id="captchacharacters" name="field-keywords" type="text"><button type="submit">Continue shopping</button></form><a href="/conditions">Conditions of Use</a></div></body></html>`,
    blockType: 'captcha',
    rule: 'amazon/validate-captcha',
  },
  {
    name: 'Amazon: a button in German, with 503',
    status: 503,
    body: html(
      'Amazon.example',
      "<h4>Klicke auf die Schaltfläche unten, um mit dem Einkauf fortzufahren</h4><form method='get' action='/errors/validateCaptcha'><input type='hidden' name='amzn'><button>Weiter</button></form>",
    ),
    blockType: 'captcha',
    rule: 'amazon/validate-captcha',
  },
  {
    name: 'Amazon: redirected to the question',
    status: 200,
    url: 'https://www.shop.example/errors/validateCaptcha?amzn=x&amzn-r=%2F',
    body: '',
    blockType: 'captcha',
    rule: 'amazon/validate-captcha',
  },
  {
    name: 'Reddit: blocked by network security, below 190 KB of styles',
    status: 403,
    body: html(
      '',
      "<div class='main'><h1>You&#x27;ve been blocked by network security.</h1><p>To continue, log in to your account or use your developer token</p><p>If you think you've been blocked by mistake, file a ticket below and we'll look into it.</p><a href='/login'>Log in</a><a href='/ticket'>File a ticket</a></div>",
      `<style>${'.shreddit{margin:0;padding:0}'.repeat(6500)}</style>`,
    ),
    blockType: 'waf',
    rule: 'reddit/network-security',
  },
  {
    name: 'Reddit: blocked by a network policy',
    status: 403,
    body: html(
      'Blocked',
      `<h1>whoa there, pardner!</h1><p>This was blocked due to a network policy.</p><p>Members get in by their account.</p><p>${'Whoever comes with a program of his own asks for a key to the interface first. '.repeat(6)}</p>`,
    ),
    blockType: 'waf',
    rule: 'reddit/network-security',
  },
  {
    name: 'LinkedIn: 999 and a script that leads to the authwall',
    status: 999,
    headers: { 'Set-Cookie': 'trkCode=bf; Max-Age=5' },
    body: '<html><head>\n<script type="text/javascript">\nwindow.onload = function() {\n  var trk = "bf", trkInfo = "bf";\n  var domain = "www.people.example";\n  window.location.href = "https://" + domain + "/authwall?trk=" + trk + "&trkInfo=" + trkInfo + "&original_referer=" + document.referrer.substr(0, 200);\n}\n</script>\n</head></html>',
    blockType: 'waf',
    rule: 'linkedin/authwall',
  },
  {
    name: 'LinkedIn: redirected to the authwall',
    status: 200,
    url: 'https://www.linkedin.com/authwall?trk=gf&sessionRedirect=x',
    body: html('Sign Up', '<form><input name="email"></form>'),
    blockType: 'waf',
    rule: 'linkedin/authwall',
  },
  {
    name: 'Weibo: the visitor system',
    status: 200,
    body: `<!DOCTYPE html><html><head><meta http-equiv="Content-type" content="text/html; charset=utf-8"/><title>Sina Visitor System</title></head><body><span id="message"></span><script type="text/javascript" src="/js/visitor/mini_original.js?v=2016"></script><script>window.use_fp="1"=="1";var url=url||{};${obfuscated(3000)}</script></body></html>`,
    blockType: 'waf',
    rule: 'weibo/visitor-system',
  },
  {
    name: 'Weibo: redirected to the visitor system',
    status: 200,
    url: 'https://passport.weibo.com/visitor/visitor?entry=miniblog&a=enter&url=x',
    body: '<html><head></head><body></body></html>',
    blockType: 'waf',
    rule: 'weibo/visitor-system',
  },
  {
    name: 'Google: the words of the page that is sorry, status 200, address lost',
    status: 200,
    body: html(
      'https://www.google.example/search?q=x',
      '<form id="captcha-form" action="index" method="post"><div class="g-recaptcha" data-sitekey="k"></div></form><b>Why this?</b><p>We detected unusual traffic from your computer network. Show us that a person asks.</p>',
    ),
    blockType: 'captcha',
    rule: 'google/sorry',
  },
  {
    name: 'Yandex: a form that asks whether one is a robot',
    status: 200,
    body: html(
      'Вы не робот?',
      '<form id="checkbox-captcha-form" method="POST" action="/checkcaptcha?key=x&retpath=y"><div class="CheckboxCaptcha"></div></form>',
    ),
    blockType: 'captcha',
    rule: 'yandex/showcaptcha',
  },
  {
    name: 'Alibaba: punished',
    status: 200,
    body: `<script>sessionStorage.x5referer = window.location.href;window.location.replace("https://www.shop.example/_____tmd_____/punish?x5secdata=xg&x5step=1");</script>`,
    blockType: 'captcha',
    rule: 'alibaba/punish',
  },
  {
    name: 'Alibaba: a cookie to be computed',
    status: 200,
    body: `<html><script>var arg1='4A96C1';${obfuscated(2000)}setCookie("acw_sc__v2",x)</script></html>`,
    blockType: 'waf',
    rule: 'alibaba/acw-sc',
  },
  {
    name: 'DuckDuckGo: squares that hold a duck',
    status: 202,
    body: html(
      'DuckDuckGo',
      '<form id="challenge-form" action="//duck.example/anomaly.js?sv=html&amp;cc=botnet" method="POST"><div class="anomaly-modal__title">Unfortunately, bots use DuckDuckGo too.</div></form>',
    ),
    blockType: 'captcha',
    rule: 'duckduckgo/anomaly',
  },
];
