import { html, prose } from './pages.ts';
import type { TrapCase } from './traps.ts';

/** What vendors put into pages that they let through. */
export const SENSORS: Readonly<Record<string, string>> = {
  'Cloudflare passive detection': `<script>(function(){window['__CF$cv$params']={r:'8a',t:'MTc='};var a=document.createElement('script');a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js';document.head.appendChild(a)})();</script>`,
  'Cloudflare beacon':
    '<script defer src="https://static.cloudflareinsights.com/beacon.min.js/v84a" data-cf-beacon="{}"></script><script data-cfasync="false" src="/cdn-cgi/scripts/5c5dd728/cloudflare-static/email-decode.min.js"></script>',
  'Imperva script':
    '<script type="text/javascript" src="/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3&ns=1&cb=1"></script>',
  'Imperva reese84':
    '<script src="/Feth-Marchong-Drops-old-in-Thee-I-haue-no-toy-The/12?s=abc" async></script><script>reese84interrogatorconfig={}</script>',
  'Akamai sensor':
    '<script src="/akam/13/5a6b7c8d" defer></script><noscript><img src="https://racing.example/akam/13/pixel_5a6b?a=dD0" style="visibility:hidden"></noscript><script>window.bmak=window.bmak||{};</script>',
  'DataDome tag': `<script>!function(a,b){window.ddjskey='AB12';window.ddoptions={ajaxListenerPath:true}}();</script><script src="https://js.datadome.co/tags.js" async></script>`,
  'HUMAN variables': `<script>window._pxAppId='PXab12';window._pxParam1=1;(function(){var s=document.createElement('script');s.src='/ab12/init.js'})()</script>`,
  'F5 injection':
    '<script>window["bobcmn"]="1011";window["loaderConfig"]="/TSPD/?type=21";</script><script src="/TSPD/?type=18"></script><APM_DO_NOT_TOUCH></APM_DO_NOT_TOUCH>',
  'Kasada loader':
    '<script src="/149e9513/2d206a39/p.js"></script><script>window.KPSDK&&KPSDK.configure([{domain:"racing.example"}])</script>',
  'AWS WAF SDK':
    '<script src="https://ab12.edge.sdk.awswaf.com/ab12/challenge.compact.js" defer></script><script>AwsWafIntegration&&AwsWafIntegration.getToken()</script>',
  'Radware sensor':
    '<script>window.__uzdbm_1="1";</script><script src="https://cdn.perfdrive.com/aperture/aperture.js"></script>',
  'Queue-it connector':
    '<script src="//static.queue-it.net/script/queueclient.min.js"></script><script data-queueit-c="racing" src="//static.queue-it.net/script/queueconfigloader.min.js"></script>',
  'Spur library': '<script src="https://mcl.spur.us/d/mcl.js?tk=abc"></script>',
  'reCAPTCHA script': '<script src="https://www.google.com/recaptcha/api.js?render=k"></script>',
  'Turnstile script':
    '<script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async defer></script>',
  'Wordfence log': '<script>var wfLogHumanRan=false;url="/?wordfence_lh=1&hid=1"</script>',
  'Sucuri header': '<link rel="dns-prefetch" href="//sucuri.net">',
};

/** What walls are made of, on pages that are none because their own content stands beside it. */
const WALL_PARTS: Readonly<Record<string, string>> = {
  ...SENSORS,
  'object of DataDome': `<script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script><script src="https://ct.captcha-delivery.com/c.js"></script>`,
  'properties of AWS WAF':
    '<script>window.gokuProps={"key":"a"};</script><script src="https://ab12.token.awswaf.com/ab12/challenge.js"></script>',
  'start of Kasada':
    '<script>window.KPSDK={};KPSDK.scriptStart=KPSDK.now();</script><script src="/149e9513/ips.js"></script>',
  'variable of Sucuri': "<script>var s={},sucuri_cloudproxy_js='';</script>",
  'rejection of F5': '<p>The requested URL was rejected. Please consult with your administrator.</p>',
  'incident of Imperva': '<p>Incapsula incident ID: 1234000560078-90123</p>',
  'refusal of Imunify360': '<p>Access denied by Imunify360 bot-protection.</p>',
  'words of Reddit': '<p>blocked by network security</p>',
  'lone widget': '<div class="g-recaptcha" data-sitekey="k"></div>',
  'container of HUMAN': '<div id="px-captcha" hidden></div>',
  'form of a challenge': '<form id="challenge-form"></form>',
};
const list = `<main><h1>Ascot 14:30</h1><table>${'<tr><td>1</td><td>Red Rum</td><td>9/4</td></tr>'.repeat(5)}</table></main>`;

const everything = Object.values(SENSORS).join('\n');

const bundle = '<script src="/static/js/main.3f2a1b.chunk.js"></script>';
const spa = (title: string, sensor: string) =>
  html(
    title,
    `<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>${sensor}${bundle}`,
  );

