import { describe, expect, it } from 'vitest';
import { batchName } from '../../core/extract/batch.ts';
import {
  batchExtraction,
  EXTRACTION_STAGE_NAMES,
  LOCAL_EXTRACTION_RESOURCES,
} from '../../core/workflow/batch-extraction.ts';
import { pascalCase } from '../../lib/deployment.ts';
import { FUNCTION_SIZES } from '../../lib/function-sizes.ts';
import { extractVariablesOf, variableOf } from '../../runtime/setting-names.ts';
import { EXTRACTIONS } from '../../sources/extractions.ts';
import { nameOf, type Resource, references, Synthesized } from './synthesized.ts';

const prod = new Synthesized({ stage: 'prod' });

const machineOf = (synthesized: Synthesized, name: string) =>
  synthesized
    .all('AWS::StepFunctions::StateMachine')
    .find(({ Properties }) => String(Properties.StateMachineName).endsWith(`-extract-${name}`))!;

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Statements of the policies of a role, by a part of the role's id. */
const statementsOf = (synthesized: Synthesized, role: string): Statement[] =>
  synthesized
    .all('AWS::IAM::Policy')
    .filter(({ id }) => id.startsWith(role))
    .flatMap(({ Properties }: Resource) => Properties.PolicyDocument.Statement as Statement[]);

const withAction = (statements: readonly Statement[], action: string) =>
  statements.filter(({ Action }) => [Action].flat().includes(action));

