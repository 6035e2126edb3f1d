import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { viewsOf } from '../core/completeness/views.ts';
import type { Source } from '../core/source/source.ts';
import { CatalogView } from './constructs/catalog-view.ts';
import { NamedQuery } from './constructs/named-query.ts';
import { type Deployment, databaseNameOf, pascalCase } from './deployment.ts';
import type { LakeStack } from './lake-stack.ts';
import { namedQueriesOf } from './named-queries.ts';

export interface AnalyticsStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly sources: readonly Source[];
  readonly lake: LakeStack;
}

/**
 * What analysts find in Athena beside the tables: the views, and saved queries for the questions of every
 * week.
 */
export class AnalyticsStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, sources, lake, ...props }: AnalyticsStackProps) {
    super(scope, id, { ...props, description: 'Rescrape: views and saved queries' });
    this.addStackDependency(lake);
    const databaseName = databaseNameOf(deployment.stage);
    for (const view of viewsOf(sources)) {
      new CatalogView(this, pascalCase(view.name.replaceAll('_', '-')), {
        view,
        databaseName,
        catalogId: this.account,
      });
    }
    for (const query of namedQueriesOf(sources)) {
      new NamedQuery(this, pascalCase(query.name), {
        query,
        databaseName,
        workGroup: lake.workGroup,
      });
    }
  }
}
