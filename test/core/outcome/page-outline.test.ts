import { describe, expect, it } from 'vitest';
import { outlineOf } from '../../../core/outcome/page-outline.ts';

describe('the outline of a page', () => {
  it('tells what is read from what the browser is told', () => {
    const outline = outlineOf(
      '<!-- <p>no</p> --><TITLE>Wait &amp; see</TITLE><style>p{}</style><p>It&#x27;s  3 < 4</p>' +
        '<noscript>Turn it on</noscript><SCRIPT>if (a<b) x="<p>no</p>"</SCRIPT ><script src="/A.js" async></script>',
    );
    expect(outline).toMatchObject({
      title: 'wait & see',
      text: "it's 3 < 4 turn it on",
      sources: ['/a.js'],
    });
    expect(outline?.scripts).toContain('<p>no</p>');
    expect(outline?.tags).not.toContain('<p>no');
  });

  it('counts what a visitor with JavaScript is shown, and the title is not', () => {
    expect(outlineOf('<title>Results</title><noscript>Turn it on</noscript><p>four</p>')?.shown).toBe(4);
  });

  it('reads a page that is cut short anywhere', () => {
    const page = '<title>a</title><p id="b">c</p><!-- d --><script src="e">f</script><noscript>g</noscript>';
    for (let length = 0; length <= page.length; length++) {
      expect(outlineOf(page.slice(0, length))).toBeDefined();
    }
  });

  it('keeps the beginning and the end of a long script', () => {
    const scripts = outlineOf(`<script>first${' '.repeat(300_000)}last</script>`)?.scripts ?? '';
    expect(scripts).toContain('first');
    expect(scripts).toContain('last');
    expect(scripts.length).toBeLessThan(40_000);
  });

  it.each([
    ['text', '<p>word</p>'.repeat(1200)],
    ['links', '<a href="/x"></a>'.repeat(60)],
    ['elements', '<i></i>'.repeat(2000)],
    ['data', `<script type="application/ld+json">${'{}'.repeat(10_000)}</script>`],
    ['size', `<style>${' '.repeat(500_000)}</style>`],
    ['JSON', `{"rows":[${'1,'.repeat(10_000)}1]}`],
  ])('is none where the page has content of its own: %s', (_, page) => {
    expect(outlineOf(page)).toBeUndefined();
  });
});
