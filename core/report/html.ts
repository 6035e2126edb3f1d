import { createHash } from 'node:crypto';
import { type Block, type Document, oneLine, type Span, spansOf, type Table, type Text } from './document.ts';
import { STYLESHEET } from './stylesheet.ts';

/**
 * Nothing but the one stylesheet, known by its hash: whatever slipped into the page, the browser would not
 * run or load it.
 */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLESHEET).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** One HTML page that needs nothing else: no script, no font, no image, light and dark. */
export function html({ title, verdict, sections }: Document): string {
  const body = sections.map(({ heading, blocks }) => {
    const head = heading === undefined ? '' : `<h2>${escaped(heading)}</h2>\n`;
    return `<section>\n${head}${blocks.map(blockHtml).join('\n')}\n</section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}: ${escaped(verdict.word)}</title>
<style>${STYLESHEET}</style>
</head>
<body>
<main>
<header>
<h1>${escaped(title)}</h1>
<p class="verdict ${verdict.tone}"><strong>${escaped(verdict.word)}</strong> ${escaped(verdict.text)}</p>
</header>
${body.join('\n')}
</main>
</body>
</html>
`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${inline(block.text)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${inline(item)}</li>`).join('\n')}\n</ul>`;
    case 'facts': {
      const entries = block.facts.map(
        ([name, value]) => `<dt>${escaped(name)}</dt><dd>${inline(value)}</dd>`,
      );
      return `<dl>\n${entries.join('\n')}\n</dl>`;
    }
    case 'table':
      return tableHtml(block);
  }
}

/** In a frame that scrolls sideways by itself, which the keyboard reaches, too. */
function tableHtml({ columns, rows }: Table): string {
  const head = columns
    .map(({ title, align }) => `<th scope="col"${classOf(align)}>${escaped(title)}</th>`)
    .join('');
  const body = rows.map((row) => {
    const cells = row.map((cell, at) => `<td${classOf(columns[at]?.align)}>${inline(cell)}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="frame" tabindex="0" role="region" aria-label="Table">
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>
</div>`;
}

function classOf(align: 'left' | 'right' | undefined): string {
  return align === 'right' ? ' class="number"' : '';
}

function inline(text: Text): string {
  return spansOf(text).map(spanHtml).join('');
}

function spanHtml(span: Span): string {
  if (typeof span === 'string') return escaped(span);
  if ('code' in span) return `<code>${escaped(span.code)}</code>`;
  return `<span class="mark ${span.tone}">${escaped(span.mark)}</span>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return oneLine(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
