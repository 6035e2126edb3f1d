import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HtmlElement, readHtml } from '../../../core/source/html.ts';
import { readAsBrowser } from '../../../core/source/html-browser.ts';
import { ElementsOfPage } from '../../../core/source/html-element.ts';
import { readWellNested } from '../../../core/source/html-scanner.ts';
import { DEFAULT_MAX_ELEMENTS, PageBudget } from '../../../core/source/page-budget.ts';
import { browserShape, shapeOf } from './browser-reading.ts';
import { ODD_PAGES } from './odd-pages.ts';

/** Names with one hash, as `scanner/assembly/tags.ts` has it. */
const sameHash = Array.from({ length: 64 }, (_, at) =>
  Array.from({ length: 6 }, (_, bit) => ((at >> bit) & 1 ? 'c2' : 'ap')).join(''),
);

const budget = () => new PageBudget(DEFAULT_MAX_ELEMENTS);
const words = (text: string) => text.split(' ');

/**
 * Families of tags that have rules with each other: soup of one family is odd more often than soup of all.
 */
const FAMILIES = [
  words('table thead tbody tfoot tr td th caption colgroup col p div b a input form select option'),
  words('p div span li ul ol dl dd dt h1 h2 form button pre section table tr td'),
  words('b i a font nobr em code p div span table td button object'),
  words('html head body title meta link base script style noscript template noframes frameset frame p'),
  words('textarea title script style xmp iframe noembed noscript plaintext template listing p td'),
  words('select option optgroup input textarea hr p table td datalist button keygen'),
  words('svg math path g title desc foreignobject mi annotation-xml p div b style circle table td'),
  words('ruby rb rt rtc rp applet object marquee details summary dialog center x-y p li'),
  words('br hr img image input wbr area source param embed p div a td'),
];
const ATTRIBUTES = [
  ...[' class=a', ' id="x y"', " title='&amp;b'", ' a b=c/', ' href="?a&copy=1&lt"', ' A=1 a=2', ' x="<p>"'],
  ...[
    ' type=hidden',
    '/',
    ' /',
    ' a = "b"c=d',
    ' ="x"',
    ' a"=1',
    ' __proto__=1 constructor=z',
    ' é=1',
    ' x=',
    ' x="',
  ],
];
const TEXTS = [
  ...[
    'x',
    ' ',
    '\n',
    'y z',
    '\n\n',
    '\u00a0',
    'a &amp; b',
    '&lt;p&gt;',
    '&nbsp;',
    '&copy',
    '&notit;',
    '&#65;',
    '&#10;',
  ],
  ...[
    '&#x80;',
    '&#0;',
    '&#xD;',
    '&',
    '&amp',
    '1 < 2',
    '<',
    '</',
    '<!',
    '\r\n',
    '\r',
    '\0',
    '>',
    '"',
    "'",
    'é',
    '\ufeff',
  ],
  ...[
    '<!-->',
    '<!--->',
    '<!-- a -->',
    '<!--a--!>',
    '<!--',
    '-->',
    '<!x>',
    '<?php a ?>',
    '<![CDATA[a<b]]>',
    '</>',
    '</ p>',
  ],
  ...[
    '<!doctype html>',
    '<!DOCTYPE html PUBLIC "a>b">',
    '</script',
    '<script><!-- <script> </script> --></script>',
  ],
];

/** A page of tags that are mostly closed as they should be. */
const pages = fc
  .tuple(fc.constantFrom('<!doctype html>', '', '<html><head></head><body>'), fc.constantFrom(...FAMILIES))
  .chain(([start, family]) => {
    const tag = fc.constantFrom(...family);
    const attribute = fc.option(fc.constantFrom(...ATTRIBUTES), { nil: '', freq: 2 });
    const part: fc.Arbitrary<string> = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(tag, attribute).map(([name, more]) => `<${name}${more}>`) },
      { weight: 2, arbitrary: tag.map((name) => `</${name}>`) },
      { weight: 2, arbitrary: fc.constantFrom(...TEXTS) },
    );
    const whole = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('x', ' ', '\n'),
        fc
          .tuple(tag, attribute, fc.array(tie('node'), { maxLength: 3 }))
          .map(([name, more, nodes]) => `<${name}${more}>${nodes.join('')}</${name}>`),
      ),
    })).node;
    const parts = fc.oneof({ weight: 2, arbitrary: part }, { weight: 1, arbitrary: whole });
    return fc.array(parts, { maxLength: 24 }).map((all) => start + all.join(''));
  });

const byFullReader = (page: string) => new ElementsOfPage(readAsBrowser(page, budget())).at(0);

/** Texts, each with the name of what it is in. */
function textsBelow({ tag, children }: HtmlElement): string[] {
  return children.flatMap((child) => (typeof child === 'string' ? `${tag}: ${child}` : textsBelow(child)));
}

describe('a page is read as a browser reads it', () => {
  it.each(ODD_PAGES)('%s', (_, page) => {
    expect(shapeOf(readHtml(page))).toEqual(browserShape(page));
  });

  it('whatever tags and texts stand in it', () => {
    fc.assert(
      fc.property(pages, (page) => {
        expect(shapeOf(readHtml(page))).toEqual(browserShape(page));
      }),
      { numRuns: 5_000 },
    );
  });

  it('by the full reader as well, where the fast one would have done', () => {
    fc.assert(
      fc.property(pages, (page) => {
        const lines = page.replace(/\r\n?/g, '\n');
        expect(shapeOf(byFullReader(lines))).toEqual(browserShape(page));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a table with cells that nobody closes', '<table><tr><td>a<td>b<tr><td>c</table>'],
    ['lists and paragraphs without end tags', '<ul><li>a<li>b</ul><p>c<p>d<dl><dt>e<dd>f</dl>'],
    ['end tags of nothing', '<div></span></ul>a</div></div></b>'],
    [
      'a drawing, a template and a script',
      '<svg><path d="m"/></svg><template><p></template><script>"</p>"</script>',
    ],
    [
      'references at the start of a page and of a code',
      'a &amp; b<pre>&lt;p&gt;</pre><textarea>&amp;</textarea>',
    ],
    ['a template of rows', '<table><template><tr><td><b>a</b></td></tr></template></table>'],
    ['a form between the rows of a table', '<table><form><tr><td><input type=hidden></form></table>'],
  ])('in one pass: %s', (_, page) => {
    expect(readWellNested(Buffer.from(`<!doctype html>${page}`), DEFAULT_MAX_ELEMENTS)).toBeDefined();
  });

  it.each([
    ['names of tags that share one place', sameHash.map((name) => `<${name}></${name}>`).join('')],
    ['end tags below many open elements', '<div>'.repeat(4_900) + '</b>'.repeat(60_000)],
  ])('left to the full reader, for it would take long: %s', (_, page) => {
    expect(readWellNested(Buffer.from(page), DEFAULT_MAX_ELEMENTS)).toBeUndefined();
  });

  it('below the depth at which elements become children of one', () => {
    const deep = '<div>'.repeat(520);
    for (const page of ['<object><p>a</object>b', '<textarea>a</textarea>b', '<p>a<xmp>b</xmp>'])
      expect(textsBelow(readHtml(deep + page))).toEqual(textsBelow(byFullReader(deep + page)));
  });
});
