import { onTestFinished } from 'vitest';
import { extractEventText } from '../../../../core/extract/extract-event.ts';
import { resultKeyOf } from '../../../../core/extract/result-object.ts';
import { type RunOptions, runExtraction } from '../../../../core/extract/run-extraction.ts';
import type { ExtractSettings } from '../../../../core/extract/settings.ts';
import type { ResultLine } from '../../../../core/ports/batch-provider.ts';
import { goodPlan, PlayedProvider, type ProviderPlan, textLine } from './played-provider.ts';
import { good, ListedLibrary, openWorld, page, SleepingClock } from './world.ts';

export const BOOK = "Alabama:St. Mary's:1851";
export const pages = (...numbers: number[]) => numbers.map((number) => `${BOOK}:${number}`);
const textOf = (key: string) => good(`what ${key} says`);

interface Play {
  readonly keys: readonly string[];
  readonly plan?: Partial<ProviderPlan>;
  readonly settings?: Partial<ExtractSettings>;
  readonly withoutImage?: readonly string[];
  readonly minimumPages?: number;
}

/** An extraction over a library and a provider that are played; its world is closed after the test. */
export function play({ keys, plan = {}, settings = {}, withoutImage = [], minimumPages = 1 }: Play) {
  const clock = new SleepingClock();
  const provider = new PlayedProvider(goodPlan(textOf, plan), () => clock.now(), minimumPages);
  const single = new PlayedProvider(goodPlan(textOf, plan), () => clock.now());
  const library = new ListedLibrary(keys, withoutImage);
  const world = openWorld(provider, library, clock, settings);
  onTestFinished(() => world.close());
  const context = world.orchestrator();
  return {
    clock,
    provider,
    single,
    library,
    world,
    context,
    run: (options?: RunOptions) => runExtraction(context, options),
    resultOf: async (key: string) => {
      const object = await world.lake.get(resultKeyOf(page(key)));
      return object && JSON.parse(new TextDecoder().decode(object.body));
    },
    sent: () => provider.log.map(({ requests }) => requests.map(({ key }) => key)),
    told: () => world.events.map(extractEventText),
    record: async (key: string) => (await context.pages.get(key)).page,
    logged: (key: string) => Array.fromAsync(context.failures.of(key)),
    batches: () => Array.fromAsync(context.batches.list()),
  };
}

/** Answers of the model one after the other, the last one for good. */
export function answersInOrder(
  ...answers: ((key: string) => readonly ResultLine[])[]
): Partial<ProviderPlan> {
  let jobs = 0;
  return {
    lines: ({ requests }) => {
      const answer = answers[Math.min(jobs++, answers.length - 1)]!;
      return requests.flatMap(({ key }) => answer(key));
    },
  };
}

export const valid = (key: string) => [textLine(key, textOf(key))];
export const invalid = (key: string) => [textLine(key, '{"text": 5, "year": null}')];
