import type { RunInput } from '../work/run-register.ts';
import { audit } from './audit.ts';
import { plan } from './plan.ts';
import type { PartitionWork, Platform } from './platform.ts';
import { publish } from './publish.ts';
import { report } from './report.ts';
import { giveUp, scrape } from './scrape.ts';
import type { PlanAnswer, StageName } from './workflow.ts';

/** What each stage of the workflow does, by its name: the whole pipeline in the order of things. */
export const STAGES: Readonly<
  Record<StageName, (platform: Platform, payload: never, mustStop: () => boolean) => Promise<unknown>>
> = {
  plan: (platform, input: RunInput) => plan(platform, input),
  scrape: (platform, work: PartitionWork, mustStop) => scrape(platform, work, mustStop),
  'give-up': (platform, work: PartitionWork) => giveUp(platform, work),
  publish: (platform, work: PartitionWork) => publish(platform, work),
  audit: (platform, planned: PlanAnswer) => audit(platform, planned),
  report: (platform, planned: PlanAnswer) => report(platform, planned),
};
