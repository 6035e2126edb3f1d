import { type Failure, isUnresolved, timesRedriven } from '../../../core/failures/failure.ts';
import { MAX_RETRIES } from '../../../core/failures/retry-policy.ts';
import { DISPOSITIONS, isRetriedLater } from '../../../core/outcome/policy.ts';
import type { RetryWorld, Step } from './retry-world.ts';
import type { SiteRequest } from './versioned-site.ts';

export class Broken extends Error {
  override readonly name = 'Broken';
}

export function claim(holds: boolean, what: () => string): void {
  if (!holds) throw new Broken(what());
}

export const nameOf = ({ target, date, item }: Pick<Failure, 'target' | 'date' | 'item'>) =>
  `${target}/${date}/${item}`;

/** What the pages and their failures showed so far. */
export class PageMemory {
  /** The failures as they stood after the step before. */
  failures: readonly Failure[] = [];
  /** Requests that failed and that nobody had asked for, by item and by the message that was under way. */
  readonly spent = new Map<string, number>();
  /**
   * Tries that died: of a person's, the queue asks once more; of a pass, the next one does not know all that
   * it asked for.
   */
  deaths = 0;
}

/** What must hold of each page and its failure at every moment. `asked`: the requests of this step. */
export function checkPages(
  world: RetryWorld,
  memory: PageMemory,
  step: Step,
  asked: readonly SiteRequest[],
  failures: readonly Failure[],
): void {
  checkLastRequests(world.site.requests, failures);
  const before = new Map(memory.failures.map((failure) => [nameOf(failure), failure]));
  const after = new Map(failures.map((failure) => [nameOf(failure), failure]));
  const deeds = step.kind === 'alone' ? [step.deed] : step.kind === 'together' ? step.deeds : [];
  const troubled = step.kind === 'alone' || step.kind === 'together' ? step.trouble : undefined;
  if (troubled && (deeds[0]?.kind === 'retry' || deeds[0]?.kind === 'deliver')) memory.deaths++;
  const byItself = asked.filter(({ by, recorded }) => by === 'deliver' && recorded);
  if (step.kind === 'alone') for (const each of byItself) checkWanted(each, before.get(nameOf(each)));
  // Which of the two a redrive or a person's request came before is not known.
  const decides = deeds.some(({ kind }) => kind === 'redrive' || kind === 'ask');
  if (!(step.kind === 'together' && decides))
    for (const each of byItself) count(memory, each, before.get(nameOf(each)), after.get(nameOf(each)));
  memory.failures = failures;
}

/**
 * Of each page the newest request decides whose run is finalized: where that failed, the failure is
 * unresolved and says that outcome, or one that is newer and on record; unless somebody dismissed it since,
 * or what was read then was read again by a better parser.
 */
function checkLastRequests(requests: readonly SiteRequest[], failures: readonly Failure[]): void {
  const last = new Map(requests.filter(({ finalized }) => finalized).map((each) => [each.page, each]));
  for (const request of last.values()) {
    const { page, at, code } = request;
    if (!code || !DISPOSITIONS[code].opensFailure) continue;
    const failure = failures.find((each) => nameOf(each) === nameOf(request));
    const said = requests.find((each) => each.page === page && each.at === failure?.lastFailedAt);
    // A run that gave up dates what it never asked for by its own beginning.
    const isSaid = said ? said.recorded && said.code === failure?.code : failure?.code === 'UNKNOWN_ERROR';
    const stands = failure && isUnresolved(failure) && failure.lastFailedAt >= at && isSaid;
    const dismissed = failure?.state === 'dismissed' && (failure.closedAt ?? 0) >= at;
    const reread = failure?.state === 'recovered' && (failure.seenAt ?? 0) >= at;
    claim(
      !!(stands || dismissed || reread),
      () => `${page} failed at ${at} with ${code}, and its failure is ${JSON.stringify(failure)}`,
    );
  }
}

function isAsked({ claim, askedAt }: Failure): boolean {
  return claim?.asked === true || askedAt !== undefined;
}

/** Nothing asks by itself for what waits for a person. */
function checkWanted({ page }: SiteRequest, failure: Failure | undefined): void {
  if (!isUnresolved(failure) || isRetriedLater(failure.code) || isAsked(failure)) return;
  claim(false, () => `${page} was asked for by itself, and waits for a person: ${failure.code}`);
}

/**
 * No item fails more often by itself than it has retries, until somebody puts it back; but for each try that
 * died.
 */
function count(
  memory: PageMemory,
  request: SiteRequest,
  before: Failure | undefined,
  after: Failure | undefined,
): void {
  if (!isUnresolved(before) || !request.code || !DISPOSITIONS[request.code].opensFailure) return;
  if (before.askedAt !== undefined) return;
  const putBack = before.state === 'dead' && !after?.retry;
  const retry = after?.retry ?? before.retry;
  if (putBack || !retry) return;
  const name = `${nameOf(before)} of ${before.openedAt}, redriven ${timesRedriven(before)}`;
  const spent = (memory.spent.get(name) ?? 0) + 1;
  memory.spent.set(name, spent);
  claim(spent <= MAX_RETRIES + memory.deaths, () => `${name}: asked for ${spent} times by itself`);
}
