import { html, type PageCase } from './pages.ts';

/** Limits and queues that look like walls: they are asked again later. */
export const WAITING_ROOMS: readonly (PageCase & { readonly rule: string })[] = [
  {
    name: 'Queue-it by its address',
    status: 200,
    url: 'https://racing.queue-it.net/?c=racing&e=derby&cid=en-GB',
    body: html('Queue', '<p>Please wait</p>'),
    rule: 'queue-it/waiting-room',
  },
  {
    name: 'Queue-it by a redirect that was not followed',
    status: 302,
    headers: { location: 'https://racing.queue-it.net/?c=racing&e=derby' },
    body: '',
    rule: 'queue-it/waiting-room',
  },
  {
    name: 'Queue-it by the only scripts of the page',
    status: 200,
    body: '<html><head><script src="//static.queue-it.net/script/queueclient.min.js"></script><script data-queueit-c="racing" src="//static.queue-it.net/script/queueconfigloader.min.js"></script></head><body></body></html>',
    rule: 'queue-it/waiting-room',
  },
  {
    name: 'Queue-it under a domain of the site',
    status: 200,
    body: html(
      'Queue-it',
      '<div id="MainPart_divProgressbar"></div><p>You are now in line</p><p>Your estimated wait time is: more than an hour</p>',
    ),
    rule: 'queue-it/waiting-room',
  },
  {
    name: 'Queue-it in another language, under a domain of the site',
    status: 200,
    body: html(
      'Warteschlange',
      '<div id="MainPart_divProgressbar" class="progressbar queueElement"></div><span id="MainPart_lbWhichIsIn">mehr als eine Stunde</span><script>var queueViewModel = {};</script>',
    ),
    rule: 'queue-it/waiting-room',
  },
  {
    name: 'Queue-it by a script that leads there',
    status: 200,
    body: `<script>document.location.href = 'https://racing.queue-it.net/?c=racing&t=' + encodeURIComponent(location.href);</script>`,
    rule: 'queue-it/waiting-room',
  },
  {
    name: 'Reddit: whoa there, pardner',
    status: 429,
    body: html(
      'Too Many Requests',
      '<h1>whoa there, pardner!</h1><p>There were too many requests from where you are; come back in a moment.</p>',
    ),
    rule: 'reddit/too-many-requests',
  },
  {
    name: "Cloudflare's 1015 as it looks today",
    status: 429,
    headers: { server: 'cloudflare' },
    body: html(
      'Access denied | racing.example used Cloudflare to restrict access',
      '<div id="cf-wrapper"><div id="cf-error-details"><h1><span>Error</span> <span>1015</span></h1><h2>You are being rate limited</h2></div></div>',
    ),
    rule: 'cloudflare/1015',
  },
  { name: 'a 429 that says nothing', status: 429, body: '', rule: 'status/429' },
  {
    name: 'a 429 of a page with the sensors of four vendors',
    status: 429,
    headers: { 'Set-Cookie': '_abck=1; datadome=2; TS01=3' },
    body: html(
      'Slow down',
      '<h1>Too many requests</h1><script src="/_Incapsula_Resource?SWJIYLWA=1"></script><script src="/TSPD/?type=18"></script><script>window._pxAppId="PX1";</script><script src="https://static.cloudflareinsights.com/beacon.min.js"></script>',
    ),
    rule: 'status/429',
  },
];
