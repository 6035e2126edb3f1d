import * as z from 'zod';
import { lazily } from '../schema/lazily.ts';

const count = (least: number, most: number) => z.int().min(least).max(most);
const price = z.number().min(0).max(10_000);

/** What an operator decides of an extraction: `extract.<name>` of the configuration. */
export const extractSettingsSchema = lazily(() =>
  z.strictObject({
    /** As the provider calls it. */
    model: z.string().min(1),
    /** `page_ocr/v1.1` */
    promptVersion: z.string().min(1),
    /** Pages of a batch. */
    batchSize: count(1, 50_000).default(100),
    maxConcurrentBatches: count(1, 1_000).default(10),
    pollSeconds: count(1, 3_600).default(20),
    /** So many failures end the tries of a page; 0 sends nothing. */
    maxRetries: count(0, 100).default(3),
    /** How long pages wait until there are as many as the provider takes in a job. */
    maxWaitHours: z
      .number()
      .min(0)
      .max(24 * 365)
      .default(24),
    /** What becomes of them then. */
    tooFew: z.enum(['wait', 'one-by-one']).default('wait'),
    uploadAttempts: count(1, 20).default(3),
    /** US dollars per million tokens in a batch; one by one they cost twice that. Without: none is told. */
    prices: z.strictObject({ input: price, output: price }).optional(),
  }),
);

export type ExtractSettings = Readonly<z.infer<ReturnType<typeof extractSettingsSchema>>>;
