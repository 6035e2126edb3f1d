import type { Clock } from '../ports/clock.ts';
import type { Fetcher, FetchRequest, FetchResult } from './fetcher.ts';

/** Milliseconds for which an answer serves whoever comes later. */
const KEPT_MS = 30_000;
/** Answers that are kept at once, and bytes of a body that is. */
const MOST_KEPT = 16;
const MAX_KEPT_BYTES = 1_000_000;

/** One request for all who ask the same. */
interface Common {
  /** Undefined where nothing came that says anything of the site: who waits for it asks for himself. */
  readonly answer: Promise<Answer | undefined>;
  /** When it came; milliseconds. Undefined while it is on its way. */
  cameAt?: number;
}

type Answer = Exclude<FetchResult, { kind: 'dropped' }>;

/**
 * One request for all that ask the same of a site within one run (`FetchRequest.sharing`): the index of a
 * day, which the partitions of that day all need. Who comes while it is on its way gets what comes of it, a
 * wall or a failure as well. A page (200 or 304) also serves who comes within half a minute; a failure does
 * not. Each still asks its own permission, is told of the answer, and puts it on record as `shared`.
 *
 * A request that was dropped, or that its store of permits refused, serves nobody: the next one is sent.
 */
export function sharingAnswers(fetcher: Fetcher, clock: Pick<Clock, 'now'>): Fetcher {
  const shared = new SharedAnswers(fetcher, clock);
  return {
    reach: (url, signal) => fetcher.reach(url, signal),
    fetch: (request) => shared.fetch(request),
  };
}

class SharedAnswers {
  readonly #fetcher: Fetcher;
  readonly #clock: Pick<Clock, 'now'>;
  /** By what is asked; in the order of asking. */
  readonly #asked = new Map<string, Common>();

  constructor(fetcher: Fetcher, clock: Pick<Clock, 'now'>) {
    this.#fetcher = fetcher;
    this.#clock = clock;
  }

  async fetch(request: FetchRequest): Promise<FetchResult> {
    const { sharing, permission } = request;
    if (!sharing) return this.#fetcher.fetch(request);
    const key = keyOf(request, sharing.run);
    const { after = Number.NEGATIVE_INFINITY } = sharing;
    for (;;) {
      const common = this.#asked.get(key);
      if (!common || this.#isOld(common)) return this.#ask(key, request);
      const answer = await unlessGone(common.answer, request);
      if (answer === 'gone') return { kind: 'dropped' };
      if (answer && answer.startedAt > after) {
        if (await permission?.isWithdrawn()) return { kind: 'dropped' };
        permission?.onAnswer();
        return sharedOf(answer);
      }
      if (this.#asked.get(key) === common) this.#asked.delete(key);
    }
  }

  async #ask(key: string, request: FetchRequest): Promise<FetchResult> {
    const result = this.#fetcher.fetch(request);
    const common: Common = { answer: result.then(answerIn, () => undefined) };
    this.#asked.delete(key);
    this.#asked.set(key, common);
    const answer = await common.answer;
    common.cameAt = this.#clock.now();
    if (this.#asked.get(key) === common && !isKept(answer)) this.#asked.delete(key);
    this.#forgetOldest();
    return result;
  }

  #isOld({ cameAt }: Common): boolean {
    if (cameAt === undefined) return false;
    // A clock that was set back makes it no younger.
    return Math.abs(this.#clock.now() - cameAt) > KEPT_MS;
  }

  /** Those that are on their way stay. */
  #forgetOldest(): void {
    const kept = [...this.#asked].filter(([, { cameAt }]) => cameAt !== undefined);
    for (const [key] of kept.slice(0, Math.max(0, kept.length - MOST_KEPT))) this.#asked.delete(key);
  }
}

function keyOf({ url, method, headers, body, validators }: FetchRequest, run: string): string {
  const { etag, lastModified } = validators ?? {};
  return JSON.stringify([run, method ?? 'GET', url, headers, body, etag, lastModified]);
}

/** What is worth telling others. Where it was stopped, or never sent, nothing is known of the site. */
function answerIn(result: FetchResult): Answer | undefined {
  if (result.kind === 'dropped') return undefined;
  if (result.kind === 'failed' && (result.wasStopped || !result.requestSent)) return undefined;
  return result;
}

function isKept(answer: Answer | undefined): boolean {
  if (answer?.kind !== 'response') return false;
  const { status, body } = answer.response;
  return (status === 200 || status === 304) && body.length <= MAX_KEPT_BYTES;
}

/** Nothing was sent for it, and the robots.txt of the request is on record with that one. */
function sharedOf(answer: Answer): Answer {
  const { robots: _, ...rest } = answer;
  return { ...rest, waitedMs: 0, shared: true };
}

/** Who need not wait any more does not. */
async function unlessGone<T>(
  answer: Promise<T>,
  { signal, permission }: Pick<FetchRequest, 'signal' | 'permission'>,
): Promise<T | 'gone'> {
  const reasons = [signal, permission?.withdrawn].filter((each) => each !== undefined);
  if (reasons.some(({ aborted }) => aborted)) return 'gone';
  let leave = () => {};
  const gone = new Promise<'gone'>((resolve) => {
    leave = () => resolve('gone');
  });
  for (const each of reasons) each.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([answer, gone]);
  } finally {
    for (const each of reasons) each.removeEventListener('abort', leave);
  }
}
