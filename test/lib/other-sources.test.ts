import { expect, it } from 'vitest';
import { EXTRACTIONS } from '../../sources/extractions.ts';
import { kitchens } from '../sources-of-tests/kitchens.ts';
import { shelves } from '../sources-of-tests/shelves.ts';
import { Synthesized } from './synthesized.ts';

const made = new Synthesized({ stage: 'dev' }, undefined, { listed: [kitchens, shelves] });

it('a source is scheduled by its cadence: every so many minutes, or daily in its zone', () => {
  const schedules = made
    .all('AWS::Scheduler::Schedule')
    .map(({ Properties }) => [
      Properties.Name,
      Properties.ScheduleExpression,
      Properties.ScheduleExpressionTimezone,
    ]);
  const others = ['publish-entities', ...EXTRACTIONS.map(({ name }) => `extract-${name}`)].map(
    (name) => `rescrape-dev-${name}`,
  );
  const ofSources = schedules.filter(([name]) => !others.includes(name));
  expect(ofSources).toEqual([
    ['rescrape-dev-kitchens', 'rate(15 minutes)', 'Etc/UTC'],
    ['rescrape-dev-shelves', 'cron(0 2 * * ? *)', 'UTC'],
  ]);
  expect(made.all('AWS::StepFunctions::StateMachine')).toHaveLength(2 + EXTRACTIONS.length);
});

it('decimals, lists and whole numbers are columns of Glue, the attribute of the targets is the partition', () => {
  const tables = made.all('AWS::Glue::Table').map(({ Properties }) => Properties.TableInput);
  const table = (name: string) => tables.find(({ Name }) => Name === name);
  const types = (name: string) =>
    Object.fromEntries(
      table(name).StorageDescriptor.Columns.map(({ Name, Type }: Record<string, string>) => [Name, Type]),
    );
  expect(table('menu_dishes').PartitionKeys.map(({ Name }: { Name: string }) => Name)).toEqual([
    'state',
    'date',
  ]);
  expect(types('menu_dishes')).toMatchObject({ price: 'decimal(8,2)', tags: 'string', dish: 'string' });
  expect(types('shelf_books')).toMatchObject({ year: 'bigint' });
});
