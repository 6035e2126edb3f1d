import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageTooLargeError } from '../../../core/source/page-budget.ts';
import { childrenOf, readXml, type XmlElement, xmlText } from '../../../core/source/xml.ts';

const page = (text: string, maxElements?: number) => ({
  url: 'https://feeds.example/feed.xml',
  status: 200,
  contentType: 'application/xml',
  text,
  ...(maxElements !== undefined && { maxElements }),
});

function rootOf(text: string, name = 'feed'): XmlElement {
  const read = readXml(page(text), name);
  if (read.kind !== 'read') throw new Error(read.message);
  return read.root;
}

describe('reading XML', () => {
  it('gives elements by name and namespace, whatever their prefixes are', () => {
    const atom = 'http://www.w3.org/2005/Atom';
    const plain = `<feed xmlns="${atom}"><entry><title>A &amp; B</title></entry></feed>`;
    const prefixed = `<a:feed xmlns:a="${atom}"><a:entry><a:title><![CDATA[A & B]]></a:title></a:entry></a:feed>`;
    for (const text of [plain, prefixed, `\ufeff<?xml version="1.0"?>\n<!-- x -->${plain}`]) {
      const read = readXml(page(text), 'feed', atom);
      if (read.kind !== 'read') throw new Error(read.message);
      const [entry] = childrenOf(read.root, 'entry', atom);
      expect(xmlText(childrenOf(entry!, 'title')[0]!)).toBe('A & B');
      expect(childrenOf(read.root, 'entry', 'urn:other')).toEqual([]);
    }
  });

  it('tells attributes of a namespace from those of none, and takes no name for an inherited one', () => {
    const { attributes } = rootOf('<feed xmlns:x="urn:x" id="1" x:id="2" __proto__="3" />');
    expect(Object.entries(attributes)).toEqual([
      ['id', '1'],
      ['{urn:x}id', '2'],
      ['__proto__', '3'],
    ]);
    expect(attributes.constructor).toBeUndefined();
  });

  it('reads back every tree that can be written', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
    const text = fc.stringMatching(/^[ -~é世]{1,20}$/);
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.record({
        name,
        attributes: fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true }),
        children: fc.array(fc.oneof({ depthSize: 'small' }, text, tie('tree')), { maxLength: 4 }),
      }) as fc.Arbitrary<Tree>,
    }));
    fc.assert(
      fc.property(tree, (written) => {
        expect(plain(rootOf(xmlOf(written), written.name))).toEqual(joined(written));
      }),
    );
  });

  it('refuses a document that is cut off anywhere', () => {
    const text = '<?xml version="1.0"?><feed a="1"><entry><title>A &amp; B</title></entry></feed>';
    for (let end = 0; end < text.length; end++)
      expect(readXml(page(text.slice(0, end)), 'feed'), String(end)).toMatchObject({ code: 'PARSE_ERROR' });
  });

  it('answers any text with a document, or with why it is none in one line', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      'feed',
      '&',
      ';',
      '"',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<?',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }), (pieces) => {
        const read = readXml(page(pieces.join('')), 'feed');
        if (read.kind === 'rejected') expect(read.message).not.toContain('\n');
      }),
    );
  });

  it.each([
    [
      'entities that stand for a gigabyte',
      '<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><feed>&b;</feed>',
    ],
    ['a file of ours', '<!DOCTYPE feed [<!ENTITY f SYSTEM "file:///etc/passwd">]><feed>&f;</feed>'],
    ['parameter entities', '<!DOCTYPE feed [<!ENTITY % p SYSTEM "http://a.example/x.dtd"> %p;]><feed/>'],
    ['an entity that nobody declared', '<feed>&nbsp;</feed>'],
    ['an entity of a DTD elsewhere', '<!DOCTYPE feed SYSTEM "http://a.example/x.dtd"><feed>&x;</feed>'],
    ['a prefix that nobody declared', '<feed><x:entry/></feed>'],
    ['two roots', '<feed/><feed/>'],
    ['an attribute twice', '<feed a="1" a="2"/>'],
    ['bytes of another encoding', '<feed>caf\ufffd</feed>'],
    ['a page of HTML', '<!doctype html><html><br><p>Sorry</html>'],
    ['JSON', '{"feed": []}'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(readXml(page(text), 'feed')).toMatchObject({ kind: 'rejected', code: 'PARSE_ERROR' });
  });

  it('takes a document type without declarations for what it is, and fetches nothing', () => {
    expect(rootOf('<!DOCTYPE feed PUBLIC "-//X//DTD" "http://a.example/x.dtd"><feed/>').children).toEqual([]);
  });

  it('says which root is there in place of the one that is read', () => {
    expect(readXml(page('<error/>'), 'feed')).toEqual({
      kind: 'rejected',
      code: 'HTML_CHANGED',
      message: 'the root is error and not feed',
    });
    expect(readXml(page('<feed/>'), 'feed', 'urn:a')).toMatchObject({
      code: 'HTML_CHANGED',
      message: 'the root is {}feed and not {urn:a}feed',
    });
  });

  it.each([
    ['elements', `<feed>${'<a/>'.repeat(100)}</feed>`],
    ['texts', `<feed>${'<![CDATA[x]]>'.repeat(1000)}</feed>`],
    ['attributes', `<feed ${Array.from({ length: 1000 }, (_, at) => `a${at}=""`).join(' ')}/>`],
  ])('ends where there are too many %s', (_, text) => {
    expect(() => readXml(page(text, 100), 'feed')).toThrow(PageTooLargeError);
  });

  it('ends where elements nest deeper than any feed does', () => {
    const nested = (depth: number) => `${'<feed>'.repeat(depth)}x${'</feed>'.repeat(depth)}`;
    expect(xmlText(rootOf(nested(256)))).toBe('x');
    expect(() => readXml(page(nested(257)), 'feed')).toThrow(PageTooLargeError);
  });
});

interface Tree {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Tree | string)[];
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function xmlOf({ name, attributes, children }: Tree): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const inside = children.map((child) => (typeof child === 'string' ? escaped(child) : xmlOf(child)));
  return `<${name}${written.join('')}>${inside.join('')}</${name}>`;
}

/** Texts that stand beside each other are one text to a reader. */
function joined({ name, attributes, children }: Tree): Tree {
  const texts: (Tree | string)[] = [];
  for (const child of children) {
    const before = texts.at(-1);
    if (typeof child !== 'string') texts.push(joined(child));
    else if (typeof before === 'string') texts[texts.length - 1] = before + child;
    else texts.push(child);
  }
  return { name, attributes, children: texts };
}

function plain({ name, attributes, children }: XmlElement): Tree {
  const inside = children.map((child) => (typeof child === 'string' ? child : plain(child)));
  return joined({ name, attributes: { ...attributes }, children: inside });
}
