import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChildNode, type Element, isTag, isText } from 'domhandler';
import { parseDocument } from 'htmlparser2';
import { describe, expect, it } from 'vitest';
import { html } from '../../../core/report/html.ts';
import { markdown } from '../../../core/report/markdown.ts';
import { runReport } from '../../../core/report/run-report.ts';
import type { RunSummary } from '../../../core/report/run-summary.ts';
import type { RunSummary as PipelineSummary } from '../../../core/run/stored-summary.ts';
import { failedItem, failedItems, partition, racingWeek, result, summaryOf } from './racing-week.ts';

const htmlReport = (summary: RunSummary) => html(runReport(summary));
const markdownReport = (summary: RunSummary) => markdown(runReport(summary));

/** What a site or an operator could get into a reason. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</style></td></table><h1>owned',
  '<!-- -->&lt;b&gt;&amp;',
  '| a | b |\n| - | - |\n# heading\r\n- item',
  '[link](javascript:alert(1)) ![image](http://x/y) **bold** `code`` _em_ ~~gone~~',
  'back\\slash \\| pipe',
  '\u001b[2J\u0000 \u202eesrever',
];

const hostile = summaryOf(
  {
    partitions: HOSTILE.map((text) => ({
      ...partition('gb', '2025-11-17', result({ status: 'failed', reason: text })),
      name: text,
    })),
    skipped: HOSTILE.map((text) => ({ target: text, reason: text, since: '2025-11-16T01:30:12.000Z' })),
    failures: failedItems(
      HOSTILE.map((text) => failedItem(text, { name: text, message: text })),
      HOSTILE.length + 1,
    ),
  },
  { source: 'racing<b>', failed: HOSTILE.length, status: 'failed' },
);

function elements(nodes: readonly ChildNode[]): Element[] {
  return nodes.flatMap((node) => (isTag(node) ? [node, ...elements(node.children)] : []));
}

function textOf(nodes: readonly ChildNode[]): string {
  return nodes.map((node) => (isText(node) ? node.data : isTag(node) ? textOf(node.children) : '')).join('');
}

/** The same content without anything hostile: what the shape of a page must not depend on. */
const harmless = JSON.parse(JSON.stringify(hostile), (_, value) =>
  HOSTILE.includes(value) ? 'text' : value,
) as RunSummary;

