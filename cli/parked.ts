import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import { type EntityKey, entityName } from '../core/enrich/entity.ts';
import {
  PARKED_DAYS,
  type ParkedRecord,
  parkedRecord,
  parkedRecordsOf,
} from '../core/enrich/parked-records.ts';
import { retryParked } from '../core/enrich/take-up.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { adviseAt, type Place } from './advice.ts';
import { examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import {
  type EntityFilterOptions,
  entityNamed,
  recordsThatMatch,
  withEntityFilter,
  withKind,
} from './entity-filter.ts';
import { NotFoundError } from './failure.ts';
import { AsItIs, printObject } from './json.ts';
import { counted, type ListedThing, type ListOptions, printListStream, timeText, withCsv } from './list.ts';
import { cellText } from './print.ts';

const DAY_MS = 86_400_000;

export function parkedCommand(): Command {
  const parked = newCommand('parked').addHelpText(
    'after',
    examples('parked list', 'parked show session/s-17', 'parked retry --kind session'),
  );
  withCsv(withEntityFilter(parked.command('list')))
    .description('list records that wait for one that they refer to')
    .addHelpText('after', examples('parked list --kind session', 'parked list --csv parked.csv'))
    .action(listParked);
  withKind(parked.command('show'))
    .description('show a parked record: what it waits for, until when, and what to do')
    .argument('<record>', 'kind/key, or its key with --kind')
    .addHelpText('after', examples('parked show session/s-17'))
    .action(showParked);
  withEntityFilter(parked.command('retry'))
    .description('put parked records back into their queues: what still lacks a parent is parked again')
    .argument('[records...]', 'kind/key, or keys with --kind; all that match where none is named')
    .addHelpText('after', examples('parked retry --kind session', 'parked retry session/s-17'))
    .action(retryMatching);
  return parked;
}

async function listParked(options: EntityFilterOptions & ListOptions, command: Command): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const things = listed(matching(platform, options), globals.place);
    const columns = ['kind', 'key', 'feed', 'date', 'missing', 'parked_at', 'expires_at'];
    await printListStream(
      {
        columns: columns.map((name) => ({ name, title: name.replace('_', ' ') })),
        things,
        none: 'no parked records',
      },
      { ...globals, ...options },
    );
  });
}

function matching(platform: CommandPlatform, options: EntityFilterOptions): AsyncIterable<ParkedRecord> {
  return recordsThatMatch(platform, options, (kind) => parkedRecordsOf(platform.state, kind));
}

async function* listed(all: AsyncIterable<ParkedRecord>, place: Place): AsyncGenerator<ListedThing> {
  for await (const parked of all) {
    const { kind, key, feed, date, missing, parkedAt } = parked;
    yield {
      row: {
        ...{ kind, key, feed, date, missing: missing.map(entityName).join(', ') },
        ...{ parked_at: timeText(parkedAt), expires_at: timeText(expiresAt(parked)) },
      },
      value: viewOf(parked, place),
    };
  }
}

function expiresAt({ parkedAt }: ParkedRecord): number {
  return parkedAt + PARKED_DAYS * DAY_MS;
}

function viewOf(parked: ParkedRecord, place: Place): object {
  const { kind, key, feed, date, missing, parkedAt } = parked;
  const next = stepsOf(parked, place)[0]?.command ?? null;
  return { kind, key, feed, date, missing, parkedAt, expiresAt: expiresAt(parked), next };
}

function stepsOf(parked: ParkedRecord, place: Place) {
  return adviseAt(place, { kind: 'parked', name: entityName(parked), missing: parked.missing });
}

async function showParked(name: string, { kind }: { kind?: string }, command: Command): Promise<void> {
  const entity = entityNamed(name, kind);
  await withPlatform(command, async ({ state }, { json, place }) => {
    const parked = await parkedRecord(state, entity);
    if (!parked) throw notParked(entity);
    const next = stepsOf(parked, place);
    const { feed, date, missing, parkedAt, message } = parked;
    if (json)
      return printObject({
        ...viewOf(parked, place),
        record: new AsItIs(message.record),
        message: { id: message.id, source: message.source },
        origin: message.origin && new AsItIs(message.origin),
        next,
      });
    const lines: [string, string][] = [
      ['record', entityName(parked)],
      ['feed', feed],
      ['date', date],
      ['waits', `for ${missing.map(entityName).join(', ')}`],
      ['parked', timeText(parkedAt)],
      ['expires', `${timeText(expiresAt(parked))}; it is a dead letter then`],
      ['message', message.id],
      ['as', JSON.stringify(message.record)],
      ...next.map((step): [string, string] => ['next', stepText(step)]),
    ];
    for (const [title, text] of lines) console.log(`${title.padEnd(8)} ${cellText(text)}`);
  });
}

function notParked(entity: EntityKey): NotFoundError {
  const name = entityName(entity);
  return new NotFoundError(`${name} is not parked`, advise({ kind: 'not-parked', name }));
}

async function retryMatching(
  names: readonly string[],
  options: EntityFilterOptions,
  command: Command,
): Promise<void> {
  const named = names.map((name) => entityNamed(name, options.kind));
  await withPlatform(command, async (platform, { json, place }) => {
    for (const entity of named) if (!(await parkedRecord(platform.state, entity))) throw notParked(entity);
    const sent: string[] = [];
    for await (const entity of named.length > 0 ? named : matching(platform, options))
      if (await retryParked(platform, entity)) sent.push(entityName(entity));
    if (json) return printObject({ queued: sent.length, records: sent });
    console.log(`${counted(sent.length, 'parked record')} back in the queue`);
    if (sent.length === 0 || isStack(platform)) return;
    for (const step of adviseAt(place, { kind: 'ended', as: 'records-queued' })) console.log(stepText(step));
  });
}
