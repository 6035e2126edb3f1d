import { type HeaderPairs, headerValue } from '../fetch/headers.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import type { Page } from '../source/page.ts';

/** Characters of a page that are looked at; the walls of every vendor known to us are smaller as a whole. */
const SCANNED = 100_000;

/** A response laid out for the rules. All text is in lower case, and everything costs time linear in `SCANNED`. */
export interface WallEvidence {
  readonly status: number;
  readonly url: string;
  /** The first value of a header, trimmed and in lower case; empty where there is none. */
  header(name: string): string;
  /** The first characters of the decoded page; empty where it could not be decoded. */
  readonly text: string;
  /** Characters of the whole page. */
  readonly length: number;
  /** Text of the title element. */
  readonly title: string;
  /** True for a page small enough to be nothing but a wall. */
  readonly interstitial: boolean;
}

export function wallEvidence(response: HttpResponse, page: Page | undefined): WallEvidence {
  const whole = page?.text ?? '';
  const text = whole.slice(0, SCANNED).toLowerCase();
  return {
    status: response.status,
    url: response.url.toLowerCase(),
    header: (name) => lowerHeader(response.headers, name),
    text,
    length: whole.length,
    title: titleOf(text),
    interstitial: whole.length < SCANNED,
  };
}

function lowerHeader(headers: HeaderPairs, name: string): string {
  return headerValue(headers, name)?.toLowerCase() ?? '';
}

function titleOf(text: string): string {
  const open = text.indexOf('<title');
  const start = open < 0 ? -1 : text.indexOf('>', open);
  const end = start < 0 ? -1 : text.indexOf('</title', start);
  return end < 0 ? '' : text.slice(start + 1, Math.min(end, start + 200)).trim();
}

/** Elements that a visitor would have to solve; a script that merely loads a vendor's library is none. */
const WIDGET = /class\s{0,3}=\s{0,3}["']?[^"'<>]{0,80}\b(?:g-recaptcha|h-captcha|cf-turnstile)\b/;

/** Fields that a visitor fills in, so the form is there for something else than the widget. */
const FIELD =
  /<(?:textarea|select)\b|<input(?![^<>]{0,300}type\s{0,3}=\s{0,3}["']?(?:hidden|submit|button|image)\b)/;

/** Characters; a page around a lone widget is shorter, one with anything to read is longer. */
const LONE_WIDGET_PAGE = 20_000;

export function hasWidget(evidence: WallEvidence): boolean {
  return evidence.interstitial && WIDGET.test(evidence.text);
}

/** A small page on which the widget is all that there is to do. */
export function isLoneWidget(evidence: WallEvidence): boolean {
  if (evidence.length > LONE_WIDGET_PAGE || !hasWidget(evidence)) return false;
  const forms = evidence.text.split('<form').length - 1;
  return forms <= 1 && !FIELD.test(evidence.text) && visibleLength(evidence.text) < 1500;
}

/** Characters of what a visitor reads, roughly: scripts, styles and tags left out. */
function visibleLength(text: string): number {
  let visible = 0;
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('<', at);
    if (open < 0) return visible + text.length - at;
    visible += text.slice(at, open).trim().length;
    const hidden = /^<(script|style|noscript)\b/.exec(text.slice(open, open + 10))?.[1];
    const close = hidden === undefined ? text.indexOf('>', open) : text.indexOf(`</${hidden}`, open);
    if (close < 0) return visible;
    at = hidden === undefined ? close + 1 : text.indexOf('>', close) + 1 || text.length;
  }
  return visible;
}
