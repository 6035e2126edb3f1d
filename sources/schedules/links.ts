import { type HtmlIndex, textOf } from '../../core/source/html.ts';
import { isOfSite } from '../../core/source/site.ts';
import type { PageRequest } from '../../core/source/source.ts';
import { schoolYearsIn } from './school-year.ts';

/** What speaks of schedules in a text or an address, the surest first. */
const SPEAKS: readonly RegExp[] = [
  /\bbell[\s_-]{0,2}schedules?/i,
  /\bbell[\s_-]{0,2}times?/i,
  /\b(?:school|student)[\s_-]{0,2}hours\b/i,
  /\bstart(?:[\s_-]{0,2}times?)?[\s_-]{0,2}(?:and|&|\/)[\s_-]{0,2}(?:end|dismissal)(?:[\s_-]{0,2}times?)?/i,
  /\b(?:dismissal|start|end)[\s_-]{0,2}times?\b/i,
  /\bdaily[\s_-]{0,2}schedules?/i,
  /\bbell\b.{0,12}\bschedules?/i,
];
const ABOUT_ELSE =
  /\bnews\b|\bathletics?\b|\bsports?\b|\blunch\b|\bmenus?\b|\bbus(?:es)?\b|\btransportation\b|\btesting\b|\bexams?\b|\bcalendars?\b|\boffice[\s_-]{0,2}hours\b|\bpropos/i;
const FILE = /\.(?:pdf|docx?|xlsx?|pptx?|png|jpe?g|gif|webp|svg|zip|mp4|ics)$/i;

/** A link of a page that speaks of schedules. */
export interface ScheduleLink {
  readonly url: string;
  /** Place in `SPEAKS`; less is surer. */
  readonly rank: number;
  /** A file or another site, which is not read. */
  readonly isFile: boolean;
}

/** All links of a page that speak of schedules, in its order; those of another school year are left out. */
export function linksAboutSchedules(html: HtmlIndex, base: string, year: string): ScheduleLink[] {
  const seen = new Set<string>();
  return [...html.tag('a'), ...html.tag('area')].flatMap((anchor) => {
    const url = URL.parse(anchor.attributes.href ?? '', base);
    if (!url || !/^https?:$/.test(url.protocol)) return [];
    url.hash = '';
    const text = [textOf(anchor), anchor.attributes.title ?? '', anchor.attributes['aria-label'] ?? ''].join(
      ' ',
    );
    const path = decoded(url.pathname).replace(/[_/.+]/g, ' ');
    const said = `${text} ${path}`;
    const rank = SPEAKS.findIndex((pattern) => pattern.test(text) || pattern.test(path));
    const years = schoolYearsIn(`${text} ${decoded(url.pathname)}`);
    if (rank < 0 || ABOUT_ELSE.test(said) || (years.length > 0 && !years.includes(year))) return [];
    if (seen.has(url.href)) return [];
    seen.add(url.href);
    return [{ url: url.href, rank, isFile: FILE.test(url.pathname) }];
  });
}

/** Addresses of the same site to ask next, the surest first; none that is asked for already. */
export function scheduleLinks(
  html: HtmlIndex,
  base: string,
  year: string,
  requests: readonly PageRequest[],
): string[] {
  const known = new Set([base, ...requests.map(({ url }) => url)].map(plain));
  return linksAboutSchedules(html, base, year)
    .filter(({ url, isFile }) => !isFile && isOfSite(url, base) && !known.has(plain(url)))
    .sort((a, b) => a.rank - b.rank)
    .map(({ url }) => url);
}

function plain(url: string): string {
  return (URL.parse(url)?.href ?? url).replace(/#.*$/, '').replace(/\/$/, '');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
