import { Alarm, type AlarmProps } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export interface RunbookAlarmProps extends Omit<AlarmProps, 'alarmDescription' | 'actionsEnabled'> {
  /** Told when it goes off and when it is over. */
  readonly topic: ITopic;
  /** What has happened, in one sentence: the first thing in the mail. */
  readonly summary: string;
  /** Anchor of the heading in docs/runbook.md that says what to do. */
  readonly runbook: string;
}

/** An alarm that tells somebody, and tells them where it is written what to do. A test finds the heading. */
export class RunbookAlarm extends Alarm {
  constructor(scope: Construct, id: string, { topic, summary, runbook, ...props }: RunbookAlarmProps) {
    super(scope, id, { ...props, alarmDescription: `${summary} What to do: docs/runbook.md#${runbook}` });
    this.addAlarmAction(new SnsAction(topic));
    this.addOkAction(new SnsAction(topic));
  }
}