describe.each(EXTRACTIONS)('the deployed machine of $name', ({ name }) => {
  const machine = machineOf(prod, name);

  it('is the local one but for the names of its resources', () => {
    const functions = prod.all('AWS::Lambda::Function');
    const parts: unknown[] = machine.Properties.DefinitionString['Fn::Join'][1];
    const text = parts.map((part) => {
      if (typeof part === 'string') return part;
      const called = functions.find(({ id }) => references(part, id))!;
      return nameOf(called).replace('rescrape-prod-', '');
    });
    const definition = JSON.parse(text.join(''));
    const mostWaves = definition.States.GoesOn.Choices.at(-1).NumericGreaterThanEquals;
    expect(definition).toEqual(batchExtraction({ resources: LOCAL_EXTRACTION_RESOURCES, mostWaves }));
    // An execution keeps 25,000 events: about twenty a wave.
    expect(mostWaves).toBeLessThan(500);
    expect(EXTRACTION_STAGE_NAMES.every((stage) => text.includes(stage))).toBe(true);
  });

  it('starts every ten minutes with the same input, and where a job of its own has ended', () => {
    const schedule = prod
      .all('AWS::Scheduler::Schedule')
      .find(({ Properties }) => references(Properties.Target.Arn, machine.id))!;
    expect(schedule.Properties).toMatchObject({
      ScheduleExpression: 'rate(10 minutes)',
      State: 'ENABLED',
      Target: { Input: JSON.stringify({ extraction: name }), RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
    const rules = prod.all('AWS::Events::Rule');
    expect(rules).toHaveLength(EXTRACTIONS.length);
    const rule = rules.find(({ Properties }) => references(Properties.Targets, machine.id));
    const { source, detail, ...pattern } = rule!.Properties.EventPattern;
    expect(source).toEqual(['aws.bedrock']);
    expect(pattern).toEqual({ 'detail-type': ['Batch Inference Job State Change'] });
    expect(detail.status).toEqual(['Completed', 'PartiallyCompleted', 'Failed', 'Stopped', 'Expired']);
    const [{ prefix }] = detail.batchJobName;
    expect(batchName(name, '019cad8f-ac00-7000-8000-000000000001').startsWith(prefix)).toBe(true);
    const [target] = rule!.Properties.Targets;
    expect(target.Input).toBe(JSON.stringify({ extraction: name }));
    expect(references(target.Arn, machine.id)).toBe(true);
    expect(target.DeadLetterConfig).toBeDefined();
  });

  it('is found by the command line through an output of the pipeline stack', () => {
    expect(Object.keys(prod.outputs.pipeline ?? {})).toContain(`ExtractionArn${pascalCase(name)}`);
    // By which the command line works as the functions do.
    const variable = variableOf(name, 'BATCH_SIZE');
    const sized = new Synthesized({
      stage: 'prod',
      sourceOverrides: { [variable]: '7', RESCRAPE_X_URL: 'x' },
    });
    const settings = sized.outputs.pipeline?.[`ExtractionSettings${pascalCase(name)}`]?.Value;
    expect(JSON.parse(String(settings))).toEqual({ [variable]: '7' });
    expect(Object.keys(sized.outputs.pipeline ?? {})).toContain('BedrockRoleArn');
  });

  it('begins nothing new five minutes before its end, of fifteen', () => {
    expect(FUNCTION_SIZES['extract-wave'].timeout.toMinutes()).toBe(15);
  });
});

describe('the role of Bedrock', () => {
  it('is for jobs of this account alone', () => {
    const [role] = prod
      .all('AWS::IAM::Role')
      .filter(({ Properties }) =>
        JSON.stringify(Properties.AssumeRolePolicyDocument).includes('bedrock.amazonaws.com'),
      );
    const [statement] = role!.Properties.AssumeRolePolicyDocument.Statement;
    expect(statement.Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    expect(JSON.stringify(statement.Condition.ArnLike)).toContain(':model-invocation-job/*');
  });

  it('reads and writes below one prefix that has no "=", and which expires', () => {
    const objects = withAction(statementsOf(prod, 'ExtractionBedrockRole'), 's3:PutObject');
    expect(objects).toHaveLength(1);
    expect(JSON.stringify(objects[0]!.Resource)).toMatch(/"\/bedrock\/\*"/);
    const lake = prod.all('AWS::S3::Bucket').find(({ id }) => id.startsWith('Lake'))!;
    const rules: { Prefix?: string; ExpirationInDays?: number }[] =
      lake.Properties.LifecycleConfiguration.Rules;
    expect(rules.find(({ Prefix }) => Prefix === 'bedrock/')).toMatchObject({ ExpirationInDays: 14 });
  });
});

describe('the function that looks after batches', () => {
  const statements = statementsOf(prod, 'ExtractWaveRole');

  it('asks Bedrock for jobs of one model, and hands on that one role to Bedrock alone', () => {
    const [create] = withAction(statements, 'bedrock:CreateModelInvocationJob');
    expect(JSON.stringify(create!.Resource)).toContain('::foundation-model/amazon.nova-lite-v1:0');
    const [pass] = withAction(statements, 'iam:PassRole');
    expect(pass!.Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'bedrock.amazonaws.com' } });
    expect(JSON.stringify(pass!.Resource)).toContain('ExtractionBedrockRole');
  });

  it('may read libraries, and never write them', () => {
    const libraries = statements.filter(({ Resource }) => JSON.stringify(Resource).includes('/library/*'));
    expect(libraries.map(({ Action }) => Action)).toEqual(['s3:GetObject']);
  });

  it('reads the key of Gemini, and asks no Bedrock, where somebody deploys it so', () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gemini-AbCdEf';
    const made = new Synthesized({
      stage: 'dev',
      sourceOverrides: { RESCRAPE_CATALOGS_PROVIDER: 'gemini', RESCRAPE_GEMINI_KEY_SECRET: arn },
    });
    const readers = made
      .all('AWS::IAM::Policy')
      .filter(({ Properties }) => JSON.stringify(Properties.PolicyDocument).includes(arn));
    expect(readers.map(({ id }) => id.replace(/Role.*$/, ''))).toEqual(['ExtractWave']);
    expect(JSON.stringify(statementsOf(made, 'ExtractWaveRole'))).not.toContain('bedrock:');
  });

  it('may use an inference profile, and read a library of another bucket', () => {
    const made = new Synthesized({
      stage: 'dev',
      sourceOverrides: {
        RESCRAPE_CATALOGS_MODEL: 'eu.amazon.nova-lite-v1:0',
        RESCRAPE_CATALOGS_LIBRARY: 's3://scans/of catalogs',
      },
    });
    const [create] = withAction(statementsOf(made, 'ExtractWaveRole'), 'bedrock:CreateModelInvocationJob');
    expect(JSON.stringify(create!.Resource)).toContain(':inference-profile/eu.amazon.nova-lite-v1:0');
    const invoking = withAction(statementsOf(made, 'ExtractionBedrockRole'), 'bedrock:InvokeModel');
    expect(invoking).toHaveLength(2);
    const own = JSON.stringify(statementsOf(made, 'ExtractWaveRole'));
    expect(own).toContain(':s3:::scans/of?catalogs/*');
  });

  it('calls no model itself', () => {
    expect(withAction(statements, 'bedrock:InvokeModel')).toEqual([]);
    expect(
      withAction(statements, 's3:DeleteObject').map(({ Resource }) => JSON.stringify(Resource)),
    ).not.toContain('/bedrock/');
  });

  it.each([
    ['amazon.nova-lite-v1:0', 1],
    ['eu.amazon.nova-lite-v1:0', 2],
  ])('calls %s, and nothing else, where pages may be asked one by one', (model, rights) => {
    const sourceOverrides = { RESCRAPE_CATALOGS_MODEL: model, RESCRAPE_CATALOGS_TOO_FEW: 'one-by-one' };
    const own = statementsOf(new Synthesized({ stage: 'dev', sourceOverrides }), 'ExtractWaveRole');
    const invoking = withAction(own, 'bedrock:InvokeModel');
    expect(invoking).toHaveLength(rights);
    expect(JSON.stringify(invoking[0]!.Resource)).toContain(`/${model}`);
    for (const { Resource, Condition } of invoking.slice(1)) {
      expect(JSON.stringify(Resource)).toContain('foundation-model/*');
      expect(JSON.stringify(Condition)).toContain(`inference-profile/${model}`);
    }
    expect(JSON.stringify(withAction(own, 's3:DeleteObject'))).toContain('/bedrock/*');
    expect(JSON.stringify(withAction(own, 'bedrock:GetFoundationModel'))).toContain(`/${model}`);
  });

  it.each([
    [{ RESCRAPE_CATALOGS_PROVIDER: 'gemini' }, /RESCRAPE_GEMINI_KEY_SECRET is not set/],
    [{ RESCRAPE_CATALOGS_BATCH_SIZE: '5000' }, /RESCRAPE_CATALOGS_BATCH_SIZE is 5000: .* at most 1000/],
    [{ RESCRAPE_CATALOGS_LIBRARY: './pages' }, /RESCRAPE_CATALOGS_LIBRARY is "\.\/pages": .*s3:\/\//],
  ])('is not deployed with %j', (sourceOverrides, message) => {
    expect(() => new Synthesized({ stage: 'dev', sourceOverrides })).toThrow(message);
    for (const name of Object.keys(sourceOverrides)) expect(extractVariablesOf(EXTRACTIONS)).toContain(name);
  });
});

describe.each(EXTRACTIONS)('the alarms of the extraction $name', ({ name }) => {
  const of = (suffix: string) =>
    prod
      .all('AWS::CloudWatch::Alarm')
      .find((alarm) => nameOf(alarm) === `rescrape-prod-extract-${name}-${suffix}`)?.Properties;
  const dimensions = [
    { Name: 'extraction', Value: name },
    { Name: 'stage', Value: 'prod' },
  ];

  it.each([
    ['batch-stuck', { MetricName: 'OldestBatchSeconds', Statistic: 'Maximum', Threshold: 86_400 }],
    ['pages-exhausted', { MetricName: 'PagesExhausted', Statistic: 'Sum', Threshold: 1 }],
    [
      'provider-errors',
      { MetricName: 'ProviderErrors', Statistic: 'Sum', EvaluationPeriods: 3, Period: 1800 },
    ],
  ])('%s watches what the function counts', (suffix, properties) => {
    expect(of(suffix)).toMatchObject({
      ...{ Namespace: 'Rescrape', Dimensions: dimensions, TreatMissingData: 'notBreaching' },
      ...properties,
    });
  });

  it('tell of executions that fail, and of hours without one', () => {
    expect(of('extraction-failed')?.MetricName).toBe('ExecutionsFailed');
    expect(of('extraction-stopped')).toMatchObject({
      MetricName: 'ExecutionsSucceeded',
      TreatMissingData: 'breaching',
      EvaluationPeriods: 3,
    });
  });
});
