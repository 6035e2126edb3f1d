import type { PartitionWork, Platform } from './platform.ts';
import { publish } from './publish/publish.ts';
import { plan } from './run/plan.ts';
import { type ReportInput, report } from './run/report.ts';
import { summarize } from './run/summarize.ts';
import { recordFailures, scrape } from './scrape/scrape.ts';
import type { RunInput } from './state/run-store.ts';
import type { ExecutionPayload } from './workflow/stage-task.ts';
import type { PlanAnswer, StageName } from './workflow/workflow.ts';

/** What each stage of the workflow does, by its name: the whole pipeline in the order of things. */
export const STAGES: Readonly<
  Record<StageName, (platform: Platform, payload: never, mustStop: () => boolean) => Promise<unknown>>
> = {
  plan: (platform, { input, execution }: ExecutionPayload<RunInput>, mustStop) =>
    plan(platform, input, { execution, mustStop }),
  scrape: (platform, work: PartitionWork, mustStop) => scrape(platform, work, mustStop),
  'record-failures': (platform, work: PartitionWork) => recordFailures(platform, work),
  publish: (platform, work: PartitionWork) => publish(platform, work),
  summarize: (platform, planned: PlanAnswer) => summarize(platform, planned),
  report: (platform, { input, execution }: ExecutionPayload<ReportInput>) =>
    report(platform, input, execution),
};
