import { describe, expect, it } from 'vitest';
import { parseRobots, productToken } from '../../../core/fetch/robots-rules.ts';

const may = (text: string, path: string, userAgent = 'Rescrape/1.0 (+https://example.org)') =>
  parseRobots(text)(userAgent).forbids(path) === undefined;

const all = (...rules: readonly string[]) => ['User-agent: *', ...rules].join('\n');

describe('the group for a crawler', () => {
  it.each([
    ['its own, whatever the case', 'User-agent: RESCRAPE\nDisallow: /'],
    ['its own with a version', 'User-agent: rescrape/2.0\nDisallow: /'],
    ['its own with words after it', 'User-agent: Rescrape crawler\nDisallow: /'],
    ['everybody', 'User-agent: *\nDisallow: /'],
    ['one of several named together', 'User-agent: other\nUser-agent: rescrape\nDisallow: /'],
    [
      'together across a line of another kind',
      'User-agent: rescrape\nSitemap: https://a/b\nUser-agent: other\nDisallow: /',
    ],
    [
      'together across a blank line and a comment',
      'User-agent: rescrape\n\n# hello\nUser-agent: other\nDisallow: /',
    ],
    [
      'split in two',
      'User-agent: rescrape\nDisallow: /a\n\nUser-agent: other\nDisallow: /b\n\nUser-agent: rescrape\nDisallow: /',
    ],
  ])('is found: %s', (_what, text) => {
    expect(may(text, '/page')).toBe(false);
  });

  it.each([
    ["its own outranks everybody's", 'User-agent: *\nDisallow: /\n\nUser-agent: rescrape\nDisallow:'],
    ['another crawler', 'User-agent: other\nDisallow: /'],
    ['a longer name', 'User-agent: rescrapebot\nDisallow: /'],
    ['a shorter name', 'User-agent: res\nDisallow: /'],
    ['rules before any group', 'Disallow: /\nUser-agent: *\nAllow: /'],
    ['its own without a rule', 'User-agent: *\nDisallow: /\n\nUser-agent: rescrape'],
    ['an empty file', ''],
    ['a name behind a star', 'User-agent: *other\nDisallow: /'],
    [
      'another crawler behind a delay for everybody',
      'User-agent: *\nCrawl-delay: 10\n\nUser-agent: badbot\nDisallow: /',
    ],
    ['a page of HTML', '<!DOCTYPE html><title>Not found</title><p>Disallow: /</p>'],
  ])('is not mistaken: %s', (_what, text) => {
    expect(may(text, '/page')).toBe(true);
  });

  it('is read after a byte order mark and with any line end', () => {
    expect(may('\ufeffUser-agent: *\r\nDisallow: /a\rDisallow: /b', '/a')).toBe(false);
    expect(may('\ufeffUser-agent: *\r\nDisallow: /a\rDisallow: /b', '/b')).toBe(false);
  });
});

