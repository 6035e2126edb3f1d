import { Stack } from 'aws-cdk-lib';
import { Grant, type IRole } from 'aws-cdk-lib/aws-iam';
import type { FunctionName } from '../../lambdas/contracts.ts';
import type { LakeStack } from '../lake-stack.ts';
import { acknowledge } from './acknowledge.ts';

/** The first folders of the lake (core/lake/layout.ts). */
export const LAKE_FOLDERS = [
  'data',
  'tables',
  'captures',
  'attempts',
  'commits',
  'runs',
  'enrichments',
  'extraction_books',
  'extractions',
  'extraction-failures',
  'targets',
  'exports',
  'work',
  'reports',
] as const;
export type LakeFolder = (typeof LAKE_FOLDERS)[number];

/** Folders by what may be done in them. Listing is of the whole bucket, see `grantLake`. */
export interface LakeAccess {
  readonly read: readonly LakeFolder[];
  readonly write: readonly LakeFolder[];
  readonly delete?: readonly LakeFolder[];
}

/**
 * What is finalized once is never replaced: who finalizes again looks what is there. The mark that a
 * partition is under way is deleted when it no longer is.
 */
const FINALIZE = {
  // What is new of an item is told by the version that is current.
  read: ['work', 'captures', 'attempts', 'tables', 'data'],
  write: ['work', 'captures', 'attempts'],
  delete: ['work'],
} as const;

/**
 * What each function does to the lake, and no more. `test/lib/lake-access.test.ts` runs every stage against a
 * recording store and fails where a stage does what is not in here, or where something in here is never done.
 */
export const LAKE_ACCESS: Readonly<Record<FunctionName, LakeAccess>> = {
  // Puts on record what a run left whose execution was stopped.
  plan: {
    read: [...FINALIZE.read, 'commits'],
    write: [...FINALIZE.write, 'commits'],
    delete: FINALIZE.delete,
  },
  scrape: FINALIZE,
  'record-failures': FINALIZE,
  publish: {
    read: ['work', 'tables', 'data', 'exports'],
    write: ['work', 'data', 'tables', 'commits', 'exports'],
  },
  // A day of the table of targets is completed from the one that is there.
  summarize: {
    read: ['work', 'attempts', 'commits', 'targets'],
    write: ['work', 'attempts', 'commits', 'runs', 'targets'],
  },
  report: { read: ['work'], write: ['reports'] },
  // Scrape and publish in one, for single items; clears its own checkpoints.
  'retry-items': {
    read: [...FINALIZE.read, 'commits', 'exports'],
    write: [...FINALIZE.write, 'data', 'tables', 'commits', 'exports'],
    delete: FINALIZE.delete,
  },
  // Entities are in the state; another function publishes them.
  'enrich-records': { read: [], write: [] },
  // Sends on what scraped partitions have, and publishes; attempts it only looks for, when logs are merged.
  'publish-entities': {
    read: ['tables', 'data', 'commits', 'attempts'],
    write: ['data', 'tables', 'commits', 'enrichments'],
  },
  // Libraries, and what Bedrock reads and writes, are no part of the lake: `extraction-access.ts`.
  'publish-extraction': {
    read: ['extractions', 'data', 'tables', 'commits', 'attempts'],
    write: ['data', 'tables', 'commits', 'extraction_books'],
  },
  'extract-wave': { read: ['extractions'], write: ['extractions', 'extraction-failures', 'reports'] },
};

/**
 * Grants exactly this. `bucket.grantRead` and its kin would grant `s3:GetObject*` and `s3:List*` on every
 * version and ACL.
 */
export function grantLake(role: IRole, lake: LakeStack, access: LakeAccess): void {
  const grant = (granted: readonly LakeFolder[], ...actions: string[]) => {
    if (granted.length === 0) return;
    const resourceArns = granted.map((folder) => `${lake.bucketArnImport}/${folder}/*`);
    Grant.addToPrincipal({ grantee: role, actions, resourceArns });
  };
  const folders = new Set([...access.read, ...access.write, ...(access.delete ?? [])]);
  if (folders.size === 0) return;
  grant(access.read, 's3:GetObject');
  grant(access.write, 's3:PutObject');
  grant(access.delete ?? [], 's3:DeleteObject');
  // Without it S3 answers 403 instead of 404 for an object that is not there, and the stages ask for such
  // objects all the time. A condition on the prefix would bring the 403 back: a GetObject carries none.
  Grant.addToPrincipal({ grantee: role, actions: ['s3:ListBucket'], resourceArns: [lake.bucketArnImport] });
  for (const folder of folders) {
    acknowledge(role, {
      [`AwsSolutions-IAM5[Resource::${lake.bucketArnExportName}/${folder}/*]`]:
        'Objects get their names at run time; the wildcard stands for those of one folder of the lake.',
    });
  }
}

/** Grants these actions on the tables of the sources, and on the catalog and the database that hold them. */
export function grantTables(role: IRole, { database, tableNames }: LakeStack, actions: string[]): void {
  const table = (name: string) =>
    Stack.of(role).formatArn({
      service: 'glue',
      resource: 'table',
      resourceName: `${database.databaseName}/${name}`,
    });
  const { catalogArn } = database.catalog;
  const resourceArns = [catalogArn, database.databaseArn, ...tableNames.map(table)];
  Grant.addToPrincipal({ grantee: role, actions, resourceArns });
}
