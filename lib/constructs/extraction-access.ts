import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Grant, type IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  BEDROCK_FOLDER,
  type DeployedExtraction,
  LIBRARY_FOLDER,
} from '../../lambdas/extraction-contract.ts';
import type { LakeStack } from '../lake-stack.ts';
import { acknowledge } from './acknowledge.ts';

export interface ExtractionAccessProps {
  readonly extractions: readonly DeployedExtraction[];
  readonly lake: LakeStack;
}

/**
 * What extraction may use beyond the lake and the state: libraries, Bedrock with the role by which it reads
 * requests and writes answers, and the secret with the key of Gemini where somebody asks for that.
 */
export class ExtractionAccess extends Construct {
  /** Assumed by Bedrock alone, for jobs of this account. */
  readonly bedrockRole: Role;
  readonly #props: ExtractionAccessProps;

  constructor(scope: Construct, id: string, props: ExtractionAccessProps) {
    super(scope, id);
    this.#props = props;
    const { account } = Stack.of(this);
    this.bedrockRole = new Role(this, 'BedrockRole', {
      description: 'Bedrock reads the requests of batches by it, and writes their answers',
      assumedBy: new ServicePrincipal('bedrock.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': this.#jobs() },
        },
      }),
    });
    const inAccount = { StringEquals: { 'aws:ResourceAccount': account } };
    this.#grantFolder(this.bedrockRole, BEDROCK_FOLDER, ['s3:GetObject', 's3:PutObject'], inAccount);
    Grant.addToPrincipal({
      grantee: this.bedrockRole,
      actions: ['s3:ListBucket'],
      resourceArns: [props.lake.bucketArnImport],
      conditions: { ...inAccount, StringLike: { 's3:prefix': [`${BEDROCK_FOLDER}/*`] } },
    });
    this.#grantProfiles(this.bedrockRole, this.#models());
  }

  /** Everything that looks after the batches of these extractions. */
  grant(grantee: IRole): void {
    this.grantLibraries(grantee);
    this.#grantGemini(grantee);
    if (this.#models().length === 0) return;
    this.#grantFolder(grantee, BEDROCK_FOLDER, ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload']);
    const jobs = this.#jobs();
    Grant.addToPrincipal({
      grantee,
      actions: ['bedrock:CreateModelInvocationJob'],
      resourceArns: [...this.#models(), jobs],
    });
    Grant.addToPrincipal({
      grantee,
      actions: ['bedrock:GetModelInvocationJob', 'bedrock:StopModelInvocationJob'],
      resourceArns: [jobs],
    });
    Grant.addToPrincipal({ grantee, actions: ['bedrock:ListModelInvocationJobs'], resourceArns: ['*'] });
    Grant.addToPrincipal({
      grantee,
      actions: ['iam:PassRole'],
      resourceArns: [this.bedrockRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'bedrock.amazonaws.com' } },
    });
    acknowledge(grantee, {
      [`AwsSolutions-IAM5[Resource::${this.#shown(jobs)}]`]:
        'Bedrock names a job when it is created; the wildcard stands for the batch jobs of this account.',
    });
    this.#grantOneByOne(grantee);
  }

  /** Reading of pages: listing of the lake's bucket is granted with the lake. */
  grantLibraries(grantee: IRole): void {
    this.#grantFolder(grantee, LIBRARY_FOLDER, ['s3:GetObject']);
    this.#grantLibrariesElsewhere(grantee);
  }

  /** Calls to a model itself, and the intents and answers of its pages. */
  #grantOneByOne(grantee: IRole): void {
    const models = this.#models(({ asksOneByOne }) => asksOneByOne);
    if (models.length === 0) return;
    this.#grantFolder(grantee, BEDROCK_FOLDER, ['s3:DeleteObject']);
    Grant.addToPrincipal({
      grantee,
      actions: ['bedrock:GetFoundationModel', 'bedrock:GetInferenceProfile'],
      resourceArns: models,
    });
    const own = models.filter((arn) => !isProfile(arn));
    if (own.length > 0)
      Grant.addToPrincipal({ grantee, actions: ['bedrock:InvokeModel'], resourceArns: own });
    this.#grantProfiles(grantee, models);
  }

  /** ARNs of the models and inference profiles that are asked. */
  #models(of: (extraction: DeployedExtraction) => boolean = () => true): string[] {
    return this.#props.extractions
      .filter(of)
      .flatMap(({ bedrockModel }) => (bedrockModel === undefined ? [] : [this.#arnOf(bedrockModel)]));
  }

  /** `amazon.nova-lite-v1:0`, an inference profile (`eu.amazon.nova-lite-v1:0`), or the ARN of either. */
  #arnOf(model: string): string {
    if (model.startsWith('arn:')) return model;
    const isProfile = /^[a-z]+\.[a-z0-9-]+\./.test(model);
    return Stack.of(this).formatArn({
      service: 'bedrock',
      resource: isProfile ? 'inference-profile' : 'foundation-model',
      resourceName: model,
      ...(!isProfile && { account: '' }),
    });
  }

  #jobs(): string {
    return Stack.of(this).formatArn({
      service: 'bedrock',
      resource: 'model-invocation-job',
      resourceName: '*',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }

  /** A profile leads to the models of several regions, which it names itself. */
  #grantProfiles(grantee: IRole, arns: readonly string[]): void {
    const profiles = arns.filter(isProfile);
    if (profiles.length === 0) return;
    const models = Stack.of(this).formatArn({
      service: 'bedrock',
      region: '*',
      account: '',
      resource: 'foundation-model',
      resourceName: '*',
    });
    const actions = ['bedrock:InvokeModel'];
    Grant.addToPrincipal({ grantee, actions, resourceArns: [...profiles] });
    const conditions = { ArnEquals: { 'bedrock:InferenceProfileArn': [...profiles] } };
    Grant.addToPrincipal({ grantee, actions, resourceArns: [models], conditions });
    acknowledge(grantee, {
      [`AwsSolutions-IAM5[Resource::${this.#shown(models)}]`]:
        'Which models a profile leads to is the business of the profile; the condition lets nothing else in.',
    });
  }

  #grantFolder(
    grantee: IRole,
    folder: string,
    actions: string[],
    conditions?: Record<string, Record<string, string>>,
  ): void {
    const { lake } = this.#props;
    const resourceArns = [`${lake.bucketArnImport}/${folder}/*`];
    Grant.addToPrincipal({ grantee, actions, resourceArns, ...(conditions && { conditions }) });
    acknowledge(grantee, {
      [`AwsSolutions-IAM5[Resource::${lake.bucketArnExportName}/${folder}/*]`]:
        'Objects get their names at run time; the wildcard stands for those of one folder of the bucket.',
    });
  }

  /** A library in another bucket than the lake's. */
  #grantLibrariesElsewhere(grantee: IRole): void {
    for (const { libraryPlace } of this.#props.extractions) {
      if (libraryPlace === undefined) continue;
      const { bucket, prefix } = libraryPlace;
      const arn = Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource: bucket });
      // cdk-nag takes no answer to a finding with a space in it; `?` stands for any one character.
      const folder = prefix === '' ? '' : `${prefix.replaceAll(/\s/g, '?')}/`;
      const objects = `${arn}/${folder}*`;
      Grant.addToPrincipal({ grantee, actions: ['s3:GetObject'], resourceArns: [objects] });
      Grant.addToPrincipal({ grantee, actions: ['s3:ListBucket'], resourceArns: [arn] });
      acknowledge(grantee, {
        [`AwsSolutions-IAM5[Resource::${this.#shown(objects)}]`]:
          'The pages of a library have names of their own; the wildcard stands for those of this library.',
      });
    }
  }

  #grantGemini(grantee: IRole): void {
    const arns = this.#props.extractions.flatMap(({ keySecret }) => keySecret ?? []);
    for (const arn of new Set(arns)) Secret.fromSecretCompleteArn(this, 'GeminiKey', arn).grantRead(grantee);
  }

  /** As cdk-nag states an ARN: what is known at deployment stands in angle brackets. */
  #shown(arn: string): string {
    const { partition, region, account } = Stack.of(this);
    return arn
      .replaceAll(partition, '<AWS::Partition>')
      .replaceAll(region, '<AWS::Region>')
      .replaceAll(account, '<AWS::AccountId>');
  }
}

function isProfile(arn: string): boolean {
  return arn.includes('inference-profile/');
}
