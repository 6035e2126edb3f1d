import { textOf } from '../../core/source/html.ts';
import type { Page } from '../../core/source/page.ts';
import { linksAboutSchedules } from './links.ts';
import type { PrintedPage } from './printed-page.ts';

/** Characters that the shell of an application shows at most. */
const SHELL = 200;
const MOST_LINKS = 5;

/** Why a page gives no schedule, in one line, with the links to what a person could read. */
export function whyUnreadable(page: Page, read: PrintedPage, year: string): string {
  const found = [...files(page, read, year), ...images(page, read)].slice(0, MOST_LINKS);
  const links = found.length > 0 ? `: ${found.join(' ')}` : '';
  return `${page.url}: ${reasonOf(page, read, year, found.length > 0)}${links}`;
}

function reasonOf(page: Page, read: PrintedPage, year: string, hasLinks: boolean): string {
  const { html, shown, days } = read;
  if (html.tag('input').some(({ attributes }) => attributes.type === 'password')) return 'a login';
  const others = [...read.years, ...read.dated].filter((other) => other !== year);
  if (days.length > 0 && others.length > 0 && !read.years.includes(year))
    return `the schedule is not of ${year} but of ${[...new Set(others)].sort().join(', ')}`;
  if (shown < SHELL && days.length === 0 && /<script\b/i.test(page.text) && !hasLinks) return 'only scripts';
  if (hasLinks) return 'the schedule is in a file or an image';
  const unknown = days.find(({ facets }) => !facets.grades && !facets.aside);
  return unknown ? 'times whose grades are not named' : 'no schedule';
}

function files({ url }: Page, { html }: PrintedPage, year: string): string[] {
  return linksAboutSchedules(html, url, year).flatMap((link) => (link.isFile ? [link.url] : []));
}

/** Images whose name or text speaks of a schedule. */
function images({ url }: Page, { html }: PrintedPage): string[] {
  return html.tag('img').flatMap((image) => {
    const said = `${image.attributes.alt ?? ''} ${image.attributes.src ?? ''} ${textOf(image)}`;
    const address = URL.parse(image.attributes.src ?? '', url);
    return address && /bell|schedule|school[\s_-]?hours/i.test(said) ? [address.href] : [];
  });
}
