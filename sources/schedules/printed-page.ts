import { HtmlIndex, readHtml, textOf } from '../../core/source/html.ts';
import type { Page } from '../../core/source/page.ts';
import { type Block, blocksOf } from './blocks.ts';
import { Context, type Facets, facetsOf, schoolIn } from './context.ts';
import { readLine } from './lines.ts';
import { type PrintedDay, PrintedDays } from './printed-day.ts';
import { datedYearsIn, schoolYearsIn } from './school-year.ts';
import { readTable } from './tables.ts';

/** A page, read: the days that it prints, and what else decides over them. */
export interface PrintedPage {
  readonly html: HtmlIndex;
  readonly days: readonly PrintedDay[];
  /** School years that it names in its title, headings and text, links aside. */
  readonly years: readonly string[];
  /** School years into which its dates fall. */
  readonly dated: readonly string[];
  /** Characters that a reader sees. */
  readonly shown: number;
}

export function readPrintedPage(page: Page): PrintedPage {
  const root = readHtml(page);
  const html = new HtmlIndex(root);
  const title = html.tag('title')[0];
  const titleText = title ? textOf(title) : '';
  const blocks = blocksOf(root);
  const context = new Context(pageFacets(titleText, blocks));
  const days = new PrintedDays();
  for (const block of blocks) {
    if (block.kind === 'heading') readHeading(block, context, days);
    else if (block.kind === 'line') readLine(block, context, days);
    else readTable(block.rows, context, days);
  }
  const own = [titleText, ...blocks.map(ownText)].join('\n').replace(/(?:©|\bcopyright\b|\(c\)).*/gi, '');
  return {
    html,
    days: days.days,
    years: schoolYearsIn(own),
    dated: datedYearsIn(own),
    shown: blocks.reduce((sum, block) => sum + ownText(block).length, 0),
  };
}

/** `Elementary: 8:00-2:30` may well be set as a heading. */
function readHeading(
  { level, text }: Block & { kind: 'heading' },
  context: Context,
  days: PrintedDays,
): void {
  const before = days.days.length;
  context.heading(level, text);
  days.close();
  if (/\d:\d\d/.test(text)) readLine({ text, own: text, strong: false }, context, days);
  if (days.days.length > before) context.heading(level, '');
}

function ownText(block: Block): string {
  if (block.kind === 'table') return block.rows.map((row) => row.join(' ')).join('\n');
  return block.kind === 'line' ? block.own : block.text;
}

const TITLE_PARTS = /\s+[-\u2013\u2014|:»•]\s+|\s*[|»•]\s*/;

/**
 * What the title says of the whole page: whose it is. Its other words may be those of any page of the site.
 */
function pageFacets(title: string, blocks: readonly Block[]): Facets {
  const parts = title.split(TITLE_PARTS);
  const school = parts.map(schoolIn).find((name) => name !== undefined);
  const named = school ?? parts.find((part) => /\b(?:high|elementary)\s+school\s+district\b/i.test(part));
  const { grades } = named === undefined ? {} : facetsOf(named);
  const heading = blocks.find((block) => block.kind === 'heading' && block.level === 1);
  const { aside } = heading?.kind === 'heading' ? facetsOf(heading.text) : {};
  return {
    ...(grades && { grades }),
    ...(school !== undefined && { school }),
    ...(aside && /propos|draft/i.test(title) && { aside }),
  };
}
