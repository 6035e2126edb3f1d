import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  collapse,
  type HtmlElement,
  HtmlIndex,
  hasClass,
  own,
  readHtml,
  textOf,
} from '../../../core/source/html.ts';
import { PageTooLargeError } from '../../../core/source/page-budget.ts';

describe('reading HTML', () => {
  it('finds elements by tag, class and test selector in document order', () => {
    const index = new HtmlIndex(
      readHtml(`<DIV class=" b
      a"><p data-test-selector=one>1</p></DIV><span data-test-selector='one' class="a">2</span>`),
    );
    expect(index.withClass('a').map((element) => element.tag)).toEqual(['div', 'span']);
    expect(index.withClass('a', 'span').map((element) => textOf(element))).toEqual(['2']);
    expect(index.withSelector('one').map((element) => textOf(element))).toEqual(['1', '2']);
    expect(index.withClass('c')).toEqual([]);
  });

  it('decodes entities and makes every kind of space one', () => {
    const [cell] = new HtmlIndex(
      readHtml('<table><td>\n O&#39;Neill&nbsp;&amp;\t<b>S&ouml;hne</b> <br>½&euro;\u200b </td>'),
    ).tag('td');
    expect(cell && textOf(cell)).toBe("O'Neill & Söhne ½€");
  });

  it('leaves out what nobody reads on the page', () => {
    const page = readHtml(
      '<p>a<script>var x = "<tr class=row>"</script><svg><title>b</title></svg><style>p{}</style>c</p>',
    );
    expect(textOf(page)).toBe('ac');
    expect([...new HtmlIndex(page).classes()]).toEqual([]);
  });

  it('goes on after a dropped element that closes badly', () => {
    expect(textOf(readHtml('<svg><path></svg><p>seen</p>'))).toBe('seen');
  });

  it('tells classes apart that begin alike', () => {
    const [element] = new HtmlIndex(readHtml('<i class="row\nrow__main"></i>')).tag('i');
    expect(element && hasClass(element, 'row__main')).toBe(true);
    expect(element && hasClass(element, 'row__mai')).toBe(false);
  });

  it('parts classes by white space alone, wherever it is asked for them', () => {
    const index = new HtmlIndex(readHtml('<i class="a\u0001b c\u200bd"></i>'));
    const [element] = index.tag('i');
    const named = ['a', 'b', 'a\u0001b', 'c', 'd'].filter((name) => hasClass(element!, name));
    expect(named).toEqual(['a\u0001b', 'c', 'd']);
    expect([...index.classes()]).toEqual(named);
  });

  it('finds a class in every value that names it, in the order of the page', () => {
    const page = readHtml(
      '<i class="b a">1</i><i class=ab>2</i><i class="a">3</i><i class="b\u00a0a">4</i><i class="ba a">5</i>',
    );
    const index = new HtmlIndex(page);
    expect(index.withClass('a').map((element) => textOf(element))).toEqual(['1', '3', '4', '5']);
    expect(index.withClass('')).toEqual([]);
    expect([...index.classes()].toSorted()).toEqual(['a', 'ab', 'b', 'ba']);
  });

  it('finds by class and by test selector what has it, whatever pages were read before', () => {
    const value = fc
      .array(fc.constantFrom('a', 'b', 'ab', 'abcd', '_', ' ', '\n', 'é', '&amp;', '\u00a0'), {
        maxLength: 7,
      })
      .map((parts) => parts.join(''));
    // In a `b` that is closed around a `p`, which a browser moves: its attributes are kept as texts.
    const written = fc.tuple(fc.array(value, { maxLength: 40 }), fc.boolean());
    fc.assert(
      fc.property(written, ([values, isMoved]) => {
        const cells = values.map((each) => `<i class="${each}" data-test-selector="${each}"></i>`).join('');
        const index = new HtmlIndex(readHtml(isMoved ? `<b><p>${cells}</b></p>` : cells));
        const elements = index.tag('i');
        expect(elements.length).toBeGreaterThanOrEqual(values.length);
        const places = (found: readonly HtmlElement[]) => found.map((each) => elements.indexOf(each));
        for (const name of new Set(values.flatMap((each) => each.replaceAll('&amp;', '&').split(/\s+/))))
          expect(places(index.withClass(name))).toEqual(
            places(elements.filter((each) => hasClass(each, name))),
          );
        for (const text of values.map((each) => each.replaceAll('&amp;', '&').trim()))
          expect(places(index.withSelector(text))).toEqual(
            places(elements.filter((each) => each.attribute('data-test-selector')?.trim() === text)),
          );
      }),
    );
  });

  it('forgets the values of earlier pages where they are too many, and loses none of its own', () => {
    const names = Array.from({ length: 3_000 }, (_, at) => `${1_000 + at}`);
    const indexes = [0, 1_500].map(
      (from) =>
        new HtmlIndex(
          readHtml(
            names
              .slice(from, from + 1_500)
              .map((name, at) => `<i class="${at % 2 ? `${name} all` : `all ${name}`}">`)
              .join(''),
          ),
        ),
    );
    for (const [at, index] of indexes.entries()) {
      const own = names.slice(at * 1_500, (at + 1) * 1_500);
      expect(index.withClass('all')).toHaveLength(1_500);
      expect(own.filter((name) => index.withClass(name).length !== 1)).toEqual([]);
      expect([...index.classes()].toSorted()).toEqual([...own, 'all'].toSorted());
      expect(index.withClass(names[(at * 1_500 + 1_500) % 3_000]!)).toEqual([]);
    }
  });

  it('knows the names of tags that a page made up, up to any number of them', () => {
    for (const count of [3, 511, 512, 513, 3_000]) {
      const names = Array.from({ length: count }, (_, at) => `x-${at}`);
      const index = new HtmlIndex(
        readHtml(names.map((name) => `<${name.toUpperCase()}><p>${name}</p></${name}>`).join('')),
      );
      const texts = names.map((name) => index.tag(name).map((element) => textOf(element)));
      expect(texts).toEqual(names.map((name) => [name]));
      expect(index.tag('x-none')).toEqual([]);
      expect(index.tag('p')[0]?.parent?.tag).toBe('x-0');
    }
  });

  it('leaves a text in its element at any depth, as browsers do', () => {
    const rows = Array.from({ length: 700 }, (_, at) => `<div>${at} <span>${at}</span><i>&copy;${at}</i>`);
    // What begins with a link in a link is read by the full parser.
    for (const page of [rows.join(''), `<a><a>${rows.join('')}`]) {
      const index = new HtmlIndex(readHtml(page));
      const numbers = rows.map((_, at) => `${at}`);
      expect(index.tag('span').map((element) => textOf(element))).toEqual(numbers);
      expect(index.tag('i').map((element) => textOf(element))).toEqual(numbers.map((at) => `©${at}`));
    }
  });

  it('reads a page while others are read, of whatever size they are', () => {
    const cells = (count: number, text: string) =>
      `<table>${`<tr><td a="${text}">${text}`.repeat(count)}</table>`;
    const textsOf = (page: HtmlElement) => new HtmlIndex(page).tag('td').map((cell) => textOf(cell));
    const small = readHtml(cells(3, 'small'));
    const large = readHtml(cells(30_000, 'large'.repeat(60)));
    const again = readHtml(cells(2, 'again'));
    const odd = readHtml(`<b><p>${cells(1, 'odd')}</b>`);
    expect(textsOf(small)).toEqual(Array(3).fill('small'));
    expect(new Set(textsOf(large))).toEqual(new Set(['large'.repeat(60)]));
    expect(textsOf(large)).toHaveLength(30_000);
    expect(textsOf(again)).toEqual(['again', 'again']);
    expect(textsOf(odd)).toEqual(['odd']);
  });

  it('keeps the bytes of a large page that is held, and not the memory in which it was read', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = () => {
      collect();
      return process.memoryUsage().external;
    };
    const before = held();
    const pages = Array.from({ length: 8 }, (_, at) => readHtml(`<p>${at}${'x'.repeat(6_000_000)}</p>`));
    expect(pages.map((page) => textOf(page)[0])).toEqual([...'01234567']);
    // As much again, and half of it, is what a page is read in.
    expect(held() - before).toBeLessThan(8 * 8_000_000);
  });

  it('reads the next page as ever after one that is too large', () => {
    for (const page of ['<p>'.repeat(200_000), '<div>'.repeat(6_000), `<p ${'a '.repeat(900_000)}>`]) {
      expect(() => readHtml(page)).toThrow(PageTooLargeError);
      expect(textOf(readHtml('<p>next</p>'))).toBe('next');
    }
  });

  it('reads a name of a tag that is as long as the page', () => {
    for (const end of ['', '</', '</x>', '<p>a</p>'])
      expect(readHtml(`<${'x'.repeat(6_000_000)}>${end}`).tag).toBe('#page');
  });

  it('has names of attributes in lower case only, however they are written', () => {
    const [element] = new HtmlIndex(readHtml('<p toString=1 CLASS=a>')).tag('p');
    expect(['tostring', 'toString', 'class', 'Class'].map((name) => element!.attribute(name))).toEqual([
      '1',
      undefined,
      'a',
      undefined,
    ]);
  });

  it('takes the first of two attributes of one name, whatever it is named', () => {
    const [link] = new HtmlIndex(readHtml('<a href=1 HREF=2 constructor=c __proto__=p>x</a>')).tag('a');
    expect(link?.attribute('href')).toBe('1');
    expect(link?.attribute('constructor')).toBe('c');
    expect(link?.attribute('title')).toBeUndefined();
    expect(Object.entries(link?.attributes ?? {})).toEqual([
      ['href', '1'],
      ['constructor', 'c'],
      ['__proto__', 'p'],
    ]);
  });

  it('skips elements that the caller does not want in a text', () => {
    const [cell] = new HtmlIndex(readHtml('<a>R Moore<sup>3</sup></a>')).tag('a');
    expect(cell && textOf(cell, (child) => child.tag === 'sup')).toBe('R Moore');
  });

  it('reads anything without throwing, and keeps nesting within bounds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(readHtml(text).tag).toBe('#page');
      }),
    );
    const deep = `${'<div>'.repeat(4_000)}x${'</div>'.repeat(4_000)}<p>after</p>`;
    const page = readHtml(deep);
    expect(textOf(page)).toBe('xafter');
    expect(new HtmlIndex(page).tag('body')[0]?.children.at(-1)).toMatchObject({ tag: 'p' });
  });

  it('reads a long text as it reads a short one', () => {
    const text = fc.array(fc.constantFrom('a', ' ', '\n', '\t', '\u00a0', '\u200b', 'é', '\r\n', '\r'), {
      minLength: 1,
    });
    fc.assert(
      fc.property(text, (parts) => {
        const short = parts.join('');
        const long = short.repeat(Math.ceil(70_000 / short.length));
        const [pre] = new HtmlIndex(readHtml(`<pre>x${long}</pre>`)).tag('pre');
        expect(pre?.children.join('')).toBe(`x${long.replace(/\r\n?/g, '\n')}`);
        expect(collapse(long)).toBe(long.replace(/[\s\u200b]+/g, ' ').trim());
      }),
      { numRuns: 50 },
    );
  });

  it('makes one space of every white space, whatever characters stand around it', () => {
    const spaces = fc.constantFrom(...' \t\n\u000b\r\u0085\u00a0\u1680\u2000\u200a\u200b\u2028\u3000\ufeff');
    const others = fc.constantFrom(...'a-é£½\u007f\u180e–’…\u2030');
    const text = fc.array(fc.oneof(others, spaces, fc.string({ unit: 'binary', maxLength: 1 })));
    fc.assert(
      fc.property(text, (parts) => {
        const printed = parts.join('');
        expect(collapse(printed)).toBe(printed.replace(/[\s\u200b]+/g, ' ').trim());
      }),
    );
  });

  it('copies a text without changing it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(own(text)).toBe(text);
      }),
    );
  });
});
