import { describe, expect, it } from 'vitest';
import type { Deployed } from '../../lib/rescrape-app.ts';
import { ENRICHERS } from '../../sources/enrichers.ts';
import { EXTRACTIONS } from '../../sources/extractions.ts';
import { listedSources } from '../../sources/index.ts';
import { racing } from '../../sources/racing/source.ts';
import { kitchens } from '../sources-of-tests/kitchens.ts';
import { type Resource, Synthesized } from './synthesized.ts';

const DEPLOYED: Deployed = { listed: listedSources, enrichers: ENRICHERS, extractions: EXTRACTIONS };
const others = listedSources.filter(({ name }) => name !== 'racing');

const CHANGES: readonly (readonly [what: string, after: Deployed])[] = [
  ['a source is added', { ...DEPLOYED, listed: [...listedSources, kitchens] }],
  ['a source is removed', { ...DEPLOYED, listed: others }],
  ['a source is renamed', { ...DEPLOYED, listed: [{ ...racing, name: 'races' }, ...others] }],
  [
    'a table is renamed',
    { ...DEPLOYED, listed: [{ ...racing, table: { ...racing.table, name: 'race_results' } }, ...others] },
  ],
  ['a kind of records is removed', { ...DEPLOYED, enrichers: ENRICHERS.slice(0, -1) }],
  ['an extraction is removed', { ...DEPLOYED, extractions: [] }],
];

/** Everything below the value that stands under this key, as text. */
function under(key: string, value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key ? [JSON.stringify(inner)] : under(key, inner),
  );
}

/** What each export is, by its name. */
function exportsOf({ outputs }: Synthesized): Map<string, string> {
  const all = Object.values(outputs).flatMap((ofStack) => Object.values(ofStack));
  return new Map(
    all.flatMap(({ Export, Value }) =>
      Export ? [[JSON.stringify(Export.Name), JSON.stringify(Value)]] : [],
    ),
  );
}

function importsOf({ resources, outputs }: Synthesized): string[] {
  return [...new Set(under('Fn::ImportValue', [resources, outputs]))];
}

/** Resources by their type and name, of which an account has room for one: `AWS::SQS::Queue rescrape-…`. */
function namesOf({ resources }: Synthesized): Map<string, string> {
  const nameOf = ({ Type, Properties = {} }: Resource): unknown => {
    if (Type.startsWith('AWS::Glue::')) return (Properties.TableInput ?? Properties.DatabaseInput).Name;
    const own = Object.keys(Properties).find((key) => key === 'Name' || NAMING.test(key));
    return own && Properties[own];
  };
  return new Map(
    resources.flatMap((resource) => {
      const name = nameOf(resource);
      const { Type, stack, id } = resource;
      return typeof name === 'string' ? [[`${Type} ${name}`, `${stack}/${id}`]] : [];
    }),
  );
}
const NAMING = /^(Queue|Function|Alarm|Dashboard|Topic|StateMachine|LogGroup|Rule|Bucket|Table)Name$/;

describe.each(CHANGES)('where %s', (_, changed) => {
  const [now, then] = [DEPLOYED, changed].map(
    (deployed) => new Synthesized({ stage: 'prod' }, undefined, deployed),
  );
  // There, and back again.
  it.each([
    [now!, then!],
    [then!, now!],
  ])('no stack takes away or changes what another one still imports', (before, after) => {
    const exported = exportsOf(before);
    const stillExported = exportsOf(after);
    const imported = importsOf(before);
    expect(imported.length).toBeGreaterThan(3);
    // Stacks are deployed one after the other: the importing one still is what it was.
    const lost = imported.filter((name) => stillExported.get(name) !== exported.get(name));
    expect(lost).toEqual([]);
  });

  it('no resource comes under the name of another one that is still there', () => {
    const [before, after] = [namesOf(now!), namesOf(then!)];
    expect(before.size).toBeGreaterThan(100);
    const moved = [...after].filter(([name, id]) => before.has(name) && before.get(name) !== id);
    expect(moved).toEqual([]);
  });
});
