import * as z from 'zod';
import { lazily } from '../core/schema/lazily.ts';
import { isIdentifier } from '../core/source/identifier.ts';
import { withPartitionValue } from '../core/source/partition.ts';

/**
 * What each function is given: its variables (set by `lib/constructs/stage-function.ts`, read by its handler)
 * and its event. One file for both sides, so that neither can drift; no SDK, because the CDK app reads it as
 * well.
 */

const variable = lazily(() => z.string().min(1));
const address = lazily(() => z.url({ protocol: /^https?$/ }));

/** Every function works on the lake and the state, and says in its logs which stage it belongs to. */
const base = lazily(() =>
  z.object({
    RESCRAPE_STAGE: z.enum(['dev', 'prod']).describe('dev or prod'),
    RESCRAPE_BUCKET: variable().describe('Bucket of the lake'),
    RESCRAPE_TABLE: variable().describe('DynamoDB table of the state; keys pk, sk'),
  }),
);

const failedItems = () => ({ RESCRAPE_FAILED_ITEMS_QUEUE_URL: address().describe('Queue of failed items') });
/** Of one kind of records: where its messages are, and its dead letters. */
const queueUrls = lazily(() => z.strictObject({ queueUrl: address(), deadLettersUrl: address() }));
const enrichmentQueues = () => ({
  RESCRAPE_ENRICHMENT_QUEUES: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'not JSON' });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string().refine(isIdentifier, { error: 'not an identifier' }), queueUrls()))
    .describe('Queues of the records that are enriched: JSON, {"tutor":{"queueUrl":…,"deadLettersUrl":…},…}'),
});
const catalog = () => ({
  RESCRAPE_DATABASE: variable().describe('Glue database that partitions are registered in'),
});

/**
 * The variables of each function, by its name. `RESCRAPE_<SOURCE>_…` overrides (runtime/settings.ts) may
 * stand beside them.
 */
export const ENV_CONTRACTS = {
  plan: lazily(() => base().extend(failedItems())),
  scrape: lazily(() => base().extend(failedItems())),
  'record-failures': lazily(() => base().extend(failedItems())),
  publish: lazily(() => base().extend(catalog())),
  summarize: lazily(() => base().extend(catalog())),
  report: lazily(() =>
    base().extend({ RESCRAPE_TOPIC_ARN: z.string().regex(/^arn:/).describe('Topic that reports go to') }),
  ),
  'retry-items': lazily(() =>
    base().extend({
      ...catalog(),
      ...failedItems(),
      RESCRAPE_FAILED_ITEMS_DLQ_URL: address().describe('Dead letters of the failed items'),
    }),
  ),
  'enrich-records': lazily(() => base().extend(enrichmentQueues())),
  'publish-entities': lazily(() => base().extend({ ...catalog(), ...enrichmentQueues() })),
  'extract-wave': lazily(() =>
    base().extend({
      RESCRAPE_BEDROCK_ROLE_ARN: z
        .string()
        .regex(/^arn:/)
        .describe('Role by which Bedrock reads requests and writes answers'),
    }),
  ),
  'publish-extraction': lazily(() => base().extend(catalog())),
} as const;

export type FunctionName = keyof typeof ENV_CONTRACTS;

/** A variable is missing or malformed. The message names each one and never shows a value. */
class EnvError extends Error {
  override readonly name = 'EnvError';
}

/** Reads the variables of a contract. Throws an EnvError that names every missing or malformed one. */
export function readEnv<Schema extends z.ZodObject>(
  schema: Schema,
  env: Readonly<Record<string, string | undefined>>,
): z.infer<Schema> {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return env[name] === undefined ? `${name} is missing` : `${name} is malformed (${message})`;
  });
  throw new EnvError(problems.join('; '));
}

/** What may stand in a key or a partition value (design, section 13). */
const identifier = lazily(() => z.string().refine(isIdentifier, { error: 'not an identifier' }));
const runId = lazily(() => z.uuidv7());

/** A run that somebody asked for by name: what the command line starts. */
export const runInputSchema = lazily(() =>
  z.strictObject({
    runId: runId(),
    source: identifier(),
    /** Civil dates in the source's zone, both included. */
    start: z.iso.date(),
    end: z.iso.date(),
    targets: z.array(identifier()).min(1).readonly().optional(),
    where: z.record(z.string(), z.array(z.string()).readonly()).readonly().optional(),
    all: z.boolean().optional(),
    force: z.boolean(),
  }),
);

