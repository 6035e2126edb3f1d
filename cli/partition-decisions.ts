import type { Command } from 'commander';
import { partitionName } from '../core/lake/layout.ts';
import type { Decided } from '../core/publish/decision-record.ts';
import { accept, chooseRollback, reject, rollback } from '../core/publish/decisions.ts';
import { withPlatform } from './context.ts';
import { partitionOf } from './filter.ts';
import { printObject } from './json.ts';
import { operator } from './operator.ts';

interface RollbackOptions {
  readonly to?: string;
  readonly dryRun?: boolean;
}

export async function rollBack(name: string, options: RollbackOptions, command: Command): Promise<void> {
  await withPlatform(command, async (platform, { json }) => {
    const { source, partition } = partitionOf(platform, name);
    if (options.dryRun) {
      const chosen = await chooseRollback(platform, source, partition, options.to);
      const { version, rows, runId, createdAt } = chosen;
      const wouldBe = { partition: partitionName(source.name, partition), version, rows, runId, createdAt };
      if (json) return printObject(wouldBe);
      return console.log(
        `would make ${version} current: ${rows} rows, written ${createdAt} by run ${runId}; nothing was changed`,
      );
    }
    const to = options.to === undefined ? {} : { to: options.to };
    printDecided(await rollback(platform, source, partition, { ...to, actor: actorOf('rollback') }), json);
  });
}

export async function acceptHeld(name: string, _options: object, command: Command): Promise<void> {
  await withPlatform(command, async (platform, { json }) => {
    const { source, partition } = partitionOf(platform, name);
    printDecided(await accept(platform, source, partition, { actor: actorOf('accept') }), json);
  });
}

export async function rejectHeld(name: string, _options: object, command: Command): Promise<void> {
  await withPlatform(command, async (platform, { json }) => {
    const { source, partition } = partitionOf(platform, name);
    printDecided(await reject(platform, source, partition, { actor: actorOf('reject') }), json);
  });
}

/** The command and who gave it, for the commits table. */
function actorOf(decision: string): string {
  return `partitions ${decision} by ${operator()}`;
}

const SENTENCES: Readonly<Record<Decided['decision'], (decided: Decided) => string>> = {
  rolled_back: ({ partition, version, previous, rows }) =>
    `${partition} is back at version ${version} (${rows} rows); it was at ${previous ?? 'a version that could not be read'}`,
  accepted: ({ partition, version, previous, rows }) =>
    `${partition} is now at the version that was held, ${version} (${rows} rows); it was at ${previous ?? 'none'}`,
  rejected: ({ partition, version, rows }) =>
    version === null
      ? `${partition} stays without a version; the one that was held is dropped`
      : `${partition} stays at version ${version} (${rows} rows); the one that was held is dropped`,
};

function printDecided(decided: Decided, json: boolean | undefined): void {
  if (json) printObject(decided);
  else console.log(SENTENCES[decided.decision](decided));
}
