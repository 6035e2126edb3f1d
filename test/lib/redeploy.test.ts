import { describe, expect, it } from 'vitest';
import { STAGES } from '../../lib/deployment.ts';
import { type Resource, references, Synthesized } from './synthesized.ts';

/** By type, the property that names a resource for everybody; a token in it is a name of CloudFormation's. */
const NAMES: Readonly<Record<string, (properties: Resource['Properties']) => unknown>> = {
  'AWS::Athena::WorkGroup': ({ Name }) => Name,
  'AWS::DynamoDB::GlobalTable': ({ TableName }) => TableName,
  'AWS::Glue::Database': ({ DatabaseInput }) => DatabaseInput.Name,
  'AWS::Glue::Table': ({ TableInput }) => TableInput.Name,
  'AWS::Logs::LogGroup': ({ LogGroupName }) => LogGroupName,
  'AWS::S3::Bucket': ({ BucketName }) => BucketName,
  'AWS::SQS::Queue': ({ QueueName }) => QueueName,
  'AWS::StepFunctions::StateMachine': ({ StateMachineName }) => StateMachineName,
};

const KEPT = ['Retain', 'RetainExceptOnCreate'];

describe.each(STAGES)('a deployment of %s', (stage) => {
  const made = new Synthesized({ stage });
  const kept = made.resources.filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete');
  const nameOf = ({ Type, Properties }: Resource) => NAMES[Type]?.(Properties);

  it('knows how everything is named that may be kept', () => {
    const policied = made.resources.filter(({ DeletionPolicy }) => DeletionPolicy !== undefined);
    expect(policied.length).toBeGreaterThan(20);
    expect(policied.filter(({ Type }) => NAMES[Type] === undefined)).toEqual([]);
    expect(kept.filter(({ DeletionPolicy }) => !KEPT.includes(DeletionPolicy!))).toEqual([]);
  });

  it('that fails the first time leaves nothing behind that has a name', () => {
    const named = kept.filter((resource) => typeof nameOf(resource) === 'string');
    if (stage === 'prod') expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ DeletionPolicy }) => DeletionPolicy !== 'RetainExceptOnCreate')).toEqual([]);
  });

  it('keeps nothing that has a name of what can be made again: destroyed, it can be deployed again', () => {
    const elsewhere = kept.filter(({ stack }) => stack !== 'lake');
    expect(elsewhere.filter((resource) => nameOf(resource) !== undefined)).toEqual([]);
    if (stage === 'prod') expect(elsewhere.map(({ Type }) => Type)).toContain('AWS::Logs::LogGroup');
  });

  it('makes what refuses to be deleted after all else: nothing that fails later leaves it behind', () => {
    const lake = made.resources.filter((resource) => resource.stack === 'lake');
    const table = lake.find(({ Type }) => Type === 'AWS::DynamoDB::GlobalTable')!;
    const others = lake.filter(({ id }) => id !== table.id);
    expect(others.filter(({ id }) => !table.DependsOn?.includes(id)).map(({ id }) => id)).toEqual([]);
    expect(others.filter(({ Properties }) => references(Properties, table.id))).toEqual([]);
  });
});