/**
 * Alone below a few words these are the wall itself; a site that has them has a script of its own as well.
 */
const NEVER_ALONE = new Set(['Queue-it connector', 'Spur library']);

const perSensor = Object.entries(SENSORS).flatMap(([name, alone]): TrapCase[] => {
  const sensor = NEVER_ALONE.has(name) ? `<script src="/js/site-1.js"></script>${alone}` : alone;
  return [
    {
      name: `a page of 300 KB with the ${name}`,
      status: 200,
      body: html('Results', prose(300_000), sensor),
      code: undefined,
    },
    {
      name: `a page of 1 KB with the ${name}`,
      status: 200,
      body: html('Results', prose(1000) + sensor),
      code: undefined,
    },
    {
      name: `a shell of an application with the ${name}`,
      status: 200,
      body: spa('Racing', sensor),
      code: undefined,
    },
    {
      name: `a shell of an unknown application with the ${name}`,
      status: 200,
      body: html('Racing', `<div id="shell"></div><script src="/js/racing-9f8e.js"></script>${sensor}`),
      code: undefined,
    },
    {
      name: `a site's own 404 with the ${name}`,
      status: 404,
      body: html('Not found', `<h1>Not found</h1>${sensor}`),
      code: 'NOT_FOUND',
    },
    {
      name: `a site's own 403 with the ${name}`,
      status: 403,
      body: html('403', `<h1>403 Forbidden</h1>${sensor}`),
      code: 'AUTH_FAILED',
    },
    {
      name: `a site's own 500 with the ${name}`,
      status: 500,
      body: html('Oops', `<p>Something broke.</p>${sensor}`),
      code: 'SERVER_ERROR',
    },
    {
      name: `a site's own 503 with the ${name}`,
      status: 503,
      body: html('Maintenance', `<p>Back at noon.</p>${sensor}`),
      code: 'SERVER_ERROR',
    },
  ];
});

const quotes = [
  'Just a moment...',
  'Checking your browser before accessing',
  'Attention Required! | Cloudflare',
  'DDoS protection by Cloudflare',
  'Enable JavaScript and cookies to continue',
  'Request unsuccessful. Incapsula incident ID: 877000230066197842-4099',
  'Pardon Our Interruption',
  'made us think you were a bot',
  'Access to this page has been denied',
  'Press &amp; Hold',
  'Activate and hold the button',
  'Robot or human?',
  'The requested URL was rejected. Please consult with your administrator.',
  'Your support ID is: 13092345678901234567',
  "Making sure you're not a bot!",
  'Protected by Anubis',
  'Radware Bot Manager',
  'Enter the characters you see below',
  "You've been blocked by network security",
  'whoa there, pardner',
  'Reference #18.2d7adc17.1731',
  "You don't have permission to access",
  'Sucuri WebSite Firewall - Access Denied',
  'Generated by Wordfence',
  'Your access to this site has been limited',
  'Access denied by Imunify360',
  'detected unusual traffic from your computer network',
  'Please enable JavaScript to view the page content',
  'You are now in line',
  'Powered and protected by',
  '&lt;div id="px-captcha"&gt;',
  '&lt;div class="g-recaptcha"&gt;',
  'window._cf_chl_opt',
  'sec-if-cpt-container',
  'KPSDK.scriptStart',
  'sucuri_cloudproxy_js',
];

