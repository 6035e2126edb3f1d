import * as z from 'zod';
import { SettingError } from './setting-error.ts';

/** Where Bedrock reads and writes, and by which role. */
export interface BedrockSettings {
  readonly bucket: string;
  readonly roleArn: string;
}

const FIELDS = {
  RESCRAPE_BEDROCK_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'give the name of a bucket: requests and answers lie in it'),
  RESCRAPE_BEDROCK_ROLE_ARN: z
    .string()
    .regex(
      /^arn:[a-z-]+:iam::\d{12}:role\/.+$/,
      'give the ARN of the role by which Bedrock reads and writes there',
    ),
};

/** Throws a SettingError for the first that is missing or cannot be used. */
export function bedrockSettings(env: Readonly<Record<string, string | undefined>>): BedrockSettings {
  const read = (name: keyof typeof FIELDS): string => {
    const given = env[name]?.trim() ?? '';
    const checked = FIELDS[name].safeParse(given);
    if (checked.success) return checked.data;
    const is = given === '' ? 'is not set' : `is ${JSON.stringify(given)}`;
    throw new SettingError(`${name} ${is}: ${checked.error.issues[0]!.message}`);
  };
  return { bucket: read('RESCRAPE_BEDROCK_BUCKET'), roleArn: read('RESCRAPE_BEDROCK_ROLE_ARN') };
}
