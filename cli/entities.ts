import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import { type Entity, entityName } from '../core/enrich/entity.ts';
import { EntityStore } from '../core/enrich/entity-store.ts';
import { adviseAt } from './advice.ts';
import { examples, newCommand } from './command.ts';
import { type ConfirmOptions, isDryRun, refuseUnconfirmed, withConfirmation } from './confirmation.ts';
import { withPlatform } from './context.ts';
import { enricherOf } from './enricher.ts';
import {
  type EntityFilterOptions,
  entityNamed,
  kindsOf,
  recordsThatMatch,
  withEntityFilter,
  withKind,
} from './entity-filter.ts';
import { csvColumnsOf, ENTITY_COLUMNS, entityRecord, listedEntity } from './entity-views.ts';
import { NotFoundError } from './failure.ts';
import { printObject } from './json.ts';
import {
  counted,
  type ListedThing,
  type ListOptions,
  number,
  printList,
  printListStream,
  timeText,
  withCsv,
} from './list.ts';
import { cellText } from './print.ts';

type Options = EntityFilterOptions & ListOptions;

interface DeleteOptions extends ConfirmOptions {
  readonly kind?: string;
}

export function entitiesCommand(): Command {
  const entities = newCommand('entities').addHelpText(
    'after',
    examples('entities list --kind tutor', 'entities show session/s-17', 'entities count --json'),
  );
  withCsv(withEntityFilter(entities.command('list')))
    .description('list stored records by kind and key, with what is derived from them')
    .addHelpText(
      'after',
      examples(
        'entities list --kind tutor',
        'entities list --kind session --feed pushed --start 2025-11-17 --csv sessions.csv',
      ),
    )
    .action(listEntities);
  withKind(entities.command('show'))
    .description('show a stored record, what is derived from it, and the message that it came in')
    .argument('<record>', 'kind/key, or its key with --kind')
    .addHelpText('after', examples('entities show session/s-17', 'entities show --kind tutor t-1 --json'))
    .action(showEntity);
  withCsv(withEntityFilter(entities.command('count')))
    .description('count stored records by kind')
    .addHelpText('after', examples('entities count', 'entities count --kind tutor --feed pushed'))
    .action(countEntities);
  withConfirmation(withKind(entities.command('delete')), 'what would be deleted')
    .description('delete stored records; a message about one that comes later makes it anew')
    .argument('<records...>', 'kind/key, or keys with --kind')
    .addHelpText(
      'after',
      examples(
        'entities delete session/s-17 --dry-run',
        'entities delete --kind session s-17 s-18 --confirm',
      ),
    )
    .action(deleteEntities);
  return entities;
}

async function listEntities(options: Options, command: Command): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const store = new EntityStore(platform.state);
    const entities = recordsThatMatch(platform, options, (kind) => store.list(kind));
    const enricher = options.kind === undefined ? undefined : enricherOf(options.kind);
    await printListStream(
      {
        columns: ENTITY_COLUMNS.map((name) => ({ name, title: name.replace('_', ' ') })),
        csvColumns: csvColumnsOf(enricher),
        things: listed(entities),
        none: 'no stored records',
      },
      { ...globals, ...options },
    );
  });
}

async function* listed(entities: AsyncIterable<Entity>): AsyncGenerator<ListedThing> {
  for await (const entity of entities) yield listedEntity(entity);
}

async function showEntity(name: string, { kind }: { kind?: string }, command: Command): Promise<void> {
  const key = entityNamed(name, kind);
  await withPlatform(command, async ({ state }, { json }) => {
    const entity = await new EntityStore(state).get(key);
    if (!entity) throw noSuchEntity(entityName(key));
    if (json) return printObject(entityRecord(entity));
    const { feed, date, message, storedAt, firstStoredAt, record, derived } = entity;
    const lines: [string, unknown][] = [
      ['record', entityName(entity)],
      ['feed', feed],
      ['date', date],
      ['stored', timeText(storedAt)],
      ['first', timeText(firstStoredAt)],
      ['message', `${message.id}${message.source === null ? '' : ` from ${message.source}`}`],
      ['origin', message.origin && `${message.origin.url} of run ${message.origin.run_id}`],
      ['capture', message.origin?.capture],
      ...Object.entries(record),
      ...Object.entries(derived).map(([field, value]): [string, unknown] => [`${field} (derived)`, value]),
    ];
    const width = Math.min(40, Math.max(...lines.map(([title]) => title.length)));
    for (const [title, value] of lines)
      if (value !== null && value !== undefined)
        console.log(`${cellText(title).padEnd(width)}  ${cellText(value)}`);
  });
}

function noSuchEntity(name: string): NotFoundError {
  return new NotFoundError(`${name} is not stored`, advise({ kind: 'not-stored', name }));
}

async function countEntities(options: Options, command: Command): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const store = new EntityStore(platform.state);
    const counts = new Map(kindsOf(platform, options.kind).map((kind) => [kind, 0]));
    for await (const { kind } of recordsThatMatch(platform, options, (each) => store.list(each)))
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const rows = [...counts].map(([kind, entities]) => ({ kind, entities }));
    const columns = [{ name: 'kind' }, { name: 'entities', ...number }];
    printList({ columns, rows, none: 'there are no kinds of records' }, { ...globals, ...options });
  });
}

async function deleteEntities(
  names: readonly string[],
  { kind, ...asked }: DeleteOptions,
  command: Command,
): Promise<void> {
  const keys = names.map((name) => entityNamed(name, kind));
  const isDry = isDryRun(asked);
  await withPlatform(command, async ({ state }, { json, place }) => {
    const store = new EntityStore(state);
    for (const key of keys) if (!(await store.get(key))) throw noSuchEntity(entityName(key));
    const deleted: string[] = [];
    for (const key of keys) if (isDry || (await store.delete(key))) deleted.push(entityName(key));
    if (json) {
      printObject({ dryRun: isDry, deleted });
      return refuseUnconfirmed(asked, deleted.length);
    }
    const what = `${counted(deleted.length, 'record')}${isDry ? ' would be' : ''} deleted: ${deleted.join(', ')}`;
    console.log(cellText(what));
    if (!isDry) return;
    const words = ['entities', 'delete', ...keys.map(entityName)];
    for (const step of adviseAt(place, { kind: 'dry-run', words })) console.log(stepText(step));
    refuseUnconfirmed(asked, deleted.length);
  });
}