export const SERVED_PAGES: readonly TrapCase[] = [
  ...perSensor,
  ...Object.entries(WALL_PARTS).map(
    ([name, part]): TrapCase => ({
      name: `a list of five rows with the ${name}`,
      status: 200,
      body: html('Results', list + part),
      code: undefined,
    }),
  ),
  {
    name: 'a page of 800 KB with every sensor at once',
    status: 200,
    body: html('Results', everything + prose(800_000) + everything),
    code: undefined,
  },
  {
    name: 'a page of 1 KB with every sensor at once',
    status: 200,
    body: html('Results', everything + prose(1000)),
    code: undefined,
  },
  {
    name: 'a long article about captchas that quotes every wall',
    status: 200,
    body: html(
      'Why do I see "Just a moment"? Captchas and Cloudflare explained',
      prose(8000) + quotes.map((quote) => `<p>It says "${quote}".</p>`).join(''),
    ),
    code: undefined,
  },
  ...quotes.map(
    (quote): TrapCase => ({
      name: `a short note that quotes ${quote}`,
      status: 200,
      body: html(
        'A note on walls',
        `<article><h1>A note</h1>${prose(900)}<p>The page says "${quote}", which is how one tells.</p></article>`,
      ),
      code: undefined,
    }),
  ),
  {
    name: 'a served page with a hidden challenge of HUMAN in it',
    status: 200,
    body: html(
      'Offers',
      `<div hidden><h1>Robot or human?</h1><p>Activate and hold the button</p><div id="px-captcha"></div></div>${prose(200_000)}`,
    ),
    code: undefined,
  },
  {
    name: 'a table of results that shows few words and a phrase of F5',
    status: 200,
    body: html(
      'Results',
      `<table>${'<tr><td>1</td><td>Red Rum</td></tr>'.repeat(14)}</table><p>The requested URL was rejected. Please consult with your administrator.</p>`,
    ),
    code: undefined,
  },
  {
    name: 'a page with data for a script, and a challenge that waits in it',
    status: 200,
    body: html(
      'Offers',
      `<div id="__next"><div id="px-captcha"></div></div><script id="__NEXT_DATA__" type="application/json">{"a":"${'x'.repeat(40_000)}"}</script>`,
      '<script src="https://captcha.px-cdn.net/PX/captcha.js"></script>',
    ),
    code: undefined,
  },
  {
    name: 'a sign-in with a Turnstile',
    status: 200,
    body: html(
      'Sign in',
      '<form method="post"><input name="user"><input type="password" name="p"><div class="cf-turnstile" data-sitekey="k"></div><button>Sign in</button></form>',
      SENSORS['Turnstile script'],
    ),
    code: undefined,
  },
  {
    name: 'a sign-in with a Turnstile, answered with 403',
    status: 403,
    body: html(
      'Members only',
      '<form method="post"><input name="user"><input type="password" name="p"><div class="cf-turnstile" data-sitekey="k"></div></form>',
    ),
    code: 'AUTH_FAILED',
  },
  {
    name: 'a registration with a reCAPTCHA',
    status: 200,
    body: html(
      'Register',
      '<form><input type="email" name="e"><select name="c"><option>GB</option></select><div class="g-recaptcha" data-sitekey="k"></div></form>',
    ),
    code: undefined,
  },
  {
    name: 'a small page with an invisible reCAPTCHA badge',
    status: 200,
    body: html(
      'Racing',
      '<h1>Welcome</h1><div class="g-recaptcha" data-size="invisible" data-sitekey="k"></div>',
    ),
    code: undefined,
  },
  {
    name: 'a 404 with a widget below a few words',
    status: 404,
    body: html('Not found', '<p>Tell us.</p><form><div class="h-captcha"></div><button>Send</button></form>'),
    code: 'NOT_FOUND',
  },
  {
    name: 'consent in place of the page',
    status: 200,
    body: html(
      'Your privacy',
      '<main><h1>We value your privacy</h1><form action="/consent" method="post"><button name="a">Accept all</button><button name="r">Reject all</button></form></main>',
    ),
    code: undefined,
  },
  {
    name: 'a loading page of a site with a title of its own',
    status: 200,
    body: html('Just a moment...', '<div class="spinner"></div><script src="/js/results-1a2b.js"></script>'),
    code: undefined,
  },
  {
    name: 'a page that asks for JavaScript',
    status: 200,
    body: html('Racing', '<noscript>Please enable JavaScript.</noscript>'),
    code: undefined,
  },
  {
    name: 'a 999 of anybody',
    status: 999,
    body: html('Request denied', '<p>Sorry.</p>'),
    code: 'UNKNOWN_ERROR',
  },
  {
    name: 'a 405 of a server',
    status: 405,
    body: html('405', '<h1>405 Not Allowed</h1>'),
    code: 'UNKNOWN_ERROR',
  },
  {
    name: 'a 202 that works on it',
    status: 202,
    body: html('Accepted', '<p>Your report is being made.</p>'),
    code: undefined,
  },
  {
    name: 'an answer of an interface, status 200',
    status: 200,
    body: '{"url":"https://racing.example/","items":[]}',
    code: undefined,
  },
  {
    name: 'a country that CloudFront does not serve, which is a refusal of the site',
    status: 403,
    body: html(
      'ERROR: The request could not be satisfied',
      '<h1>403 ERROR</h1>The Amazon CloudFront distribution is configured to block access from your country.<pre>Generated by cloudfront (CloudFront)</pre>',
    ),
    code: 'AUTH_FAILED',
  },
  {
    name: 'an address with the name of a wall in its query',
    status: 200,
    url: 'https://racing.example/out?to=https://validate.perfdrive.com/&ref=/errors/validateCaptcha',
    body: html('Bye', prose(500)),
    code: undefined,
  },
  {
    name: 'an address on a host that only ends like a wall',
    status: 200,
    url: 'https://notqueue-it.net/visitor/',
    body: html('Bye', prose(500)),
    code: undefined,
  },
  {
    name: 'Cloudflare that cannot reach the site, as it looks today',
    status: 522,
    headers: { Server: 'cloudflare' },
    body: html(
      'racing.example | 522: Connection timed out',
      '<div id="cf-wrapper"><div id="cf-error-details"><h1><span>Connection timed out</span> <span>Error code 522</span></h1></div></div>',
      '<link rel="stylesheet" id="cf_styles-css" href="/cdn-cgi/styles/main.css">',
    ),
    code: 'SERVER_ERROR',
  },
];
