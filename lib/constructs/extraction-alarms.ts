import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ExtractionMetric } from '../../lambdas/extraction-metrics.ts';
import { NAMESPACE } from '../../lambdas/metrics.ts';
import { type Deployment, hasSchedules, nameOf } from '../deployment.ts';
import { RunbookAlarm, type RunbookAlarmProps } from './runbook-alarm.ts';

const DAY_SECONDS = 86_400;
/** Half hours in a row with an error of the provider: shorter trouble is waited for. */
const HALF_HOURS_OF_ERRORS = 3;
/** Hours without an execution that ended well; six of them start in each. */
const HOURS_WITHOUT_A_LOOK = 3;

export interface ExtractionAlarmsProps {
  readonly deployment: Deployment;
  /** Its name. */
  readonly extraction: string;
  readonly stateMachine: IStateMachine;
  readonly topic: ITopic;
}

/** What somebody is told of one extraction. */
export class ExtractionAlarms extends Construct {
  readonly #props: ExtractionAlarmsProps;

  constructor(scope: Construct, id: string, props: ExtractionAlarmsProps) {
    super(scope, id);
    this.#props = props;
    const { extraction, stateMachine, deployment } = props;
    const metric = (name: ExtractionMetric, period: Duration, statistic: string = Stats.SUM) =>
      extractionMetric(name, deployment.stage, extraction, period, statistic);
    this.#alarm('Stuck', 'batch-stuck', {
      summary: `A batch of ${extraction} has been in flight for more than a day.`,
      metric: metric('OldestBatchSeconds', Duration.hours(1), Stats.MAXIMUM),
      threshold: DAY_SECONDS,
    });
    this.#alarm('Exhausted', 'pages-exhausted', {
      summary: `Pages of ${extraction} have used up their tries.`,
      metric: metric('PagesExhausted', Duration.minutes(5)),
    });
    this.#alarm('ProviderErrors', 'provider-errors', {
      summary: `The provider of ${extraction} refuses or fails again and again.`,
      metric: metric('ProviderErrors', Duration.minutes(30)),
      evaluationPeriods: HALF_HOURS_OF_ERRORS,
    });
    this.#alarm('Failed', 'extraction-failed', {
      summary: `The state machine of ${extraction} failed.`,
      metric: stateMachine.metricFailed({ period: Duration.minutes(5) }),
    });
    if (!hasSchedules(deployment)) return;
    this.#alarm('NoLook', 'extraction-stopped', {
      summary: `Nobody has looked after the batches of ${extraction} for ${HOURS_WITHOUT_A_LOOK} hours.`,
      metric: stateMachine.metricSucceeded({ period: Duration.hours(1) }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: HOURS_WITHOUT_A_LOOK,
      // Step Functions sends no zeros: an hour without a word is an hour without an execution.
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  /** At one or more, in one period, unless `more` says otherwise. */
  #alarm(
    id: string,
    runbook: string,
    more: Pick<RunbookAlarmProps, 'summary' | 'metric'> & Partial<RunbookAlarmProps>,
  ) {
    const { deployment, extraction, topic } = this.#props;
    new RunbookAlarm(this, id, {
      alarmName: nameOf(deployment.stage, `extract-${extraction}-${runbook}`),
      runbook,
      topic,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...more,
    });
  }
}

/** A metric of an extraction, as `lambdas/observe-extraction.ts` sends it. */
export function extractionMetric(
  metricName: ExtractionMetric,
  stage: string,
  extraction: string,
  period: Duration,
  statistic: string = Stats.SUM,
): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { stage, extraction },
    statistic,
    period,
  });
}
