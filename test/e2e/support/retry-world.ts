import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { type Failure, isUnresolved } from '../../../core/failures/failure.ts';
import { FailureStore, keyOf } from '../../../core/failures/failure-store.ts';
import { queueAsked, sendLostAgain } from '../../../core/failures/queue-failures.ts';
import { MAX_DELIVERIES } from '../../../core/failures/retry-policy.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import { type RetryAnswer, retryNow } from '../../../core/retry/claimed-retry.ts';
import type { DeadLetterEntry } from '../../../core/retry/dead-letter.ts';
import { planRedrive, purgeDeadLetters, readDeadLetters, redrive } from '../../../core/retry/dead-letters.ts';
import { handleFailedItem } from '../../../core/retry/handle-message.ts';
import { reparse } from '../../../core/run/reparse.ts';
import { unflagged } from '../../../core/targets/flags.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import type { RunEnd } from '../../../runtime/run-end.ts';
import { RunInProgressError } from '../../../runtime/run-lock.ts';
import { Crashed, Mortality, mortalPlatform, type Trouble } from './mortal-process.ts';
import { QueueModel } from './queue-model.ts';
import { type Answer, DATES, TARGETS, VersionedSite, versionedSource } from './versioned-site.ts';

const MINUTE = 60_000;
/** As long as a try may be claimed. */
const VISIBILITY_MS = 15 * MINUTE;

/** What one process does. `pick`: which of those that there are. */
export type Deed =
  | { readonly kind: 'run'; readonly targets: readonly string[]; readonly days: 1 | 2 }
  /** `wait`: where nothing is due, time passes until something is. */
  | { readonly kind: 'deliver'; readonly pick: number; readonly wait: boolean }
  | { readonly kind: 'retry'; readonly pick: number }
  /** A person on a stack: through the queue. */
  | { readonly kind: 'ask'; readonly pick: number }
  /** `ours`: by our own command. Else somebody moves the messages as the console of AWS does. */
  | { readonly kind: 'redrive'; readonly pick: number; readonly ours: boolean }
  | { readonly kind: 'purge'; readonly pick: number }
  | { readonly kind: 'reparse'; readonly target: string };

export type Step =
  | { readonly kind: 'alone'; readonly deed: Deed; readonly trouble?: Trouble | undefined }
  | {
      readonly kind: 'together';
      readonly deeds: readonly [Deed, Deed];
      /** Turns of the event loop that the second one comes later. */
      readonly lag: number;
      /** Of the first of the two. */
      readonly trouble?: Trouble | undefined;
    }
  /** A copy of a message that was sent before, however long ago. */
  | { readonly kind: 'redeliver'; readonly pick: number }
  | { readonly kind: 'pass'; readonly minutes: number }
  | { readonly kind: 'lift'; readonly target: string }
  | { readonly kind: 'mend' };

/** How a deed ended. `died`: its process did, or a fault of a store stopped it. */
export type DeedEnd =
  | { readonly kind: 'ran'; readonly end: RunEnd }
  | { readonly kind: 'answered'; readonly answer: RetryAnswer }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'died' };

/** Time for a world of its own: it moves when somebody sleeps, and when it is told to. */
class WorldClock implements Clock {
  #now = Date.parse('2026-11-20T12:00:00Z');

