import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Database } from 'aws-cdk-lib/aws-glue';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Source } from '../core/source/source.ts';
import { BEDROCK_FOLDER } from '../lambdas/extraction-contract.ts';
import { acknowledge } from './constructs/acknowledge.ts';
import { addLogTables, addTargetTable, SourceTable } from './constructs/lake-tables.ts';
import { type Deployment, databaseNameOf, nameOf, STAGE_POLICIES } from './deployment.ts';

/** Bytes that one query may read: 10 GiB, 0.05 USD at 5 USD a TB. A year of racing is a fraction of it. */
const SCAN_LIMIT_BYTES = 10 * 1024 ** 3;

export interface LakeStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly sources: readonly Source[];
}

/**
 * All that holds data: the lake, the state, the catalog, the workgroup. Kept in prod, whatever happens to the
 * stack.
 */
export class LakeStack extends Stack {
  readonly bucket: Bucket;
  /**
   * The bucket's ARN as other stacks import it, and the name of the export: acknowledgements of cdk-nag must
   * state it.
   */
  readonly bucketArnImport: string;
  readonly bucketArnExportName: string;
  readonly table: TableV2;
  readonly database: Database;
  /** Of the sources. Other stacks name them so: an import would stop a deployment without the table. */
  readonly tableNames: readonly string[];
  readonly workGroup: CfnWorkGroup;

  constructor(scope: Construct, id: string, { deployment, sources, ...props }: LakeStackProps) {
    const policy = STAGE_POLICIES[deployment.stage];
    super(scope, id, {
      ...props,
      terminationProtection: policy.protected,
      description: 'Rescrape: lake, state, catalog',
    });
    const { removalPolicy } = policy;
    const guarded: BucketProps = {
      removalPolicy,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
    };

    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...guarded,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    this.bucket = new Bucket(this, 'Lake', {
      ...guarded,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'lake/',
      // A manifest that was overwritten by mistake can be brought back.
      versioned: true,
      lifecycleRules: [
        {
          id: 'everything',
          noncurrentVersionExpiration: Duration.days(90),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          expiredObjectDeleteMarker: true,
        },
        // Checkpoints: of no use once their run has ended, and there is one a page.
        {
          id: 'work',
          prefix: 'work/',
          expiration: Duration.days(14),
          noncurrentVersionExpiration: Duration.days(1),
        },
        // Requests, images and answers of batches: read when their job is over, which takes a week at most.
        {
          id: 'bedrock',
          prefix: `${BEDROCK_FOLDER}/`,
          expiration: Duration.days(14),
          noncurrentVersionExpiration: Duration.days(1),
        },
        // Read again only by `rescrape reparse`. S3 moves no object under 128 KB: those would cost more
        // there.
        {
          id: 'captures',
          prefix: 'captures/',
          transitions: [{ storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(30) }],
        },
      ],
    });
    this.bucketArnExportName = nameOf(deployment.stage, 'lake-bucket-arn');
    this.bucketArnImport = this.exportValue(this.bucket.bucketArn, { name: this.bucketArnExportName });
    const queryResults = new Bucket(this, 'QueryResults', {
      ...guarded,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'query-results/',
      lifecycleRules: [
        { expiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });

    this.table = new TableV2(this, 'State', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expires_at',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: policy.protected,
      removalPolicy,
    });

    this.database = new Database(this, 'Database', {
      databaseName: databaseNameOf(deployment.stage),
      description: `Rescrape (${deployment.stage}): a table for each source, and what was tried, committed and run`,
    });
    this.database.applyRemovalPolicy(removalPolicy);
    const place = { database: this.database, bucket: this.bucket, removalPolicy };
    for (const source of sources) new SourceTable(this, source.table.name, { ...place, source });
    this.tableNames = sources.map(({ table }) => table.name);
    addLogTables(this, place);
    addTargetTable(this, place, sources);

    this.workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name: nameOf(deployment.stage, 'analysts'),
      description: 'Queries of the lake',
      recursiveDeleteOption: !policy.protected,
      workGroupConfiguration: {
        // What a client asks for does not count: results stay in our bucket, encrypted, and the limit holds.
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: SCAN_LIMIT_BYTES,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: queryResults.s3UrlForObject(),
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
    this.workGroup.applyRemovalPolicy(removalPolicy);
    // Protected against deletion, it would stay behind when a first deployment is rolled back: it comes last.
    this.table.node.addDependency(...this.node.children.filter((child) => child !== this.table));

    acknowledge(accessLogs, {
      'AwsSolutions-S1': 'It holds the access logs; logging their delivery would never end.',
    });
    new CfnOutput(this, 'QueryResultsBucket', { value: queryResults.bucketName });
  }
}