describe('the report of a run', () => {
  it('takes what the pipeline sums up as it is', () => {
    const asPipeline = (summary: PipelineSummary): RunSummary => summary;
    expect(asPipeline).toBeTypeOf('function');
  });

  it('says in its first line whether the run is complete', () => {
    const first = (summary: RunSummary) => markdownReport(summary).split('\n')[0];
    expect(first(summaryOf())).toBe('# racing, 2025-11-11 to 2025-11-17: complete');
    expect(first(racingWeek)).toMatch(/: incomplete$/);
    expect(first(hostile)).toMatch(/: failed$/);
  });

  it('recommends nothing where nothing is wrong', () => {
    const markdown = markdownReport(summaryOf());
    expect(markdown).toContain('1 of 1 partition fresh, 20 of 20 items found.');
    expect(markdown).not.toMatch(/attention|Skipped|Failed items|`rescrape/);
  });

  it('is told of summaries that kept no failed items as before', () => {
    const { failures: _, ...older } = racingWeek;
    expect(markdownReport(older)).not.toContain('Failed items');
    expect(markdownReport(older)).toContain('lacks 3 items');
  });

  it('counts the failed items that it does not name, and says where they are', () => {
    const failures = failedItems([failedItem('4711')], 271);
    const markdown = markdownReport(summaryOf({ failures }));
    expect(markdown).toContain('271 items: ');
    expect(markdown).toContain('… and 270 items more\n');
    expect(markdown).toContain('See all: `rescrape failures list --source racing`.');
  });

  it('keeps its advice short where a site is down for months', () => {
    const many = Array.from({ length: 300 }, () =>
      partition('gb', '2025-11-17', result({ status: 'failed' })),
    );
    const markdown = markdownReport(summaryOf({ partitions: many }, { status: 'failed', failed: 300 }));
    expect(markdown.match(/was not refreshed/g)).toHaveLength(25);
    expect(markdown).toContain('… and 275 partitions more');
    expect(markdown.match(/^\| racing/gm)).toHaveLength(300);
  });
});

describe('the report as Markdown', () => {
  it('is the one of the golden file', () => {
    const golden = readFileSync(join(import.meta.dirname, 'fixtures/racing-week.md'), 'utf8');
    expect(markdownReport(racingWeek)).toBe(golden);
  });

  it('keeps every hostile cell in its cell', () => {
    const lines = (summary: RunSummary) => markdownReport(summary).split('\n');
    expect(lines(hostile)).toHaveLength(lines(harmless).length);
    const cells = (line: string) => line.split(/(?<!\\)(?:\\\\)*\|/).length;
    const tables = (summary: RunSummary) =>
      lines(summary)
        .filter((line) => line.startsWith('|'))
        .map(cells);
    expect(tables(hostile)).toEqual(tables(harmless));
    // Code aside, where it is text anyway, no tag, link, image or emphasis is left to act.
    const prose = markdownReport(hostile)
      .replaceAll(/\\[\\`*[\]<>|~_]/g, '')
      .replaceAll(/(?<!`)(`+)[^`](?:.*?[^`])?\1(?!`)/g, '')
      .replaceAll(/^- \*\*\w+:\*\*/gm, '');
    expect(prose).not.toMatch(/[<>[\]`~*]/);
    expect(prose.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u);
  });

  it('quotes for the shell what a shell would act upon', () => {
    const summary = summaryOf({
      skipped: [{ target: 'x; rm -rf $HOME', reason: 'r', since: '2025-11-16T01:30:12.000Z' }],
    });
    expect(markdownReport(summary)).toContain("`rescrape skip remove racing 'x; rm -rf $HOME'`");
  });
});

describe('the report as HTML', () => {
  it('shows hostile text as text: it adds no element and no attribute', () => {
    const shape = (summary: RunSummary) =>
      elements(parseDocument(htmlReport(summary)).children).map(({ name, attribs }) => [name, attribs]);
    expect(shape(hostile)).toEqual(shape(harmless));
    const cells = elements(parseDocument(htmlReport(hostile)).children).filter(({ name }) => name === 'td');
    const texts = cells.map((cell) => textOf(cell.children));
    expect(texts).toContain(HOSTILE[0]);
    expect(texts).toContain(HOSTILE[4]);
    expect(texts).toContain(' [2J   esrever');
  });

  it('allows its own stylesheet by hash and nothing else', () => {
    const page = elements(parseDocument(htmlReport(racingWeek)).children);
    const policy = page.find(({ attribs }) => attribs['http-equiv'] === 'Content-Security-Policy')?.attribs
      .content;
    const style = textOf(page.find(({ name }) => name === 'style')!.children);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(policy).not.toContain('unsafe');
    expect(
      page.filter(({ name }) => ['script', 'link', 'img', 'iframe', 'a', 'form'].includes(name)),
    ).toEqual([]);
    expect(
      page.filter(({ attribs }) =>
        Object.keys(attribs).some((name) => name === 'style' || name.startsWith('on')),
      ),
    ).toEqual([]);
  });

  it('says the same as the Markdown', () => {
    const text = textOf(parseDocument(htmlReport(racingWeek)).children);
    for (const said of [
      'incomplete',
      '2 of 5 partitions fresh',
      'rescrape skip remove racing fr',
      'rescrape partitions accept racing/gb/2025-11-17',
      '41.2 s',
      'tried again by itself from 2025-11-17 02:15 UTC, 3 tries left',
      'waits for you: the site has no such page',
    ]) {
      expect(text).toContain(said);
    }
  });
});
