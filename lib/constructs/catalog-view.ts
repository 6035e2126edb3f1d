import { Buffer } from 'node:buffer';
import { CfnTable } from 'aws-cdk-lib/aws-glue';
import type { Construct } from 'constructs';
import type { View } from '../../core/completeness/view.ts';
import { VIEW_COLUMNS, type ViewColumnType } from './view-columns.ts';

/** The name of each type to Trino, which reads the view, and to Glue, which lists its columns. */
const TYPES: Readonly<Record<ViewColumnType, { readonly trino: string; readonly glue: string }>> = {
  string: { trino: 'varchar', glue: 'string' },
  bigint: { trino: 'bigint', glue: 'bigint' },
  double: { trino: 'double', glue: 'double' },
  boolean: { trino: 'boolean', glue: 'boolean' },
  date: { trino: 'date', glue: 'date' },
  timestamp: { trino: 'timestamp(3)', glue: 'timestamp' },
};

export interface CatalogViewProps {
  readonly view: View;
  readonly catalogId: string;
  /** The name itself, no token: it becomes part of an encoded text. */
  readonly databaseName: string;
}

/**
 * A view, as `CREATE VIEW` in Athena or Trino would leave it in the catalog: the definition in JSON, in
 * base64, in a comment. So it comes with the deployment, changes with it, and nobody has to run a statement
 * first. What it is for is told by `rescrape views`.
 */
export class CatalogView extends CfnTable {
  constructor(scope: Construct, id: string, { view, catalogId, databaseName }: CatalogViewProps) {
    const columns = VIEW_COLUMNS[view.name];
    if (columns === undefined) throw new Error(`lib/constructs/view-columns.ts does not know ${view.name}`);
    const definition = {
      originalSql: view.sql.trim(),
      catalog: 'awsdatacatalog',
      schema: databaseName,
      columns: Object.entries(columns).map(([name, type]) => ({ name, type: TYPES[type].trino })),
      // Without these three a current Trino cannot read the definition; Athena asks for none of them.
      owner: 'rescrape',
      runAsInvoker: false,
      path: [],
    };
    const encoded = Buffer.from(JSON.stringify(definition)).toString('base64');
    super(scope, id, {
      catalogId,
      databaseName,
      tableInput: {
        name: view.name,
        // No description: Trino takes it for the comment, and a view without this very comment for none.
        tableType: 'VIRTUAL_VIEW',
        parameters: { presto_view: 'true', comment: 'Presto View' },
        viewOriginalText: `/* Presto View: ${encoded} */`,
        viewExpandedText: '/* Presto View */',
        partitionKeys: [],
        storageDescriptor: {
          columns: Object.entries(columns).map(([name, type]) => ({ name, type: TYPES[type].glue })),
          location: '',
          serdeInfo: {},
        },
      },
    });
  }
}
