import * as z from 'zod';
import type { Target } from '../../core/source/source.ts';

export const districtAttributes = z.object({
  name: z.string().describe('Name as the directory prints it'),
  state: z.string().describe('Postal code of two letters; BI and DD of federal schools'),
  tier: z.string().describe('tier1, tier2 or tier3; empty where none is given'),
  enrollment: z.number().describe('Pupils; 0 where it is not known'),
  url: z.string().describe('Address of the site; empty where the district has none'),
});

/**
 * FIPS codes with which the id of a district begins, by state; those of the military have one for each sea.
 */
const PREFIXES: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  (
    'AL01 AK02 AZ04 AR05 CA06 CO08 CT09 DE10 DC11 FL12 GA13 HI15 ID16 IL17 IN18 IA19 KS20 KY21 LA22 ME23 MD24 MA25 ' +
    'MI26 MN27 MS28 MO29 MT30 NE31 NV32 NH33 NJ34 NM35 NY36 NC37 ND38 OH39 OK40 OR41 PA42 RI44 SC45 SD46 TN47 TX48 ' +
    'UT49 VT50 VA51 WA53 WV54 WI55 WY56 BI59 AS60 GU66 MP69 PR72 VI78 DD58/61/63'
  )
    .split(' ')
    .map((pair) => [pair.slice(0, 2), pair.slice(2).split('/')]),
);

/** What the directory prints where there is nothing. */
const NOTHING = /^(?:†|‡|n|m|na|n\/a|none|null|-|–|—|)$/i;

/**
 * A district as it came from a file, by the names of its columns (`district_id`, `name`, `state`, `tier`,
 * `enrollment`, `url`), or in one line why it is none. Ids of 6 digits lost their leading zero on the way.
 */
export function normalizeDistrict(raw: Readonly<Record<string, string>>): Target | string {
  const value = (column: string) => (raw[column] ?? '').trim();
  const printed = value('district_id');
  const id = /^\d{6}$/.test(printed) ? `0${printed}` : printed;
  if (!/^\d{7}$/.test(id)) return `district_id ${JSON.stringify(printed)} has not 7 digits`;
  const state = value('state').toUpperCase();
  const prefixes = Object.hasOwn(PREFIXES, state) ? PREFIXES[state] : undefined;
  if (prefixes === undefined) return `state ${JSON.stringify(value('state'))} is none`;
  if (!prefixes.some((prefix) => id.startsWith(prefix)))
    return `district_id ${id} is not of ${state}: ids there begin with ${prefixes.join(' or ')}`;
  if (value('name') === '') return 'name is empty';
  const tier = tierOf(value('tier'));
  if (tier === undefined) return `tier ${JSON.stringify(value('tier'))} is not tier1, tier2 or tier3`;
  const enrollment = enrollmentOf(value('enrollment'));
  if (enrollment === undefined) return `enrollment ${JSON.stringify(value('enrollment'))} is no number`;
  const url = websiteOf(value('url'));
  if (url === undefined) return `url ${JSON.stringify(value('url'))} is no web address`;
  return { id, attributes: { name: value('name').replace(/\s+/g, ' '), state, tier, enrollment, url } };
}

/** `tier1`, `Tier 1`, `1`; empty where nothing is given. */
function tierOf(text: string): string | undefined {
  if (NOTHING.test(text)) return '';
  const number = /^(?:tier[\s_-]?)?([123])(?:\.0)?$/i.exec(text)?.[1];
  return number && `tier${number}`;
}

/** Printed `419929.0`, `419,929`, or as nothing. */
function enrollmentOf(text: string): number | undefined {
  if (NOTHING.test(text)) return 0;
  const number = Number(text.replace(/,(?=\d{3}\b)/g, ''));
  return number >= 0 && Number.isFinite(number) ? Math.round(number) : undefined;
}

/**
 * The address of a site: the first part between spaces that is one, with a scheme where it lacks it. Empty
 * where the directory has none.
 */
function websiteOf(text: string): string | undefined {
  if (NOTHING.test(text)) return '';
  for (const part of text.split(/[\s;,]+/)) {
    const hasScheme = /^https?:\/\//i.test(part);
    if (!hasScheme && /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(part)) continue;
    const url = URL.parse(hasScheme ? part : `http://${part}`);
    if (url && /^https?:$/.test(url.protocol) && /[a-z0-9]\.[a-z]/i.test(url.hostname) && !url.username)
      return url.href;
  }
  return undefined;
}
