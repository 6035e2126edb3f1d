import { createRequire } from 'node:module';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsFailure } from './aws-failure.ts';
import { type AwsConnection, clientSettings } from './client-settings.ts';

/**
 * Reads texts from Secrets Manager. `text` throws a `StorageError` that names the secret and never shows what
 * is in it. Needs secretsmanager:GetSecretValue on the secret.
 */
export function openSecrets(connection: AwsConnection = {}): {
  text(arn: string): Promise<string>;
  close(): void;
} {
  let client: SecretsManagerClient | undefined;
  return {
    async text(arn) {
      const { SecretsManagerClient: Client, GetSecretValueCommand } = sdk();
      client ??= new Client(clientSettings(connection));
      try {
        return (await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString ?? '';
      } catch (error) {
        throw awsFailure(error, `secretsmanager:GetSecretValue ${arn}`);
      }
    },
    close: () => client?.destroy(),
  };
}

/** Loaded where a source has such a secret: no other start pays for it. */
function sdk(): typeof import('@aws-sdk/client-secrets-manager') {
  return createRequire(import.meta.url)('@aws-sdk/client-secrets-manager');
}
