import { describe, expect, it } from 'vitest';
import { catalogFindings } from '../../core/completeness/catalog-findings.ts';
import { withEntityTables } from '../../core/enrich/entity-source.ts';
import { withExtractionTables } from '../../core/extract/extraction-source.ts';
import { sourcesTogether } from '../../core/source/sources-together.ts';
import { ENRICHERS } from '../../sources/enrichers.ts';
import { EXTRACTIONS } from '../../sources/extractions.ts';
import { listedSources } from '../../sources/index.ts';
import { Synthesized } from './synthesized.ts';

const { sources } = sourcesTogether(
  withExtractionTables(withEntityTables(listedSources, ENRICHERS), EXTRACTIONS),
);
const tables = new Synthesized({ stage: 'prod' }).all('AWS::Glue::Table');

/** As the template has them. */
function deployedColumns(table: string): Map<string, string> {
  const { Properties } = tables.find((each) => each.Properties.TableInput.Name === table)!;
  const columns: { Name: string; Type: string }[] = Properties.TableInput.StorageDescriptor.Columns;
  return new Map(columns.map(({ Name, Type }) => [Name, Type]));
}

describe('what schema diff says of the catalog', () => {
  it.each(sources)('is nothing where the table of $name is deployed as it is', (source) => {
    expect(catalogFindings(source, deployedColumns(source.table.name))).toEqual([]);
  });

  it('names each column that is there otherwise, and a table that is not there', () => {
    const source = sources.find(({ name }) => name === 'racing')!;
    const deployed = deployedColumns('racing_results');
    deployed.delete('comment');
    deployed.set('ran', 'bigint').set('keeper', 'string');
    expect(catalogFindings(source, deployed)).toMatchObject([
      { change: 'catalog', column: 'ran', before: 'bigint', today: 'int' },
      { change: 'catalog', column: 'comment', before: null, today: 'string' },
      { change: 'catalog', column: 'keeper', before: 'string', today: null },
    ]);
    expect(catalogFindings(source, undefined)).toMatchObject([{ column: null, today: 'racing_results' }]);
  });
});
