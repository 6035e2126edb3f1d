import { CfnNamedQuery, type CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import type { Construct } from 'constructs';
import type { SavedQuery } from '../named-queries.ts';

export interface NamedQueryProps {
  readonly query: SavedQuery;
  readonly databaseName: string;
  readonly workGroup: CfnWorkGroup;
}

/** A saved query in the workgroup: analysts find it under "Saved queries". */
export class NamedQuery extends CfnNamedQuery {
  constructor(scope: Construct, id: string, { query, databaseName, workGroup }: NamedQueryProps) {
    super(scope, id, {
      name: query.name,
      description: query.description,
      database: databaseName,
      queryString: query.sql.trim(),
      workGroup: workGroup.ref,
    });
  }
}
