import { definitionProblems } from './definition-problems.ts';
import { withSettings } from './own-settings.ts';
import { DEFAULT_MAX_ELEMENTS } from './page-budget.ts';
import type { Discover, Item, Source, Table, Target, TargetRegister } from './source.ts';
import type { Expectation, FetchLimits, OutcomePolicy, Politeness, RetryPolicy } from './source-policy.ts';
import { problemOf } from './sources-together.ts';

export { decimal } from '../schema/columns.ts';
export { lazily } from '../schema/lazily.ts';
export { daily, every } from './cadence.ts';

const DEFAULT_POLITENESS: Politeness = {
  concurrency: 4,
  minDelayMs: 250,
  robots: 'respect',
  userAgent: 'Rescrape/0.1',
};
const DEFAULT_OUTCOMES: OutcomePolicy = {
  rateLimitStatuses: [429],
  skipAfterBlocks: 1,
  skipAfterNotFound: 4,
};
const DEFAULT_RETRY: RetryPolicy = { attempts: 3, intervalSeconds: 2, backoffRate: 2 };
const DEFAULT_LIMITS: FetchLimits = {
  connectMs: 10_000,
  headersMs: 20_000,
  bodyMs: 30_000,
  totalMs: 60_000,
  maxDecodedBytes: 20 * 1024 * 1024,
  maxElements: DEFAULT_MAX_ELEMENTS,
};
const DEFAULT_EXPECT: Expectation = { minItems: 1, maxShrink: 0.5 };

/** What an author writes: a `Source` in which everything with a sensible default may be left out. */
export type SourceDefinition = Omit<
  Source,
  | 'problem'
  | 'targets'
  | 'register'
  | 'items'
  | 'table'
  | 'politeness'
  | 'outcomes'
  | 'retry'
  | 'limits'
  | 'expect'
  | 'parserVersion'
  | 'ownSettings'
  | 'unset'
> & {
  /** In the code, or `register(…)`. */
  readonly targets: readonly Target[] | RegisteredTargets;
  /** @default one of each target, at its attribute `url` */
  readonly items?: Source['items'];
  readonly table: Omit<Table, 'csv'> & { readonly csv?: boolean };
  readonly politeness?: Partial<Politeness>;
  readonly outcomes?: Partial<OutcomePolicy>;
  readonly retry?: Partial<RetryPolicy>;
  readonly limits?: Partial<FetchLimits>;
  readonly expect?: Partial<Expectation>;
  readonly parserVersion?: number;
};

export type RegisteredTargets = { readonly kind: 'register' } & TargetRegister;

/** `register({ attributes: z.object({ … }) })`: targets that are imported, and kept in the state store. */
export function register(options: TargetRegister): RegisteredTargets {
  return { kind: 'register', ...options };
}

/**
 * Fills in the defaults and checks the definition itself. What is wrong is the `problem` of what it returns,
 * and stops that source alone: whoever lists sources leaves it out.
 */
export function defineSource<Definition extends SourceDefinition>(
  definition: Definition,
): Definition extends { discover: Discover } ? Source & { discover: Discover } : Source;
export function defineSource(definition: SourceDefinition): Source {
  const { targets, ...rest } = definition;
  const isRegister = 'kind' in targets;
  const source: Source = {
    items: itemOfTarget,
    ...rest,
    targets: isRegister ? [] : targets,
    ...(isRegister && { register: targets }),
    table: { ...definition.table, csv: definition.table.csv ?? false },
    politeness: { ...DEFAULT_POLITENESS, ...definition.politeness },
    outcomes: { ...DEFAULT_OUTCOMES, ...definition.outcomes },
    retry: { ...DEFAULT_RETRY, ...definition.retry },
    limits: { ...DEFAULT_LIMITS, ...definition.limits },
    expect: { ...DEFAULT_EXPECT, ...definition.expect },
    parserVersion: definition.parserVersion ?? 1,
    ...withSettings(definition, {}),
  };
  const problems = definitionProblems(source, 'items' in definition);
  if (problems.length === 0) return source;
  return { ...source, problem: problemOf(definition.name, problems.join('; ')) };
}

/** Without an index and a word of its author: one item of each target, called as it is. */
function itemOfTarget({ id, attributes }: Target): Item[] {
  return [{ id, url: String(attributes?.url) }];
}
