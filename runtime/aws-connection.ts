import type { AwsConnection } from '../adapters/aws/client-settings.ts';

/**
 * Something else that speaks the APIs of AWS, where `AWS_ENDPOINT_URL` names it. All else the SDK finds by
 * itself.
 */
export function connectionOf(env: Readonly<Record<string, string | undefined>>): AwsConnection {
  const endpoint = env.AWS_ENDPOINT_URL;
  return endpoint === undefined || endpoint === '' ? {} : { endpoint };
}
