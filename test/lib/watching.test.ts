import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OUTCOME_CODES } from '../../core/outcome/outcome.ts';
import { sources } from '../../sources/index.ts';
import { CHOSEN, nameOf, Synthesized } from './synthesized.ts';

const prod = new Synthesized({
  stage: 'prod',
  alertEmail: 'ops@example.org',
  sourceOverrides: CHOSEN,
});
const alarms = prod.all('AWS::CloudWatch::Alarm');

describe('the alarms', () => {
  it('watch every source for runs that fail and for days without one', () => {
    for (const { name } of sources) {
      const of = (suffix: string) =>
        alarms.find((alarm) => nameOf(alarm) === `rescrape-prod-${name}-${suffix}`);
      expect(of('execution-failed')?.Properties.MetricName).toBe('ExecutionsFailed');
      expect(of('no-run')?.Properties).toMatchObject({
        MetricName: 'ExecutionsSucceeded',
        TreatMissingData: 'breaching',
        Period: 3600,
        EvaluationPeriods: 26,
      });
    }
  });

  it('watch every source of targets for those that fail, and for three periods without a crawl', () => {
    const of = (source: string, suffix: string) =>
      alarms.find((alarm) => nameOf(alarm) === `rescrape-prod-${source}-${suffix}`)?.Properties;
    const ofTargets = sources.filter(({ cadence }) => cadence.kind === 'every').map(({ name }) => name);
    expect(ofTargets).toEqual(['schedules', 'menus']);
    const dimensions = (source: string) => [
      { Name: 'source', Value: source },
      { Name: 'stage', Value: 'prod' },
    ];
    for (const source of ofTargets)
      expect(of(source, 'targets-failed')).toMatchObject({
        ...{ Namespace: 'Rescrape', MetricName: 'TargetsFailed', Dimensions: dimensions(source) },
        ...{ Statistic: 'Sum', Threshold: 1, TreatMissingData: 'notBreaching' },
      });
    const silent = { Period: 3600, Statistic: 'Sum', TreatMissingData: 'breaching' };
    expect(of('menus', 'nothing-crawled')).toMatchObject({
      ...{ ...silent, MetricName: 'Crawls', Dimensions: dimensions('menus'), EvaluationPeriods: 12 },
    });
    // Three times 30 days are longer than CloudWatch looks back.
    expect(of('schedules', 'nothing-crawled')).toMatchObject({
      ...{ ...silent, MetricName: 'CrawlsOrNoneDue', EvaluationPeriods: 168 },
    });
    expect(of('racing', 'nothing-crawled')).toBeUndefined();
  });

  it('watch for records that are parked for more than a day, and for hours without a publication', () => {
    const of = (name: string) =>
      alarms.find((alarm) => nameOf(alarm) === `rescrape-prod-${name}`)?.Properties;
    const longest = {
      ...{ Namespace: 'Rescrape', MetricName: 'LongestParked', Period: 3600 },
      Dimensions: [{ Name: 'stage', Value: 'prod' }],
    };
    expect(of('records-parked')).toMatchObject({
      ...{ ...longest, Statistic: 'Maximum', Threshold: 86_400 },
      ComparisonOperator: 'GreaterThanThreshold',
    });
    expect(of('entities-not-published')).toMatchObject({
      ...{ ...longest, Statistic: 'SampleCount', Threshold: 1, EvaluationPeriods: 2 },
      ...{ ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching' },
    });
  });

  it('are paid by the month, as docs/cost.md says', () => {
    const cost = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');
    expect(cost).toContain(
      `| CloudWatch: alarm-month | ${alarms.length} | ${(alarms.length * 0.1).toFixed(2)} |`,
    );
  });

  it('use a metric as it is, which every CloudWatch can watch', () => {
    expect(alarms.filter(({ Properties }) => Properties.Metrics !== undefined)).toEqual([]);
  });

  it('tell the topic, which lets CloudWatch publish', () => {
    for (const { Properties } of alarms) expect(Properties.AlarmActions).toHaveLength(1);
    const [policy] = prod.all('AWS::SNS::TopicPolicy');
    expect(JSON.stringify(policy)).toContain('"Service":"cloudwatch.amazonaws.com"');
    expect(prod.all('AWS::SNS::Subscription').map(({ Properties }) => Properties.Endpoint)).toEqual([
      'ops@example.org',
    ]);
    expect(new Synthesized({ stage: 'dev' }).all('AWS::SNS::Subscription')).toEqual([]);
  });
});

describe('the runbook', () => {
  const headings = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')
    .split('\n')
    .flatMap((line) => /^#{2,3} (.+)$/.exec(line)?.[1] ?? []);
  const anchors = headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9_ -]/g, '')
      .replaceAll(' ', '-'),
  );

  it('has a heading for every alarm, which the alarm names', () => {
    for (const alarm of alarms) {
      const anchor = /docs\/runbook\.md#(\S+)$/.exec(alarm.Properties.AlarmDescription)?.[1];
      expect(anchors, `${nameOf(alarm)}: ${alarm.Properties.AlarmDescription}`).toContain(anchor);
    }
  });

  it('has a heading for every outcome code', () => {
    for (const code of OUTCOME_CODES) expect(headings).toContain(code);
  });

  it('has one heading of a name', () => {
    expect(anchors.filter((anchor, place) => anchors.indexOf(anchor) !== place)).toEqual([]);
  });
});
