import type { BlockEvidence } from './block-evidence.ts';
import type { BlockType } from './outcome.ts';
import type { PageOutline } from './page-outline.ts';

/** One way to recognise a security wall. */
export interface BlockRule {
  /** Kept as evidence in the outcome: `vendor/mark`. */
  readonly id: string;
  /** `waiting` for a queue or a limit: no wall, asked again later. */
  readonly means: BlockType | 'waiting';
  /** A header or an address that stands on nothing but a wall: enough alone, whatever the page holds. */
  readonly decisive?: (evidence: BlockEvidence) => boolean;
  /** Characters that such a page shows a visitor at most; one that shows more has content of its own. */
  readonly most?: number;
  readonly marks?: readonly Mark[];
}

/** Where a mark stands: what is read, the title, start tags, inline scripts, or either of the last two. */
type Place = 'text' | 'title' | 'tags' | 'scripts' | 'code';

/** Something that a vendor leaves on a page, and how much it says. */
export type Mark = {
  readonly weight: number;
  /** True for scripts that a vendor also places on served pages: they count on a page that has no other. */
  readonly onlyAlone?: boolean;
} & (
  | { readonly at: Place; readonly is: string | RegExp; readonly from?: RegExp }
  | { readonly at: 'sources'; readonly is: RegExp }
  | { readonly at: 'response'; readonly is: (evidence: BlockEvidence) => boolean }
);

/** Matches no address. */
const NOWHERE = /^$/;

/** The body of a wall and of nothing else: enough where little else is there. */
export const structure = (at: Place, is: string | RegExp): Mark => ({ at, is, weight: 3 });
/** Seen on walls: enough where nothing else is there, or with another. */
export const sign = (at: Place, is: string | RegExp): Mark => ({ at, is, weight: 2 });
/** Says something only beside another mark. */
export const hint = (at: Place, is: string | RegExp): Mark => ({ at, is, weight: 1 });
/** A script that served pages load too: a sign where it is the only script of a page that shows nothing. */
export const sensor = (is: RegExp): Mark => ({ at: 'sources', is, weight: 2, onlyAlone: true });
/** The same for a script that only a wall loads alone: it may stand below a few words. */
export const onlyScript = (is: RegExp): Mark => ({ at: 'sources', is, weight: 2 });
/** An inline script of that kind, on a page whose external scripts are all `from` the vendor. */
export const inlineSensor = (is: string | RegExp, from?: RegExp): Mark => ({
  at: 'scripts',
  is,
  weight: 2,
  onlyAlone: true,
  from: from ?? NOWHERE,
});
/**
 * Something about a refusal's status or headers that corroborates; vendors put their names on served pages
 * too.
 */
export const beside = (is: (evidence: BlockEvidence) => boolean): Mark => ({ at: 'response', is, weight: 1 });

/** Weight that makes a wall where the page holds little, and where it holds nothing else. */
const ENOUGH = 3;
const ENOUGH_ALONE = 2;
/** What is read counts once: an article can quote every phrase of a vendor, and be called after his page. */
const MOST_FOR_TEXT = 2;
/** Characters; a page that shows no more has room for the message of a wall only. */
const TERSE = 500;
/** Characters; where words are all that speaks for a wall, hardly any others may stand beside them. */
const MESSAGE = 300;

/** Statuses with which walls refuse; together with a vendor's mark they are a hint. */
const REFUSING = new Set([401, 403, 405, 406, 418, 420, 429, 503, 999]);

/** Characters; what a wall of no special size shows at most. */
const MOST = 2500;

/** How much the rule's marks weigh on this page; 0 where they are too few for what it holds otherwise. */
export function weightOf(rule: BlockRule, evidence: BlockEvidence): number {
  const { outline } = evidence;
  if (rule.marks === undefined || outline === undefined || outline.shown > (rule.most ?? MOST)) return 0;
  let title = 0;
  let text = 0;
  let weight = 0;
  let onPage = false;
  for (const mark of rule.marks) {
    if (!holds(mark, evidence)) continue;
    if (mark.at === 'text') text = Math.min(text + mark.weight, MOST_FOR_TEXT);
    else if (mark.at === 'title') title += mark.weight;
    else weight += mark.weight;
    onPage ||= mark.at !== 'response';
  }
  if (!onPage) return 0;
  const words = hasSiteAround(outline) ? Math.min(title + text, MOST_FOR_TEXT) : title + text;
  // A sensor that is put into a site's own refusal is no more than a hint, and stays one.
  const refused = weight + words >= ENOUGH_ALONE && REFUSING.has(evidence.status) ? 1 : 0;
  const sum = weight + words + refused;
  if (weight === 0 && !answers(evidence.status)) return 0;
  if (weight === 0 && sum < ENOUGH && !isMessage(outline)) return 0;
  return sum >= (isTerse(outline) ? ENOUGH_ALONE : ENOUGH) ? sum : 0;
}

function holds(mark: Mark, evidence: BlockEvidence): boolean {
  const { outline } = evidence;
  if (outline === undefined) return false;
  if (mark.at === 'response') return REFUSING.has(evidence.status) && mark.is(evidence);
  if (mark.onlyAlone && !(bare(outline) && answers(evidence.status))) return false;
  if (mark.at === 'sources') {
    const few = isMessage(outline) && !outline.fields && answers(evidence.status);
    return few && outline.sources.length > 0 && allFrom(outline, mark.is);
  }
  if (mark.from !== undefined && !allFrom(outline, mark.from)) return false;
  if (mark.at === 'code') return found(mark.is, outline.tags) || found(mark.is, outline.scripts);
  return found(mark.is, outline[mark.at]);
}

/** A page with room for a message, and no content to be seen or to come. */
function isTerse({ shown, links, entries, app }: PageOutline): boolean {
  return shown <= TERSE && links <= 12 && entries <= 5 && !app;
}

/** A page of a site, with its navigation or its lists; the longest walls have a link or two. */
function hasSiteAround({ links, entries, app }: PageOutline): boolean {
  return links > 3 || entries > 5 || app;
}

/** A page that says one thing. */
export function isMessage(outline: PageOutline): boolean {
  return isTerse(outline) && outline.shown <= MESSAGE && outline.entries <= 3;
}

/** A status with which walls come; a site's own empty 404 may hold nothing but a sensor. */
export function answers(status: number): boolean {
  return (status >= 200 && status < 300) || REFUSING.has(status);
}

/** A page on which there is nothing to see and nothing to come. */
function bare({ shown, links, app }: PageOutline): boolean {
  return shown === 0 && links === 0 && !app;
}

function found(what: string | RegExp, text: string): boolean {
  return typeof what === 'string' ? text.includes(what) : what.test(text);
}

function allFrom({ sources }: PageOutline, from: RegExp): boolean {
  return sources.every((source) => from.test(source));
}
