import type { Platform } from '../platform.ts';
import { isWebAddress } from '../scrape/listed-items.ts';
import { minutesOf } from '../source/cadence.ts';
import type { NotReady, PageRequest, Source, Target } from '../source/source.ts';
import { type ClaimRefusal, judgeClaim } from '../targets/claim.ts';
import { sameAttributes, targetsWithRecords } from '../targets/register.ts';
import { notReady } from '../targets/schedule-status.ts';
import type { TargetRecord } from '../targets/target.ts';

/** Why nothing is asked about a target. */
export type LookUpRefusal =
  | ClaimRefusal
  | 'FAILED'
  /** It lacks nothing. */
  | 'READY'
  /** The site did not know it the last time, and nothing else is known of it since. */
  | 'UNKNOWN'
  /** Too little is known of it to ask. */
  | 'NOTHING_TO_ASK';

export interface SkippedLookUp {
  readonly target: string;
  readonly needs: NotReady | null;
  readonly reason: LookUpRefusal;
  /** Where there is more to say than the reason. */
  readonly message: string | null;
  /** When to ask again; null where only a person changes it. Milliseconds. */
  readonly until: number | null;
}

export interface PlannedLookUp {
  readonly target: Required<Target>;
  readonly needs: NotReady;
  /** The first of its requests, by its absolute address. */
  readonly url: string;
}

export interface LookUpPlan {
  readonly open: readonly PlannedLookUp[];
  readonly skipped: readonly SkippedLookUp[];
}

/**
 * What is asked about targets that lack something, and why nothing is about the others; who is ready is told
 * only where it is named. `named`: targets that are meant by their id, also where the site did not know them.
 */
export async function planLookUps(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  source: Source,
  ids: readonly string[],
  named: ReadonlySet<string>,
): Promise<LookUpPlan> {
  const open: PlannedLookUp[] = [];
  const skipped: SkippedLookUp[] = [];
  for (const { record } of await targetsWithRecords(state, source, ids)) {
    const { target: id, attributes } = record;
    const needs = notReady(source, record) ?? null;
    if (needs === null && !named.has(id)) continue;
    const target = { id, attributes: attributes ?? {} };
    const refused = refusalOf(source, record, clock.now(), named.has(id));
    const first = refused ?? firstRequest(source, target);
    if ('url' in first && needs !== null) open.push({ target, needs, url: first.url });
    else if ('reason' in first) skipped.push({ target: id, needs, message: null, until: null, ...first });
  }
  return { open, skipped };
}

type Refused = Pick<SkippedLookUp, 'reason'> & Partial<SkippedLookUp>;

function refusalOf(source: Source, record: TargetRecord, now: number, isNamed: boolean): Refused | undefined {
  if (notReady(source, record) === undefined) return { reason: 'READY' };
  if (record.status === 'failed') return { reason: 'FAILED', message: record.failureNotes };
  const claim = judgeClaim(record, { now, every: minutesOf(source.cadence), id: '', runId: '' });
  if (claim.kind === 'refused') {
    const { reason, until } = claim;
    return { reason, until, ...(reason === 'SKIPPED' && { message: record.skip?.reason ?? null }) };
  }
  const { unknownLookUp: unknown, attributes } = record;
  const isKnown = unknown !== null && sameAttributes(unknown.attributes, attributes ?? {});
  return isKnown && !isNamed ? { reason: 'UNKNOWN', message: unknown.message } : undefined;
}

function firstRequest(source: Source, target: Required<Target>): { readonly url: string } | Refused {
  const request = lookUpRequest(source, target);
  return typeof request === 'string' ? { reason: 'NOTHING_TO_ASK', message: request } : request;
}

/** The next request about a target by its absolute address, or in one line why there is none. */
export function lookUpRequest(source: Source, target: Required<Target>): PageRequest | string {
  const request = source.register?.lookUp?.request(target, source.ownSettings) ?? NOTHING;
  if (typeof request === 'string') return request;
  const url = URL.parse(request.url, source.baseUrl);
  // Addresses of targets come from files: what is none is no request.
  return isWebAddress(url) ? { ...request, url: url.href } : `${request.url} is no address to ask at`;
}

const NOTHING = 'there is nothing more to ask for';
