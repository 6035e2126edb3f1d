import { S3Client } from '@aws-sdk/client-s3';
import { type AwsConnection, clientSettings } from './client-settings.ts';

/** `attempts`: of one request, by the SDK. @default as every client of ours: see `clientSettings` */
export function openS3Client(connection: AwsConnection, attempts?: number): S3Client {
  return new S3Client({
    ...clientSettings(connection, attempts),
    // Only AWS itself has a host name for each bucket.
    ...(connection.endpoint !== undefined && { forcePathStyle: true }),
  });
}
