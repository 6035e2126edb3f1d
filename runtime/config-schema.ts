import * as z from 'zod';
import { ownSettingNames } from '../core/source/own-settings.ts';
import { EXTRACT_FIELDS } from './extract-settings.ts';
import type { NamedExtraction, NamedSource } from './setting-names.ts';
import { PRIVATE_NETWORK } from './settings.ts';

const count = (least: number) => z.int().min(least).max(3_600_000).optional();

const sourceSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'give an http(s) address' }).optional(),
  allow_private: z.boolean().optional(),
  private_network: z.enum(PRIVATE_NETWORK).optional(),
  min_delay_ms: count(0),
  concurrency: count(1),
  requests_at_once: count(1),
  timeout_ms: count(1),
  cool_down_minutes: count(0),
  proxies: z.union([z.string(), z.array(z.string()).transform((list) => list.join(' '))]).optional(),
  proxies_secret: z.string().optional(),
});

const extractSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(EXTRACT_FIELDS).map(([name, { schema }]) => [name.toLowerCase(), schema.optional()]),
  ),
);

/**
 * What `rescrape.config.json` may say; `runtime/settings.ts` and `runtime/extract-settings.ts` tell what each
 * does.
 */
export function configSchema(sources: readonly NamedSource[], extractions: readonly NamedExtraction[]) {
  const known = sources.map((source) => {
    const own = ownSettingNames(source).map((name) => [name, z.string().optional()] as const);
    const schema = sourceSchema.extend(Object.fromEntries(own));
    // Of a source that cannot be loaded nobody knows its own settings.
    return [source.name, (source.problem === undefined ? schema : schema.loose()).optional()] as const;
  });
  const extract = Object.fromEntries(extractions.map(({ name }) => [name, extractSchema.optional()]));
  return z.strictObject({
    sources: z.object(Object.fromEntries(known)).catchall(sourceSchema).default({}),
    extract: z.strictObject(extract).default({}),
  });
}
