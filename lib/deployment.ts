import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';

export const STAGES = ['dev', 'prod'] as const;
export type Stage = (typeof STAGES)[number];

/**
 * What somebody who deploys decides. `bin/app.ts` reads it from the context; nothing below it reads context
 * or environment.
 */
export interface Deployment {
  readonly stage: Stage;
  /**
   * Gets alarms and reports; AWS asks for a confirmation by mail.
   * @default nobody is told; the topic is there to be subscribed to
   */
  readonly alertEmail?: string;
  /**
   * `RESCRAPE_<SOURCE>_…` variables (runtime/settings.ts) that every function gets.
   * @default each source as it is defined
   */
  readonly sourceOverrides?: Readonly<Record<string, string>>;
  /**
   * Runs start by themselves.
   * @default as the stage has it (`STAGE_POLICIES`)
   */
  readonly schedules?: boolean;
}

/** What differs between stages, in one table. */
interface StagePolicy {
  /**
   * Of everything that holds data: kept in prod whatever happens to the stack, unless the deployment that
   * was to create it failed. Then it is empty, and kept it would hold the name that the next try needs.
   */
  readonly removalPolicy: RemovalPolicy;
  /** Neither the stateful stack nor its table can be deleted by accident. */
  readonly protected: boolean;
  readonly logRetention: RetentionDays;
  /** Whether runs start by themselves where nobody says otherwise. */
  readonly schedules: boolean;
}

export const STAGE_POLICIES: Readonly<Record<Stage, StagePolicy>> = {
  dev: {
    removalPolicy: RemovalPolicy.DESTROY,
    protected: false,
    logRetention: RetentionDays.ONE_WEEK,
    // Tried out and left behind, it would ask sites and a model every day.
    schedules: false,
  },
  // Three months: a run of last month can still be compared with what was logged then.
  prod: {
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    protected: true,
    logRetention: RetentionDays.THREE_MONTHS,
    schedules: true,
  },
};

/** Whether this deployment starts anything by itself. */
export function hasSchedules({ stage, schedules = STAGE_POLICIES[stage].schedules }: Deployment): boolean {
  return schedules;
}

/**
 * `rescrape-dev-lake`. Names are ours where a person types them; everything else is named by CloudFormation.
 */
export function nameOf(stage: Stage, part: string): string {
  return `rescrape-${stage}-${part}`;
}

/** Glue takes no hyphens that SQL would not need to quote. */
export function databaseNameOf(stage: Stage): string {
  return `rescrape_${stage}`;
}

/**
 * `bell-schedules` → `BellSchedules`: part of the ids of a source's resources and of its output
 * `StateMachineArn…`.
 */
export function pascalCase(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
