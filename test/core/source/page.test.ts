import { describe, expect, it } from 'vitest';
import { HtmlIndex, readHtml, textOf } from '../../../core/source/html.ts';
import { bytesOf, keptPage, newPage, PageReleasedError, startOf } from '../../../core/source/page.ts';

const FACTS = { url: 'https://example.org/', status: 200, contentType: 'text/html' };
const utf8 = (text: string) => new TextEncoder().encode(text);
const page = (text: string) => newPage(FACTS, { utf8: utf8(text) });

describe('a page in UTF-8', () => {
  it('has its text for who asks, whatever is made of it', () => {
    const printed = page('<p>Château d’Auteuil</p>');
    expect(printed.text).toBe('<p>Château d’Auteuil</p>');
    expect({ ...printed }.text).toBe(printed.text);
    expect(textOf(readHtml(printed))).toBe('Château d’Auteuil');
    expect(bytesOf(printed).equals(utf8(printed.text))).toBe(true);
  });

  it('is the same as its text where it is read', () => {
    for (const text of [
      'a\r\nb\rc',
      '<p title="é&amp;ü">d\u00a0e\u2003</p>f',
      '\ufeff<b>g</b>',
      '<td>h\0i',
      '',
    ])
      expect(textOf(readHtml(page(text)))).toBe(textOf(readHtml(text)));
  });

  it('starts behind its white space, however much of it there is', () => {
    expect(startOf(page(`${' \n'.repeat(5_000)}{"a":1}`))).toBe('{"a":1}');
    expect(startOf({ ...FACTS, text: `${' '.repeat(5_000)}<p>` })).toBe('<p>');
    expect(startOf(page(' \n\u00a0'))).toBe('');
    // A limit in bytes falls within a character.
    expect(startOf(page(` ${'\u00a0'.repeat(200)}`))).toBe('');
    expect(startOf(page(`${'\u3000'.repeat(100)}{"a":1}`))).toBe('{"a":1}');
  });
});

describe('elements', () => {
  it('stay what they are while other pages are read', () => {
    const pages = ['a', 'b', 'c'].map((name) =>
      readHtml(page(`<ul>${`<li class="x ${name}" title="${name}"><b>${name}</b>1</li>`.repeat(400)}</ul>`)),
    );
    for (const [at, name] of ['a', 'b', 'c'].entries()) {
      const items = new HtmlIndex(pages[at]!).withClass(name, 'li');
      expect(items).toHaveLength(400);
      expect(new Set(items.map((item) => `${textOf(item)} ${item.attribute('title')}`))).toEqual(
        new Set([`${name}1 ${name}`]),
      );
      expect(items[0]!.parent).toBe(items[399]!.parent);
    }
  });

  it('of one node are one object', () => {
    const html = readHtml('<p><i>a</i></p>');
    const [italic] = new HtmlIndex(html).tag('i');
    expect(italic?.parent?.children[0]).toBe(italic);
    expect(new HtmlIndex(html).tag('p')[0]).toBe(italic?.parent);
    expect(html.parent).toBeUndefined();
  });

  it.each([
    ['well nested', '<p class=a title=b>c<i>d</i></p>'.repeat(50)],
    ['that a browser mends', '<p class=a title=b>c<b><i>d</b></i></p>'.repeat(50)],
    ['with carriage returns', '<p class=a title=b>c<i>d</i></p>\r\n'.repeat(50)],
  ])('of a page that was released say so, and so does its text: %s', (_, text) => {
    for (const content of [{ utf8: utf8(text) }, { text }]) {
      const lifetime = { isOver: false };
      const printed = newPage({ ...FACTS, lifetime }, content);
      const [element] = new HtmlIndex(readHtml(printed)).tag('p');
      lifetime.isOver = true;
      const asked = [
        () => textOf(element!),
        () => element!.children,
        () => element!.parent,
        () => element!.attributes,
        () => element!.attribute('title'),
        () => element!.attribute('class'),
        () => new HtmlIndex(element!),
        () => readHtml(printed),
        () => printed.text,
      ];
      for (const ask of asked) expect(ask).toThrow(PageReleasedError);
      readHtml('<p>another page</p>');
      for (const ask of asked) expect(ask).toThrow(PageReleasedError);
    }
  });

  it('of a page that is kept outlive it', () => {
    const lifetime = { isOver: false };
    const kept = keptPage(newPage({ ...FACTS, lifetime }, { utf8: utf8('<p>c</p>') }));
    lifetime.isOver = true;
    expect(textOf(readHtml(kept))).toBe('c');
    expect(kept.text).toBe('<p>c</p>');
  });
});
