import { type Block, type Document, oneLine, type Span, spansOf, type Table, type Text } from './document.ts';

/** GitHub-flavoured Markdown that also reads well as it stands. The verdict is the first line. */
export function markdown({ title, verdict, sections }: Document): string {
  const parts = [`# ${escaped(title)}: ${escaped(verdict.word)}`, `${escaped(verdict.text)}.`];
  for (const { heading, blocks } of sections) {
    if (heading !== undefined) parts.push(`## ${escaped(heading)}`);
    for (const block of blocks) parts.push(blockText(block));
  }
  return `${parts.join('\n\n')}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return inline(block.text);
    case 'list':
      return block.items.map((item) => `- ${inline(item)}`).join('\n');
    case 'facts':
      return block.facts.map(([name, value]) => `- **${escaped(name)}:** ${inline(value)}`).join('\n');
    case 'table':
      return tableText(block);
  }
}

/** Columns are padded, so that the table is one in a terminal, too. */
function tableText({ columns, rows }: Table): string {
  const header = columns.map(({ title }) => escaped(title));
  const body = rows.map((row) => row.map(cellText));
  const widths = header.map((title, at) =>
    Math.max(3, title.length, ...body.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => (columns[at]?.align === 'right' ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!))).join(' | ')} |`;
  const rule = columns.map(({ align }, at) =>
    align === 'right' ? `${'-'.repeat(widths[at]! - 1)}:` : '-'.repeat(widths[at]!),
  );
  return [line(header), line(rule), ...body.map(line)].join('\n');
}

/**
 * In a table a | ends the cell even within code, where nothing can be escaped: such code is written as text.
 */
function cellText(cell: Text): string {
  const safe = spansOf(cell).map((span) =>
    typeof span !== 'string' && 'code' in span && /[|\\]/.test(span.code) ? span.code : span,
  );
  return inline(safe);
}

function inline(text: Text): string {
  return spansOf(text).map(spanText).join('');
}

function spanText(span: Span): string {
  if (typeof span === 'string') return escaped(span);
  return 'code' in span ? codeSpan(span.code) : escaped(span.mark);
}

/** A fence longer than any run of backticks within (CommonMark, section 6.1). */
function codeSpan(text: string): string {
  const line = oneLine(text);
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`;
}

/**
 * What Markdown or HTML would act upon, made text. `_` within a word and everything else that is harmless
 * stays as it is.
 */
function escaped(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*[\]<>|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&')
    .replaceAll('&', '&amp;');
}
