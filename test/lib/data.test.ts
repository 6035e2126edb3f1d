import { describe, expect, it } from 'vitest';
import { STATE_TABLE } from '../../adapters/aws/state-table.ts';
import { references, Synthesized } from './synthesized.ts';

const prod = new Synthesized({ stage: 'prod' });
const dev = new Synthesized({ stage: 'dev' });

describe('every bucket', () => {
  it('is closed to the public, encrypted, and refuses what does not come over TLS', () => {
    const buckets = prod.all('AWS::S3::Bucket');
    expect(buckets).toHaveLength(3);
    for (const { id, Properties } of buckets) {
      expect(Properties.PublicAccessBlockConfiguration, id).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(Properties.BucketEncryption, id).toBeDefined();
      const policy = prod
        .all('AWS::S3::BucketPolicy')
        .find((resource) => references(resource.Properties.Bucket, id));
      expect(JSON.stringify(policy), id).toContain('"aws:SecureTransport":"false"');
    }
  });

  it('of the lake keeps versions, and lets go of what has served', () => {
    const lake = prod.all('AWS::S3::Bucket').find(({ Properties }) => Properties.VersioningConfiguration)!;
    const rules = lake.Properties.LifecycleConfiguration.Rules;
    expect(rules).toContainEqual(expect.objectContaining({ Prefix: 'work/', ExpirationInDays: 14 }));
    expect(rules).toContainEqual(
      expect.objectContaining({
        Prefix: 'captures/',
        Transitions: [{ StorageClass: 'STANDARD_IA', TransitionInDays: 30 }],
      }),
    );
    expect(rules).toContainEqual(
      expect.objectContaining({
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        NoncurrentVersionExpiration: { NoncurrentDays: 90 },
      }),
    );
  });
});

describe('what holds data', () => {
  const HOLDS_DATA = [
    'AWS::S3::Bucket',
    'AWS::DynamoDB::GlobalTable',
    'AWS::Glue::Database',
    'AWS::Athena::WorkGroup',
  ];
  const holding = (made: Synthesized) => made.resources.filter(({ Type }) => HOLDS_DATA.includes(Type));

  it('stands in the stateful stack and nowhere else', () => {
    expect(new Set(holding(prod).map(({ stack }) => stack))).toEqual(new Set(['lake']));
    expect(new Set(holding(prod).map(({ Type }) => Type))).toEqual(new Set(HOLDS_DATA));
  });

  it('outlives its stack in prod, which cannot be deleted by accident', () => {
    expect(holding(prod).filter(({ DeletionPolicy }) => DeletionPolicy !== 'RetainExceptOnCreate')).toEqual(
      [],
    );
    expect(holding(prod).filter(({ UpdateReplacePolicy }) => UpdateReplacePolicy !== 'Retain')).toEqual([]);
    expect(prod.stacks.lake.terminationProtection).toBe(true);
  });

  it('goes with its stack in dev', () => {
    expect(holding(dev).filter(({ DeletionPolicy }) => DeletionPolicy !== 'Delete')).toEqual([]);
    expect(dev.stacks.lake.terminationProtection).toBe(false);
  });

  it('can be brought back to any second of the last weeks, where it is the state', () => {
    const [table] = prod.all('AWS::DynamoDB::GlobalTable');
    expect(table!.Properties.Replicas[0]).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    });
  });

  it('has the keys and the time to live that the state store writes', () => {
    const [table] = prod.all('AWS::DynamoDB::GlobalTable');
    expect(table!.Properties.KeySchema).toEqual([
      { AttributeName: STATE_TABLE.partitionKey, KeyType: 'HASH' },
      { AttributeName: STATE_TABLE.sortKey, KeyType: 'RANGE' },
    ]);
    expect(table!.Properties.TimeToLiveSpecification).toEqual({
      AttributeName: STATE_TABLE.expiresAt,
      Enabled: true,
    });
  });
});
