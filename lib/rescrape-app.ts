import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { withEntityTables } from '../core/enrich/entity-source.ts';
import { withExtractionTables } from '../core/extract/extraction-source.ts';
import { isScraped } from '../core/source/source.ts';
import { type ListedSource, sourcesTogether } from '../core/source/sources-together.ts';
import { deployedExtractions } from '../lambdas/extraction-contract.ts';
import { ENRICHERS } from '../sources/enrichers.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';
import { listedSources } from '../sources/index.ts';
import { AnalyticsStack } from './analytics-stack.ts';
import { type Deployment, nameOf } from './deployment.ts';
import { LakeStack } from './lake-stack.ts';
import { PipelineStack } from './pipeline-stack.ts';
import { WatchStack } from './watch-stack.ts';

export interface RescrapeStacks {
  readonly lake: LakeStack;
  readonly pipeline: PipelineStack;
  readonly analytics: AnalyticsStack;
  readonly watch: WatchStack;
}

/** What the stacks are made for; by default all that there is. */
export interface Deployed {
  readonly listed: readonly ListedSource[];
  readonly enrichers: typeof ENRICHERS;
  readonly extractions: typeof EXTRACTIONS;
}

/** A source of the list cannot be run. `message`: why, in one line. */
export class InvalidSourcesError extends Error {
  override readonly name = 'InvalidSourcesError';
}

/**
 * The four stacks of one stage, in the order in which they need each other. A synth fails on a finding of
 * cdk-nag.
 */
export function addStacks(
  app: App,
  deployment: Deployment,
  {
    listed = listedSources,
    enrichers = ENRICHERS,
    extractions: allExtractions = EXTRACTIONS,
  }: Partial<Deployed> = {},
): RescrapeStacks {
  const { stage } = deployment;
  // To deploy without it would take down what is deployed of it.
  const { sources: tables, invalidSources } = sourcesTogether(
    withExtractionTables(withEntityTables(listed, enrichers), allExtractions),
  );
  const sources = tables.filter(isScraped);
  if (invalidSources.length > 0)
    throw new InvalidSourcesError(invalidSources.map(({ problem }) => problem).join('; '));
  const open = Object.keys(deployment.sourceOverrides ?? {}).find((name) => name.endsWith('_PROXIES'));
  if (open !== undefined)
    throw new Error(`${open} would stand in the template, passwords included: give ${open}_SECRET, an ARN`);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  Tags.of(app).add('rescrape:stage', stage);
  const lake = new LakeStack(app, nameOf(stage, 'lake'), { deployment, sources: tables });
  const extractions = deployedExtractions(deployment.sourceOverrides ?? {}, allExtractions);
  const pipeline = new PipelineStack(app, nameOf(stage, 'pipeline'), {
    deployment,
    sources,
    enrichers,
    extractions,
    lake,
  });
  const analytics = new AnalyticsStack(app, nameOf(stage, 'analytics'), {
    deployment,
    sources: tables,
    lake,
  });
  const watch = new WatchStack(app, nameOf(stage, 'watch'), { deployment, sources, pipeline });
  return { lake, pipeline, analytics, watch };
}
