import type { makePlan } from '../core/run/make-plan.ts';
import type { TargetFilter } from '../core/run/target-filter.ts';
import type { Source, Target } from '../core/source/source.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { type ChoiceOptions, chosenTargets } from './chosen-targets.ts';
import { scrapedOnly, windowOf } from './context.ts';
import { UsageError } from './failure.ts';
import { type Scope, scopesOf } from './filter.ts';
import { targetsLike, whereIn, whereOf } from './target-filter.ts';

/** As `run` takes them. */
export interface RunOptions extends ChoiceOptions {
  readonly start?: string;
  readonly end?: string;
  readonly target?: string[];
  readonly all?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly resume?: string;
}

/** Sources that are not named are left out where they have no target like what is asked for. */
function scopesMeant(
  platform: CommandPlatform,
  names: readonly string[],
  options: RunOptions,
): readonly Scope[] {
  const scopes = scopesOf(platform, names, options.target);
  // Of each source that is named, what is asked for has to be there.
  if (names.length > 0) for (const { source } of scopes) whereOf([source], options);
  const like = targetsLike(
    scopes.map(({ source }) => source),
    options,
  );
  if (names.length > 0 || !like) return scopes;
  const found = scopes.filter(({ source }) => (like.get(source.name)?.size ?? 0) > 0);
  if (found.length === 0)
    throw new UsageError('no target has this state and this tier', 'leave --state or --tier away');
  return found;
}

export type Request = Parameters<typeof makePlan>[1];

/** What a command asks of one source. */
export interface Asked {
  readonly source: Source;
  readonly request: Request;
}

/** What `run` is asked for. Throws a UsageError for what does not go together, or is not there. */
export async function askedRuns(
  platform: CommandPlatform,
  names: readonly string[],
  options: RunOptions,
): Promise<readonly Asked[]> {
  if (options.resume === undefined) return askedFor(platform, names, options);
  return [await resumed(platform, options.resume, names, options)];
}

async function askedFor(
  platform: CommandPlatform,
  names: readonly string[],
  options: RunOptions,
): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const scopes = scopesMeant(scrapedOnly(platform), names, options);
  const where = whereOf(
    scopes.map(({ source }) => source),
    options,
  );
  for (const scope of scopes)
    asked.push({ source: scope.source, request: await requestOf(platform, scope, where, options) });
  return asked;
}

/** What `--resume` asks for; how the run ended that it names is told. */
async function resumed(
  platform: CommandPlatform,
  run: string,
  names: readonly string[],
  { resume: _, dryRun: __, ...others }: RunOptions,
): Promise<Asked> {
  if (names.length > 0 || Object.keys(others).length > 0)
    throw new UsageError(
      '--resume takes the whole input of the run that it names',
      'leave all else but --dry-run out',
    );
  const { resumedRun } = await import('./resumed-run.ts');
  const { source, request, text } = await resumedRun(platform, run);
  console.error(text);
  return { source, request };
}

async function requestOf(
  platform: CommandPlatform,
  { source, targets: named }: Scope,
  asked: TargetFilter,
  { targets: file, all = false, force = false, ...options }: RunOptions,
): Promise<Request> {
  const where = whereIn(source, asked);
  const targets = file === undefined ? named : idsOf(await chosenTargets(source, named, { targets: file }));
  if (targets?.length === 0)
    throw new UsageError(`no target of ${source.name} in ${file} is one of those that are named`);
  const { start, end } = windowOf(source, platform.clock.now(), options);
  return {
    ...{ source: source.name, start, end, force },
    ...(targets && { targets }),
    ...(Object.keys(where).length > 0 && { where }),
    ...(all && { all }),
  };
}

function idsOf(targets: readonly Target[]): readonly string[] {
  return targets.map(({ id }) => id);
}