/**
 * A run that a schedule asked for. EventBridge Scheduler puts the time that the run was due into the input
 * (`<aws.scheduler.scheduled-time>`), and plan turns it into the window in the source's zone: a late start or
 * a retry works on the same dates, and no clock is read. Source and scheduled time also name the run, which
 * belongs to the execution that begins it: a schedule that fires twice (it delivers at least once) makes one.
 */
export const scheduledRunSchema = lazily(() =>
  z.strictObject({
    source: identifier(),
    /** UTC, `2026-11-22T01:30:00Z`. */
    scheduledTime: z.iso.datetime(),
    /** Scheduler's id of this attempt to start the run; for the log only. */
    executionName: z.string(),
  }),
);

export const planEventSchema = lazily(() => z.union([runInputSchema(), scheduledRunSchema()]));

/** The state of an execution of an extraction, as far as its publication needs it. */
export const extractionInputSchema = lazily(() => z.object({ extraction: identifier() }));
export type ExtractionInput = z.infer<ReturnType<typeof extractionInputSchema>>;

/** That entities are to be published: by a schedule, which says when this was due. */
export const scheduledPublicationSchema = lazily(() =>
  z.strictObject({
    /** UTC; for the log only, as the id of Scheduler's attempt. */
    scheduledTime: z.iso.datetime(),
    executionName: z.string(),
  }),
);
export type ScheduledPublication = z.infer<ReturnType<typeof scheduledPublicationSchema>>;

/**
 * A line of the work list. The execution adds its own notes (`scrape`, `problem`, `publish`) beside it; they
 * are dropped.
 */
export const partitionWorkSchema = lazily(() =>
  withPartitionValue(
    z.object({
      runId: runId(),
      source: identifier(),
      value: identifier(),
      date: z.iso.date(),
      targets: z.array(identifier()).min(1).readonly().optional(),
      force: z.boolean(),
    }),
  ),
);

/** The state of an execution after plan: what summarize gets. */
export const planAnswerSchema = lazily(() =>
  z.object({
    ...runInputSchema().shape,
    workList: z.object({ key: z.string().min(1), lines: z.int().nonnegative() }),
  }),
);

/** What a catcher leaves of an error. */
const problem = lazily(() => z.object({ Error: z.string(), Cause: z.string().optional() }).optional());

/** What report gets of a run that is named, and of one whose plan failed before it had a name. */
export const reportedRunSchema = lazily(() => z.object({ ...runInputSchema().shape, problem: problem() }));
export const failedRunSchema = lazily(() => z.object({ ...scheduledRunSchema().shape, problem: problem() }));

/** A payload with the ARN of the execution that calls; undefined where a machine of before that calls. */
export interface CalledByExecution<Input> {
  readonly input: Input;
  readonly execution: string | undefined;
}

const callSchema = lazily(() => z.strictObject({ input: z.unknown(), execution: z.string().min(1) }));

/** Takes the payload of `invocationByExecution` apart, or one that is the input alone. */
export function parseCall<Input>(event: unknown, parse: (input: unknown) => Input): CalledByExecution<Input> {
  const call = callSchema().safeParse(event);
  if (call.success) return { input: parse(call.data.input), execution: call.data.execution };
  return { input: parse(event), execution: undefined };
}

/** True for the input of an execution that a schedule started. */
export function isScheduled(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'scheduledTime' in input;
}

/**
 * The part of an SQS event that is relied on. What a body means is decided where it is parsed, a message at a
 * time.
 */
export const sqsEventSchema = lazily(() =>
  z.object({
    Records: z.array(
      z.object({
        messageId: z.string().min(1),
        body: z.string(),
        receiptHandle: z.string(),
        /** `arn:aws:sqs:eu-west-1:123456789012:rescrape-dev-enrich-tutor` */
        eventSourceARN: z.string().optional(),
        attributes: z.object({
          ApproximateReceiveCount: z.coerce.number().int().positive(),
          /** Milliseconds since the epoch. */
          SentTimestamp: z.coerce.number().int().nonnegative(),
        }),
      }),
    ),
  }),
);
export type SqsEvent = z.infer<ReturnType<typeof sqsEventSchema>>;