  now(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    const until = this.#now + ms;
    await new Promise((resolve) => setImmediate(resolve));
    this.#now = Math.max(this.#now, until);
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** One lake, one state, one queue, one site, and processes that come and die. */
export class RetryWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'rescrape-retries-'));
  readonly clock = new WorldClock();
  readonly site: VersionedSite;
  /** Undefined where the queue is the real one. */
  readonly model: QueueModel | undefined;
  /** Looks, and never dies. */
  readonly observer: LocalPlatform;
  readonly #processes: { platform: LocalPlatform; opened: LocalPlatform; mortality: Mortality }[] = [];
  /** What each of the processes is doing. */
  readonly #doing: string[] = [];
  #parser: 1 | 2 = 1;
  #ids = 0;

  constructor(
    scripts: Readonly<Record<string, readonly Answer[]>>,
    queue: 'model' | 'worn-model' | 'sqlite',
  ) {
    this.site = new VersionedSite(this.clock, scripts);
    const worn = queue === 'worn-model' ? MAX_DELIVERIES - 4 : 0;
    this.model = queue === 'sqlite' ? undefined : new QueueModel(this.clock, MAX_DELIVERIES, worn);
    this.observer = this.#open(() => 'look');
    for (let nth = 0; nth < 2; nth++) this.#start(nth);
  }

  get failures(): FailureStore {
    return new FailureStore(this.observer.state);
  }

  allFailures(): Promise<Failure[]> {
    return Array.fromAsync(this.failures.list('notes'));
  }

  get parserVersion(): 1 | 2 {
    return this.#parser;
  }

  /** Plays one step. The ends are those of its deeds. */
  async play(step: Step): Promise<readonly DeedEnd[]> {
    switch (step.kind) {
      case 'alone':
        await this.#await([step.deed]);
        return [await this.#do(0, step.deed, step.trouble)];
      case 'together':
        await this.#await(step.deeds);
        return Promise.all([
          this.#do(0, step.deeds[0], step.trouble),
          turns(step.lag).then(() => this.#do(1, step.deeds[1])),
        ]);
      case 'redeliver':
        this.model?.redeliver(step.pick);
        return [];
      case 'pass':
        await this.clock.sleep(step.minutes * MINUTE);
        return [];
      case 'lift':
        await new TargetStore(this.observer.state).update(
          'notes',
          step.target,
          (record) => unflagged(record, 0),
          { actor: 'somebody', at: 0 },
        );
        return [];
      case 'mend':
        this.#parser = 2;
        for (let nth = 0; nth < 2; nth++) await this.#restart(nth);
        return [];
    }
  }

  async isFlagged(target: string): Promise<boolean> {
    return (await new TargetStore(this.observer.state).get('notes', target)).skip !== null;
  }

  async close(): Promise<void> {
    for (const { opened } of this.#processes) await opened.close();
    await this.observer.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #await(deeds: readonly Deed[]): Promise<void> {
    if (!deeds.some((deed) => deed.kind === 'deliver' && deed.wait)) return;
    const { due, delayed, inFlight } = await this.observer.failedItems.depth();
    if (due > 0 || delayed + inFlight === 0) return;
    const dueAt = this.model?.nextEntryAt() ?? this.clock.now() + 16 * MINUTE;
    await this.clock.sleep(Math.max(0, dueAt - this.clock.now()));
  }

  async #do(nth: number, deed: Deed, trouble?: Trouble): Promise<DeedEnd> {
    const { platform, mortality } = this.#processes[nth]!;
    mortality.arm(trouble);
    this.#doing[nth] = deed.kind;
    try {
      return await this.#perform(platform, deed);
    } catch (error) {
      if (error instanceof RunInProgressError) return { kind: 'nothing' };
      const expected =
        trouble !== undefined &&
        (error instanceof Crashed || (error as Error).message.includes('the disk is full for a moment'));
      if (!expected && !mortality.dead) throw error;
      return { kind: 'died' };
    } finally {
      mortality.arm(undefined);
      if (mortality.dead) await this.#restart(nth);
    }
  }

  async #perform(platform: LocalPlatform, deed: Deed): Promise<DeedEnd> {
    switch (deed.kind) {
      case 'run': {
        const end = await runLocally(platform, {
          source: 'notes',
          start: DATES[0],
          end: DATES[deed.days - 1]!,
          ...(deed.targets.length < TARGETS.length && { targets: deed.targets }),
          force: false,
        });
        return { kind: 'ran', end };
      }
      case 'deliver': {
        if (this.model) this.model.choose = (due) => deed.pick % due;
        const [message] = await platform.failedItems.receive({ max: 1, visibilityMs: VISIBILITY_MS });
        if (!message) {
          await sendLostAgain(platform, 'notes');
          return { kind: 'nothing' };
        }
        return { kind: 'answered', answer: await handleFailedItem(platform, message) };
      }
      case 'retry': {
        const open = (await this.allFailures()).filter(isUnresolved);
        const failure = open[deed.pick % Math.max(1, open.length)];
        if (!failure) return { kind: 'nothing' };
        const answer = await retryNow(platform, platform.sources[0]!, keyOf(failure));
        return { kind: 'answered', answer };
      }
      case 'ask': {
        const open = (await this.allFailures()).filter(isUnresolved);
        await queueAsked(platform, open.slice(deed.pick % Math.max(1, open.length)).slice(0, 1));
        return { kind: 'nothing' };
      }
      case 'redrive': {
        const chosen = await this.#chosenDead(platform, deed.pick);
        const { failedItems } = platform;
        if (deed.ours) await redrive(platform, planRedrive(platform, chosen), 'somebody');
        else
          for (const message of chosen.flatMap(({ messages }) => messages)) {
            await failedItems.send([{ body: message.body, delayMs: 0 }]);
            await failedItems.purge([message]);
          }
        return { kind: 'nothing' };
      }
      case 'purge': {
        await purgeDeadLetters(platform, await this.#chosenDead(platform, deed.pick), 'somebody');
        return { kind: 'nothing' };
      }
      case 'reparse': {
        const range = { start: civilDate(DATES[0]), end: civilDate(DATES[1]) };
        for await (const _ of reparse(platform, platform.sources[0]!, range, [deed.target]));
        return { kind: 'nothing' };
      }
    }
  }

  async #chosenDead(platform: LocalPlatform, pick: number): Promise<DeadLetterEntry[]> {
    const entries = await readDeadLetters(platform);
    return entries.slice(pick % Math.max(1, entries.length)).slice(0, 1);
  }

  #open(doing: () => string): LocalPlatform {
    const opened = openLocalPlatform({
      directory: this.directory,
      env: {},
      clock: this.clock,
      sources: [versionedSource(this.#parser)],
    });
    const fetcher = this.site.fetcher(doing);
    return {
      ...opened,
      ...(this.model && { failedItems: this.model }),
      fetcherFor: () => fetcher,
      newId: () => this.#newId(),
    };
  }

  #start(nth: number): void {
    const opened = this.#open(() => this.#doing[nth]!);
    const mortality = new Mortality();
    const platform = mortalPlatform(opened, mortality, (key, body) => this.#record(key, body));
    this.#processes[nth] = { opened, platform, mortality };
  }

  async #restart(nth: number): Promise<void> {
    await this.#processes[nth]!.opened.close();
    this.#start(nth);
  }

  /** UUIDv7 of the world's time: later ids sort after earlier ones. */
  #newId(): string {
    const ms = this.clock.now().toString(16).padStart(12, '0');
    const count = (++this.#ids).toString(16).padStart(12, '0');
    return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${count}`;
  }

  /** A checkpoint is written: from now on the attempts table owes a row for this request. */
  #record(key: string, body: Uint8Array): void {
    if (!key.startsWith('work/')) return;
    if (key.endsWith('/result.json')) this.#finalized(key);
    if (!key.includes('/attempts/')) return;
    const { attempt } = JSON.parse(new TextDecoder().decode(body.subarray(0, body.indexOf(10))));
    const at = Date.parse(attempt.attempted_at);
    const request = this.site.requests.find((each) => each.at === at);
    if (!request) throw new Error(`a checkpoint of a request that the site never saw: ${key}`);
    request.recorded = true;
    request.runId = attempt.run_id;
    request.code = attempt.error_code;
  }

  /** From now on the failures owe what these requests showed. */
  #finalized(key: string): void {
    const [, runId, , target, date] = key.split('/');
    for (const request of this.site.requests)
      if (request.runId === runId && request.target === target && request.date === date)
        request.finalized = true;
  }
}
