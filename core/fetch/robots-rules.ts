/** What a robots.txt says to one crawler. */
export interface RobotsRules {
  /** The pattern that forbids the path (with its query), or undefined where it may be fetched. */
  forbids(pathAndQuery: string): string | undefined;
  /**
   * Milliseconds between two requests, where the file asks for it (no part of the RFC, but widely meant); not
   * clamped.
   */
  readonly crawlDelayMs?: number;
}

/** Bytes. A parser must read at least this much (RFC 9309, section 2.5) and need not read more. */
export const ROBOTS_MAX_BYTES = 500 * 1024;

/** Longer patterns match no address that a site would have; they only cost time. */
const MAX_PATTERN = 2048;

interface Rule {
  readonly allow: boolean;
  readonly pattern: string;
}

interface Group {
  readonly rules: Rule[];
  crawlDelayMs?: number;
}

/**
 * Reads a robots.txt by RFC 9309. Own code and not `robots-parser`, because that one lets a Sitemap line
 * split a group, does not read `Bot/1.0` or `Bot 1.0` as the token `Bot`, and compares `%61` and `a` as
 * different.
 */
export function parseRobots(text: string): (userAgent: string) => RobotsRules {
  const groups = new Map<string, Group>();
  let current: Group[] = [];
  let expectsAgents = false;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const [key, value] = keyValue(line);
    if (key === 'user-agent') {
      if (!expectsAgents) current = [];
      expectsAgents = true;
      const token = /^\*(?:\s|$)/.test(value) ? '*' : productToken(value);
      if (token !== '') current.push(groupOf(groups, token));
    } else if (key === 'allow' || key === 'disallow') {
      expectsAgents = false;
      if (value === '' || value.length > MAX_PATTERN) continue;
      const rule = { allow: key === 'allow', pattern: normalisePattern(value) };
      for (const group of current) group.rules.push(rule);
    } else if (key === 'crawl-delay') {
      // No rule of the RFC, but everybody who writes one means it to belong to the names above it, and to no
      // others.
      expectsAgents = false;
      if (!/^(?:\d+(?:\.\d*)?|\.\d+)$/.test(value)) continue;
      const ms = Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
      for (const group of current) group.crawlDelayMs = Math.max(group.crawlDelayMs ?? 0, ms);
    }
  }
  return (userAgent) => rulesOf(groups.get(productToken(userAgent)) ?? groups.get('*'));
}

/** Lower-case product token at the start of a User-Agent: `rescrape` of `Rescrape/1.0 (+https://…)`. */
export function productToken(userAgent: string): string {
  return /^[A-Za-z_-]*/.exec(userAgent.trim())?.[0].toLowerCase() ?? '';
}

function keyValue(line: string): [string, string] {
  const comment = line.indexOf('#');
  const text = comment < 0 ? line : line.slice(0, comment);
  const colon = text.indexOf(':');
  return colon < 0 ? ['', ''] : [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
}

function groupOf(groups: Map<string, Group>, token: string): Group {
  const known = groups.get(token);
  if (known !== undefined) return known;
  const group: Group = { rules: [] };
  groups.set(token, group);
  return group;
}

function rulesOf(group: Group | undefined): RobotsRules {
  if (group === undefined) return { forbids: () => undefined };
  // Longest pattern first, and allow before disallow of the same length: the first match is the answer.
  const rules = group.rules.toSorted(
    (a, b) => b.pattern.length - a.pattern.length || Number(b.allow) - Number(a.allow),
  );
  return {
    crawlDelayMs: group.crawlDelayMs,
    forbids: (pathAndQuery) => {
      const path = literal(normaliseEncoding(pathAndQuery));
      if (path === '/robots.txt') return undefined;
      const rule = rules.find(({ pattern }) => matches(pattern, path));
      return rule === undefined || rule.allow ? undefined : rule.pattern;
    },
  };
}

/**
 * Runs of `*` mean one; beyond that a pattern is put into the same spelling as paths. Only a last `$` is an
 * end.
 */
function normalisePattern(pattern: string): string {
  const encoded = normaliseEncoding(pattern.replaceAll(/\*{2,}/g, '*'));
  return encoded.replaceAll(/\$(?!$)/g, '%24');
}

/** What means something in a pattern stands for itself in a path (RFC 9309, section 2.2.3). */
function literal(path: string): string {
  return path.replaceAll('*', '%2A').replaceAll('$', '%24');
}

const ENCODED = /%([0-9a-fA-F]{2})|[^\x21-\x7e]+/g;

/**
 * One spelling for all: unreserved characters bare, everything else that is encoded in capitals (RFC 9309,
 * section 2.2.2).
 */
function normaliseEncoding(text: string): string {
  return text.replaceAll(ENCODED, (match, hex: string | undefined) => {
    if (hex === undefined) return encodeURIComponent(match.toWellFormed());
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : match.toUpperCase();
  });
}

/**
 * `*` is any run of characters, a final `$` the end of the path. At most pattern × path steps, no
 * backtracking beyond one star.
 */
function matches(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$');
  const glob = anchored ? pattern.slice(0, -1) : `${pattern}*`;
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < path.length; ) {
    if (glob[p] === '*') {
      star = p++;
      resume = i;
      // Nothing follows: the rest of the path is covered.
      if (p === glob.length) return true;
    } else if (p < glob.length && glob[p] === path[i]) {
      p++;
      i++;
    } else if (star >= 0) {
      p = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (glob[p] === '*') p++;
  return p === glob.length;
}
