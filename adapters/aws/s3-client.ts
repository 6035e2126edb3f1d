import { S3Client } from '@aws-sdk/client-s3';
import { type AwsConnection, clientSettings, type ONE_RESOURCE } from './client-settings.ts';

/**
 * `attempts`: of one request, by the SDK. @default as every client of ours: see `clientSettings`
 * `only`: for a client of one bucket.
 */
export function openS3Client(
  connection: AwsConnection,
  attempts?: number,
  only: Partial<typeof ONE_RESOURCE> = {},
): S3Client {
  return new S3Client({
    ...clientSettings(connection, attempts),
    ...only,
    // Only AWS itself has a host name for each bucket.
    ...(connection.endpoint !== undefined && { forcePathStyle: true }),
  });
}
