import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import { describe, expect, it } from 'vitest';
import { fastTokenizer } from '../../../core/source/fast-tokenizer.ts';
import type { CivilDate } from '../../../core/window/civil-date.ts';
import { startDemoSite } from '../../../demo/site.ts';

/** All that the parser tells of a page; neighbouring texts joined, because where one is cut says nothing. */
function told(page: string, Tokenizer?: typeof fastTokenizer): string[] {
  const events: string[] = [];
  const parser = new Parser(
    {
      onopentag: (name, attributes) => events.push(`<${name} ${JSON.stringify(attributes)}`),
      onclosetag: (name) => events.push(`</${name}`),
      oncomment: (data) => events.push(`<!--${data}`),
      onprocessinginstruction: (name, data) => events.push(`<!${name} ${data}`),
      ontext: (data) => {
        if (events.at(-1)?.startsWith('"')) events.push(`${events.pop()}${data}`);
        else events.push(`"${data}`);
      },
    },
    Tokenizer ? { Tokenizer } : {},
  );
  parser.end(page);
  return events;
}

describe('the fast tokenizer tells what the tokenizer of htmlparser2 tells', () => {
  const folder = 'sources/racing/fixtures';

  const pages = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'page.html')));

  it.each(pages)('of the golden page %s', (name) => {
    const page = readFileSync(join(folder, name, 'page.html'), 'utf8');
    expect(told(page, fastTokenizer)).toEqual(told(page));
  });

  it('of a page of the demo site', async () => {
    const site = await startDemoSite({ seed: 3, today: '2026-11-22' as CivilDate });
    const index = await (await fetch(`${site.url}/results/2026-11-20`)).text();
    const path = /href="(\/results\/\d+\/[^"]+)"/.exec(index)?.[1];
    const page = await (await fetch(`${site.url}${path}`)).text();
    await site.close();
    expect(page.length).toBeGreaterThan(100_000);
    expect(told(page, fastTokenizer)).toEqual(told(page));
  });

  it('of any text made of what markup is made of', () => {
    const piece = fc.constantFrom(
      ...[
        '<',
        '>',
        '</',
        '/>',
        '"',
        "'",
        '=',
        '&',
        ';',
        '&amp',
        '&amp;',
        '&#65;',
        '&#x',
        ' ',
        '\n',
        '<!--',
        '-->',
      ],
      ...[
        'a',
        'div',
        'script',
        'style',
        'title',
        'textarea',
        '<script>',
        '</script>',
        '<a href="',
        "<b x='",
        '½',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const page = pieces.join('');
        expect(told(page, fastTokenizer)).toEqual(told(page));
      }),
      { numRuns: 2000 },
    );
  });
});