describe('the rule for a path', () => {
  it.each<[string, string, string[], boolean]>([
    ['a prefix', '/private/page', ['Disallow: /private'], false],
    ['another path', '/public', ['Disallow: /private'], true],
    ['paths are sensitive to case', '/Private', ['Disallow: /private'], true],
    ['directives are not', '/private', ['DISALLOW: /private'], false],
    ['the longest match wins', '/a/b/c', ['Disallow: /a', 'Allow: /a/b'], true],
    ['the longest match wins in any order', '/a/b/c', ['Allow: /a/b', 'Disallow: /a'], true],
    ['allow wins a tie', '/a', ['Disallow: /a', 'Allow: /a'], true],
    ['an empty disallow forbids nothing', '/a', ['Disallow:'], true],
    ['a comment ends the pattern', '/a', ['Disallow: /a # not here'], false],
    ['a star in the middle', '/a/x/y/b', ['Disallow: /a/*/b'], false],
    ['a star needs what follows it', '/a/x/y/c', ['Disallow: /a/*/b'], true],
    ['a star at the end changes nothing', '/abc', ['Disallow: /a*'], false],
    ['an end', '/a.pdf', ['Disallow: /*.pdf$'], false],
    ['an end that is not reached', '/a.pdf?x=1', ['Disallow: /*.pdf$'], true],
    ['an end found by trying again', '/a.pdf.pdf', ['Disallow: /*.pdf$'], false],
    ['a dollar in the middle is itself', '/a$b', ['Disallow: /a$b'], false],
    ['the query is part of the path', '/list?page=2', ['Disallow: /*?page='], false],
    ['the root', '/', ['Disallow: /$'], false],
    ['the root alone', '/a', ['Disallow: /$'], true],
    ['encoded and bare letters are the same', '/foo/bar/baz', ['Disallow: /foo/bar/%62%61%7A'], false],
    ['bare and encoded letters are the same', '/%66oo', ['Disallow: /foo'], false],
    ['encoded capitals and small letters are the same', '/a%c3%a9', ['Disallow: /a%C3%A9'], false],
    ['bare and encoded accents are the same', '/caf%C3%A9', ['Disallow: /café'], false],
    ['an encoded slash is no slash', '/a%2Fb', ['Disallow: /a/b'], true],
    ['the file itself may always be read', '/robots.txt', ['Disallow: /'], true],
    ['an encoded star is a star in the path', '/a*b', ['Disallow: /a%2Ab'], false],
    ['an encoded star is no star of the pattern', '/axb', ['Disallow: /a%2Ab'], true],
    ['an encoded dollar is a dollar in the path', '/a$', ['Disallow: /a%24'], false],
    ['stars on end are one', '/abc', ['Disallow: /**c'], false],
  ])('%s', (_what, path, rules, allowed) => {
    expect(may(all(...rules), path)).toBe(allowed);
  });

  it('names the pattern that forbids', () => {
    expect(parseRobots(all('Disallow: /a', 'Disallow: /a/*/b'))('x').forbids('/a/1/b')).toBe('/a/*/b');
  });
});

it('crawl-delay is read in milliseconds, and only where it is a number', () => {
  const delay = (value: string) => parseRobots(all(`Crawl-delay: ${value}`))('x').crawlDelayMs;
  expect(delay('2')).toBe(2000);
  expect(delay('0.5')).toBe(500);
  expect(delay('soon')).toBeUndefined();
  expect(delay('-1')).toBeUndefined();
  expect(delay('1e9')).toBeUndefined();
  expect(delay('.5')).toBe(500);
  expect(delay('86400000')).toBe(86_400_000_000);
  expect(delay('9'.repeat(400))).toBe(Number.MAX_SAFE_INTEGER);
});

it('crawl-delay belongs to the names above it, the longest of several counts, and one that is not ours does not', () => {
  const delay = (text: string) => parseRobots(text)('Rescrape/1.0').crawlDelayMs;
  expect(delay('User-agent: other\nCrawl-delay: 9\nUser-agent: rescrape\nCrawl-delay: 3')).toBe(3000);
  expect(delay('User-agent: *\nCrawl-delay: 9\n\nUser-agent: rescrape\nDisallow:')).toBeUndefined();
  expect(delay('User-agent: *\n\nCrawl-delay: 9\nDisallow: /a\n\nCrawl-delay: 4')).toBe(9000);
});

// What tries every way to fit the pattern never ends.
it('a hostile pattern costs no more than its length times that of the path', () => {
  const text = all(...Array.from({ length: 200 }, () => `Disallow: /${'*a'.repeat(500)}b`));
  expect(may(text, `/${'a'.repeat(2000)}`)).toBe(true);
});

it('the product token is the first word of the user agent', () => {
  expect(productToken('Rescrape/1.0 (+https://example.org)')).toBe('rescrape');
  expect(productToken('my_bot-x 2')).toBe('my_bot-x');
  expect(productToken('')).toBe('');
});
