import type { BlockEvidence } from './block-evidence.ts';
import { type BlockRule, beside, hint, sign, structure } from './block-marks.ts';

/**
 * The number that Cloudflare gives its error, on a page, as text, as JSON or in a header; undefined without.
 */
function cloudflareError({ outline, header }: BlockEvidence): number | undefined {
  const named = /^\d{4}$/.exec(header('cf-error-code'));
  if (named !== null) return Number(named[0]);
  if (outline === undefined) return undefined;
  const plain = /^error code: (\d{3,4})$/.exec(outline.text);
  if (plain !== null && header('server') === 'cloudflare') return Number(plain[1]);
  const asJson = /"cloudflare_error"\s?:\s?true/.test(outline.scripts)
    ? /"error_code"\s?:\s?(\d{3,4})\b/.exec(outline.scripts)
    : null;
  if (asJson !== null) return Number(asJson[1]);
  if (!/cf-error-(?:code|details|type)|cf_styles|id=["']?cf-wrapper/.test(outline.tags)) return undefined;
  const marked =
    /\berror(?: code)?:? (\d{3,4})\b/.exec(outline.text) ??
    (outline.tags.includes('cf-error-code') ? /(?:^| )(\d{3,4})\b/.exec(outline.text) : null);
  return marked === null ? undefined : Number(marked[1]);
}

/** Banned by address, browser, region, network or a rule of the site; the others are outages and mistakes. */
const BANS = new Set([1005, 1006, 1007, 1008, 1009, 1010, 1012, 1020]);

export const CLOUDFLARE_RULES: readonly BlockRule[] = [
  {
    id: 'cloudflare/cf-mitigated',
    means: 'cloudflare',
    decisive: (e) => e.header('cf-mitigated') === 'challenge',
  },
  {
    id: 'cloudflare/1015',
    means: 'waiting',
    decisive: (e) => cloudflareError(e) === 1015,
  },
  {
    id: 'cloudflare/ban-page',
    means: 'cloudflare',
    decisive: (e) => BANS.has(cloudflareError(e) ?? 0),
  },
  {
    id: 'cloudflare/attention-required',
    means: 'cloudflare',
    marks: [
      structure('title', /^(?:attention required! \||please wait\.\.\. \|) cloudflare$/),
      structure('title', /used cloudflare to restrict access/),
      sign('text', 'sorry, you have been blocked'),
      hint('tags', /cf-error-details|cf-wrapper|cf_styles/),
    ],
  },
  {
    // 2015 to 2021, with 503 or 403: arithmetic in a hidden form, later a captcha in it.
    id: 'cloudflare/jschl',
    means: 'cloudflare',
    decisive: (e) => e.header('refresh').includes('chk_jschl') || e.header('cf-chl-bypass') === '1',
    marks: [
      structure('code', /jschl[_-](?:vc|answer)|\/chk_jschl|\/cdn-cgi\/l\/chk_captcha/),
      structure(
        'tags',
        /cf-browser-verification|cf-im-under-attack|cf-captcha-container|name=["']?cf_captcha_kind/,
      ),
      structure('tags', /<form[^>]{0,400}__cf_chl_/),
      hint('tags', /\sid=["']?challenge-form["'\s>]/),
      beside((e) => e.status === 503 || e.status === 403),
      sign('text', 'checking your browser before accessing'),
      sign('text', 'ddos protection by cloudflare'),
      sign('text', 'please complete the security check to access'),
      sign('tags', /data-translate=["']?(?:checking_browser|turn_on_js|complete_sec_check)/),
      hint('title', /^just a moment(?:\.{3}|…)?$/),
    ],
  },
  {
    // In any language. The passive detection on served pages has neither of the first two.
    id: 'cloudflare/challenge-page',
    means: 'cloudflare',
    marks: [
      structure('scripts', /_cf_chl_(?:opt|ctx)\b/),
      structure('code', /\/challenge-platform\/[^"'\s]{0,60}orchestrate\/(?:chl_|jsch|captcha|managed)/),
      sign('code', /\/challenge-platform\/[^"'\s]{0,60}orchestrate\//),
      sign(
        'tags',
        /\/cdn-cgi\/styles\/challenges\.css|\sid=["']?challenge-(?:running|stage|error-(?:text|title)|success)/,
      ),
      hint('code', /__cf_chl_[a-z_]{0,20}tk/),
      hint('text', 'enable javascript and cookies to continue'),
      sign(
        'text',
        /needs to review the security of your connection|checking if the site connection is secure/,
      ),
      sign('text', /verify you are human by completing the action below|performing security verification/),
      hint('title', /^just a moment(?:\.{3}|…)?$/),
      beside((e) => e.header('server') === 'cloudflare' && e.status === 403),
    ],
  },
];
