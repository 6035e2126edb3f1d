import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRobots } from '../../../core/fetch/robots-rules.ts';

/**
 * RFC 9309 as one would write it down who has all day: lines to groups, rules to regular expressions, the
 * longest wins.
 */
function model(text: string, agent: string): { may(path: string): boolean; delay: number | undefined } {
  const groups: { agents: string[]; rules: { allow: boolean; pattern: string }[]; delay: number[] }[] = [];
  let isOpen = false;
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const match = /^([^:#]*):([^#]*)/.exec(raw);
    if (!match) continue;
    const [key, value] = [match[1]!.trim().toLowerCase(), match[2]!.trim()];
    if (key === 'user-agent') {
      if (!isOpen) groups.push({ agents: [], rules: [], delay: [] });
      isOpen = true;
      groups.at(-1)!.agents.push(value === '*' ? '*' : value.toLowerCase().replace(/[^a-z_-].*$/, ''));
    } else if (['allow', 'disallow', 'crawl-delay'].includes(key)) {
      isOpen = false;
      if (key === 'crawl-delay' && /^[0-9]+(\.[0-9]+)?$/.test(value))
        groups.at(-1)?.delay.push(Number(value));
      else if (key !== 'crawl-delay' && value !== '')
        groups.at(-1)?.rules.push({ allow: key === 'allow', pattern: value });
    }
  }
  const named = groups.filter(({ agents }) => agents.includes(agent));
  const mine = named.length > 0 ? named : groups.filter(({ agents }) => agents.includes('*'));
  const rules = mine.flatMap((group) => group.rules);
  const delays = mine.flatMap(({ delay }) => delay);
  return {
    delay: delays.length === 0 ? undefined : Math.max(...delays) * 1000,
    may: (path) => {
      const spelled = octets(path).map((octet) => (octet === '*' ? '%2A' : octet === '$' ? '%24' : octet));
      const hits = rules
        .map(({ allow, pattern }) => ({ allow, parts: octets(pattern.replaceAll(/\*+/g, '*')) }))
        .filter(({ parts }) => matches(parts, spelled.join('')));
      const length = ({ parts }: { parts: string[] }) =>
        parts.map((part, at) => (part === '$' && at < parts.length - 1 ? '%24' : part)).join('').length;
      const longest = Math.max(...hits.map(length));
      const best = hits.filter((hit) => length(hit) === longest);
      return best.length === 0 || best.some(({ allow }) => allow);
    },
  };
}

/** One spelling for each character of a path or a pattern. */
function octets(text: string): string[] {
  return (text.match(/%[0-9a-f]{2}|./giu) ?? []).flatMap((part) => {
    if (!/^%/.test(part) || part.length < 3) return /[!-~]/.test(part) ? [part] : [encodeURIComponent(part)];
    const character = String.fromCharCode(Number.parseInt(part.slice(1), 16));
    return [/[a-z0-9._~-]/i.test(character) ? character : part.toUpperCase()];
  });
}

function matches(parts: readonly string[], path: string): boolean {
  const source = parts.map((part, at) => {
    if (part === '*') return '.*';
    if (part === '$') return at === parts.length - 1 ? '$' : '%24';
    return part.replaceAll(/[.+?^{}()|[\]\\/]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}`, 's').test(path);
}

const PIECES = ['/', 'a', 'b', 'A', '%61', '%2f', '%2F', '%2A', '%24', '.', '?', '=', 'é', '%c3%a9', '-'];
const path = fc
  .array(fc.constantFrom(...PIECES, '$', '*'), { maxLength: 6 })
  .map((parts) => `/${parts.join('')}`);
const pattern = fc
  .tuple(
    fc.array(fc.constantFrom(...PIECES, '*', '*', '$'), { maxLength: 5 }),
    fc.constantFrom('', '', '$', '*'),
  )
  .map(([parts, end]) => `/${parts.join('')}${end}`);
const key = (...names: string[]) =>
  fc.constantFrom(...names).chain((name) => fc.constantFrom(name, name.toUpperCase(), name.toLowerCase()));
const colon = fc.constantFrom(':', ': ', ' : ', ':\t');
const comment = fc.constantFrom('', '', '', ' # note', '#');
const rule = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
  fc.tuple(name, colon, value, comment).map((parts) => parts.join(''));
const line = fc.oneof(
  {
    weight: 3,
    arbitrary: rule(
      key('User-agent'),
      fc.constantFrom('*', 'rescrape', 'Rescrape', 'RESCRAPE/2.0', 'other', 'rescrapebot'),
    ),
  },
  { weight: 5, arbitrary: rule(key('Disallow', 'Allow'), fc.oneof(pattern, fc.constant(''))) },
  { weight: 1, arbitrary: rule(key('Crawl-delay'), fc.constantFrom('2', '0.5', '10', 'soon', '-1', '')) },
  {
    weight: 1,
    arbitrary: rule(key('Sitemap', 'Host', 'Clean-param'), fc.constantFrom('https://a.example/b', '/')),
  },
  { weight: 2, arbitrary: fc.constantFrom('', ' ', '# words', 'words', ':', 'Disallow') },
);
const file = fc
  .tuple(
    fc.constantFrom('', '\uFEFF'),
    fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 14 }),
  )
  .map(([mark, lines]) => mark + lines.flat().join(''));

it('robots.txt is read as a plain model of RFC 9309 reads it', () => {
  fc.assert(
    fc.property(file, fc.array(path, { minLength: 1, maxLength: 6 }), (text, paths) => {
      const rules = parseRobots(text)('Rescrape/1.0 (+https://example.org)');
      const expected = model(text, 'rescrape');
      expect(rules.crawlDelayMs).toBe(expected.delay);
      for (const each of paths)
        expect([each, rules.forbids(each) === undefined]).toEqual([each, expected.may(each)]);
    }),
    { numRuns: 3000 },
  );
});
