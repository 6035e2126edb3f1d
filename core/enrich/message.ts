import * as z from 'zod';
import { type CivilDate, parseCivilDate } from '../calendar/civil-date.ts';
import type { ReceivedMessage } from '../ports/work-queue.ts';
import { lazily } from '../schema/lazily.ts';
import { IDENTIFIER, partitionValueProblem } from '../source/identifier.ts';

/** Of the messages that are written today. */
const MESSAGE_VERSION = 1;

const identifier = z.string().regex(IDENTIFIER, { error: 'not an identifier' });

/**
 * Where a record was found. Bounded, so that a message that was taken in can always be sent again: a record
 * has 200,000 bytes at most, a message 262,144.
 */
export const originSchema = lazily(() =>
  z.object({
    run_id: z.string().max(128).describe('Run that scraped it'),
    url: z.string().max(8_192).describe('Address that it was read from'),
    scraped_at: z.iso.datetime().describe('When the page was fetched'),
    capture: z
      .string()
      .max(2_048)
      .nullable()
      .describe('Raw response: key of the WARC file, #, byte offset of the record'),
  }),
);
export type Origin = z.infer<ReturnType<typeof originSchema>>;

/** A message of an enrichment queue, as anybody may send it. */
export const enrichmentMessageSchema = lazily(() =>
  z.object({
    schema_version: z.literal(MESSAGE_VERSION),
    id: identifier.optional().describe('Tells it from others; by default the id that the queue gave it'),
    kind: identifier.optional().describe('Kind of the record; by default that of the queue'),
    source: identifier.optional().describe('Who sent it'),
    feed: identifier.optional().describe('Feed that the record belongs to; by default the source'),
    date: z.iso
      .date()
      .optional()
      .describe('Day of the snapshot; by default the day on which it was sent, in UTC'),
    sent_at: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('Of two records without updated_at the later sent one stays; by default when it is received'),
    record: z.unknown().describe('The record itself'),
    origin: originSchema().optional(),
    parked: z.literal(true).optional().describe('It was parked, and what it waited for has come'),
  }),
);
export type EnrichmentMessage = z.infer<ReturnType<typeof enrichmentMessageSchema>>;

/** A message with its defaults filled in: the same whenever it is sent again. */
export interface IncomingMessage {
  readonly id: string;
  readonly kind: string;
  readonly source: string | null;
  readonly feed: string;
  /** Day of the snapshot. */
  readonly date: CivilDate;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  /** As it came: nothing of it is checked yet. */
  readonly record: unknown;
  readonly origin: Origin | null;
  /** True where it was parked, or is sent again because of what it refers to. */
  readonly parked: boolean;
}

/** `poison`: no program of this version can do anything with it, and `reason` says why in one line. */
export type DecodedMessage =
  | { readonly kind: 'message'; readonly message: IncomingMessage }
  | { readonly kind: 'poison'; readonly reason: string };

/** Feed of what says neither feed nor source. */
export const DEFAULT_FEED = 'pushed';

/** Reads a message of the queue of `kind`. `now`: milliseconds; when a message without `sent_at` was sent. */
export function decodeMessage(
  kind: string,
  { id, body }: Pick<ReceivedMessage, 'id' | 'body'>,
  now: number,
): DecodedMessage {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return poison('the message is no JSON');
  }
  const checked = enrichmentMessageSchema().safeParse(parsed);
  if (!checked.success) {
    const version = (parsed as { schema_version?: unknown } | null)?.schema_version;
    if (typeof version === 'number' && version > MESSAGE_VERSION)
      return poison(`schema_version ${version} is newer than this program, which knows ${MESSAGE_VERSION}`);
    const problems = checked.error.issues.map((issue) => {
      return `${issue.path.join('.') || 'message'}: ${issue.message}`;
    });
    return poison(problems.join('; '));
  }
  const { data } = checked;
  if (data.kind !== undefined && data.kind !== kind)
    return poison(`kind: a ${data.kind} in the queue of kind ${kind}`);
  const feed = data.feed ?? data.source ?? DEFAULT_FEED;
  const problem = partitionValueProblem(feed);
  if (problem !== undefined) return poison(`feed: ${JSON.stringify(feed)}: ${problem}`);
  const sentAt = data.sent_at === undefined ? now : Date.parse(data.sent_at);
  const date = parseCivilDate(data.date ?? new Date(sentAt).toISOString().slice(0, 10));
  if (date === undefined) return poison('date: not a date of the calendar (YYYY-MM-DD)');
  return {
    kind: 'message',
    message: {
      id: data.id ?? id,
      kind,
      source: data.source ?? null,
      feed,
      date,
      sentAt,
      record: data.record,
      origin: data.origin ?? null,
      parked: data.parked === true,
    },
  };
}

/** The body of a message. What was decoded and is encoded again is the same message. */
export function encodeMessage(message: IncomingMessage): string {
  const { id, kind, source, feed, date, sentAt, record, origin, parked } = message;
  return JSON.stringify({
    schema_version: MESSAGE_VERSION,
    id,
    kind,
    ...(source !== null && { source }),
    feed,
    date,
    sent_at: new Date(sentAt).toISOString(),
    record,
    ...(origin !== null && { origin }),
    ...(parked && { parked }),
  } satisfies EnrichmentMessage);
}

function poison(reason: string): DecodedMessage {
  return { kind: 'poison', reason };
}
