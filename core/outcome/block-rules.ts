import type { BlockType } from './outcome.ts';
import { hasWidget, isLoneWidget, type WallEvidence } from './wall-evidence.ts';

/** One way to recognise a security wall. */
export interface BlockRule {
  /** Kept as evidence in the outcome: `vendor/mark`. */
  readonly id: string;
  readonly blockType: BlockType;
  readonly test: (evidence: WallEvidence) => boolean;
}

const has = (evidence: WallEvidence, ...marks: readonly string[]) =>
  marks.every((mark) => evidence.text.includes(mark));

/** How many of the marks the page carries. */
const count = (evidence: WallEvidence, ...marks: readonly boolean[]) =>
  evidence.interstitial ? marks.filter(Boolean).length : 0;

/** Marks that an article about walls might carry count on a page that can be nothing but the wall. */
const page = (test: (evidence: WallEvidence) => boolean) => (evidence: WallEvidence) =>
  evidence.interstitial && test(evidence);

/** The same for walls that are never more than a few lines. */
const small = (test: (evidence: WallEvidence) => boolean) => (evidence: WallEvidence) =>
  evidence.length < 20_000 && test(evidence);

/** The number in Cloudflare's error page, or its plain-text form; undefined where the page is none. */
export function cloudflareError(evidence: WallEvidence): number | undefined {
  if (!evidence.interstitial) return undefined;
  const plain = /^\s{0,8}error code: (\d{3,4})\s{0,8}$/.exec(evidence.text.slice(0, 40));
  if (plain !== null && evidence.header('server') === 'cloudflare') return Number(plain[1]);
  const at = evidence.text.indexOf('cf-error-code');
  const marked =
    at < 0
      ? null
      : /^cf-error-code["']?[^<>]{0,80}>\s{0,20}(\d{3,4})\b/.exec(evidence.text.slice(at, at + 140));
  return marked === null ? undefined : Number(marked[1]);
}

/** Banned by address, browser signature, region, network or a rule of the site; the others are outages and mistakes. */
const CLOUDFLARE_BANS = new Set([1005, 1006, 1007, 1008, 1009, 1010, 1012, 1020]);

/** Headers that a vendor sets on nothing but a wall, whatever the status. */
const DECISIVE_HEADERS: readonly BlockRule[] = [
  {
    id: 'cloudflare/cf-mitigated',
    blockType: 'cloudflare',
    test: (e) => e.header('cf-mitigated') === 'challenge',
  },
  {
    id: 'aws-waf/captcha-action',
    blockType: 'captcha',
    test: (e) => e.header('x-amzn-waf-action') === 'captcha',
  },
  {
    id: 'aws-waf/challenge-action',
    blockType: 'waf',
    test: (e) => e.header('x-amzn-waf-action') === 'challenge',
  },
  { id: 'datadome/x-dd-b', blockType: 'captcha', test: (e) => /^[12]$/.test(e.header('x-dd-b')) },
  {
    id: 'vercel/x-vercel-mitigated',
    blockType: 'waf',
    test: (e) => /^(?:challenge|deny)$/.test(e.header('x-vercel-mitigated')),
  },
  { id: 'siteground/sg-captcha', blockType: 'captcha', test: (e) => e.header('sg-captcha') === 'challenge' },
];

/** What the page itself is made of, whatever the status: walls often come with 200. */
const STRUCTURE: readonly BlockRule[] = [
  {
    id: 'cloudflare/ban-page',
    blockType: 'cloudflare',
    test: (e) => CLOUDFLARE_BANS.has(cloudflareError(e) ?? 0),
  },
  {
    id: 'cloudflare/attention-required',
    blockType: 'cloudflare',
    test: page((e) => e.title === 'attention required! | cloudflare'),
  },
  {
    // Each mark alone also stands on pages that were served (/challenge-platform/ with its passive detection) or written about.
    id: 'cloudflare/challenge-page',
    blockType: 'cloudflare',
    test: (e) =>
      count(
        e,
        e.title.startsWith('just a moment'),
        has(e, '_cf_chl_opt'),
        has(e, '/challenge-platform/', '/orchestrate/'),
      ) >= 2,
  },
  {
    id: 'aws-waf/challenge-page',
    blockType: 'waf',
    test: small((e) => has(e, 'gokuprops', 'awswaf.com/')),
  },
  {
    id: 'imperva/iframe',
    blockType: 'waf',
    test: small((e) => has(e, '<iframe', '_incapsula_resource?swudnsai')),
  },
  {
    id: 'imperva/incident',
    blockType: 'waf',
    test: page((e) => /incapsula incident id:\s{0,3}\d/.test(e.text)),
  },
  {
    id: 'imperva/interruption',
    blockType: 'waf',
    test: page(
      (e) =>
        e.title.startsWith('pardon our interruption') ||
        (e.length < 5000 && has(e, 'pardon our interruption')),
    ),
  },
  {
    // The same script sits at the end of good pages; a wall is nothing else.
    id: 'imperva/script-only',
    blockType: 'waf',
    test: (e) => e.length < 2000 && has(e, '_incapsula_resource?swjiylwa'),
  },
  { id: 'akamai/challenge-container', blockType: 'waf', test: page((e) => has(e, 'sec-if-cpt-container')) },
  {
    id: 'datadome/dd-object',
    blockType: 'captcha',
    test: (e) => e.length < 10_000 && /var dd\s?=\s?\{/.test(e.text) && has(e, 'captcha-delivery.com'),
  },
  {
    id: 'human/px-captcha',
    blockType: 'captcha',
    test: page(
      (e) =>
        has(e, 'px-captcha') &&
        (has(e, 'press & hold') ||
          has(e, 'press &amp; hold') ||
          has(e, 'access to this page has been denied')),
    ),
  },
  {
    id: 'sucuri/firewall',
    blockType: 'waf',
    test: page((e) => e.title.startsWith('sucuri website firewall')),
  },
  { id: 'sucuri/cloudproxy', blockType: 'waf', test: small((e) => has(e, 'sucuri_cloudproxy_js')) },
  {
    id: 'f5/rejected',
    blockType: 'waf',
    test: small((e) => has(e, 'the requested url was rejected. please consult')),
  },
  { id: 'kasada/script', blockType: 'waf', test: small((e) => has(e, 'kpsdk.scriptstart')) },
  {
    id: 'wordfence/blocked',
    blockType: 'waf',
    test: small((e) => has(e, 'generated by wordfence', 'your access to this site has been limited')),
  },
  { id: 'imunify360/denied', blockType: 'waf', test: small((e) => has(e, 'access denied by imunify360')) },
  {
    id: 'siteground/captcha',
    blockType: 'captcha',
    test: (e) =>
      e.length < 20_000 &&
      (/^https?:\/\/[^/]+\/\.well-known\/(?:sg)?captcha\//.test(e.url) ||
        /http-equiv=["']?refresh["']?[^<>]{0,80}\/\.well-known\/(?:sg)?captcha\//.test(e.text)),
  },
  {
    id: 'ddos-guard/check',
    blockType: 'waf',
    test: page((e) => e.title === 'ddos-guard' || has(e, '/.well-known/ddos-guard/js-challenge')),
  },
  {
    id: 'google/sorry',
    blockType: 'captcha',
    test: (e) => /^https?:\/\/(?:[a-z0-9-]+\.)*google\.[a-z.]+\/sorry\//.test(e.url),
  },
  { id: 'captcha/lone-widget', blockType: 'captcha', test: isLoneWidget },
];

const REFUSING = new Set([401, 403, 405, 406, 429, 503]);

/** A refusing status together with a vendor's mark; neither would do alone. */
const STATUS_AND_MARK: readonly BlockRule[] = [
  {
    id: 'akamai/ghost-403',
    blockType: 'waf',
    test: (e) =>
      e.status === 403 &&
      (e.header('server') === 'akamaighost' ||
        has(e, 'reference #18.') ||
        has(e, 'reference&#32;&#35;18&#46;')),
  },
  {
    id: 'aws-waf/cloudfront-403',
    blockType: 'waf',
    test: (e) => e.status === 403 && has(e, 'request blocked', 'generated by cloudfront'),
  },
  {
    id: 'datadome/delivery',
    blockType: 'captcha',
    test: (e) => REFUSING.has(e.status) && e.length < 10_000 && has(e, 'captcha-delivery.com/'),
  },
  {
    id: 'human/block-script',
    blockType: 'captcha',
    test: (e) => REFUSING.has(e.status) && e.length < 20_000 && has(e, '"blockscript"', '"appid":"px'),
  },
  {
    id: 'imunify360/server',
    blockType: 'waf',
    test: (e) => REFUSING.has(e.status) && e.header('server').startsWith('imunify360'),
  },
  {
    id: 'ddos-guard/script',
    blockType: 'waf',
    test: (e) => REFUSING.has(e.status) && has(e, 'check.ddos-guard.net'),
  },
  {
    id: 'captcha/widget-and-status',
    blockType: 'captcha',
    test: (e) => (e.status === 403 || e.status === 429 || e.status === 503) && hasWidget(e),
  },
];

/** Every rule, in the order in which they are asked; the first that holds is the evidence. */
export const BLOCK_RULES: readonly BlockRule[] = [...DECISIVE_HEADERS, ...STRUCTURE, ...STATUS_AND_MARK];
