import * as z from 'zod';
import { isIdentifier } from '../source/identifier.ts';

/** Of the messages that are written today. */
export const MESSAGE_VERSION = 1;

const identifier = z.string().refine(isIdentifier, { error: 'not an identifier' });

/** Where a record was found. */
const originSchema = z.object({
  run_id: z.string().describe('Run that scraped it'),
  url: z.string().describe('Address that it was read from'),
  scraped_at: z.iso.datetime().describe('When the page was fetched'),
  capture: z.string().nullable().describe('Raw response: key of the WARC file, #, byte offset of the record'),
});
export type Origin = z.infer<typeof originSchema>;

/** A message of an enrichment queue, as anybody may send it. */
export const enrichmentMessageSchema = z.object({
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
  origin: originSchema.optional(),
  parked: z.literal(true).optional().describe('It was parked, and what it waited for has come'),
});
export type EnrichmentMessage = z.infer<typeof enrichmentMessageSchema>;
