import { openSecrets } from '../adapters/aws/secrets.ts';
import { openGeminiBatchProvider } from '../adapters/llm/gemini-batch-provider.ts';
import { NodeHttpClient } from '../adapters/web/node-http-client.ts';
import type { OpenAwsProviders } from './aws-extraction.ts';
import { openBedrockProviders } from './bedrock-providers.ts';
import { GEMINI_KEY_SECRET, geminiSettings } from './gemini-settings.ts';

/** Whoever answers the pages of a stack. `bedrockRoleArn`: lets Bedrock read and write in the bucket. */
export function awsProviders(bedrockRoleArn: string): OpenAwsProviders {
  return async ({ provider, extraction, env, bucket, clock, connection }) => {
    if (provider === 'bedrock')
      return openBedrockProviders({ bucket, roleArn: bedrockRoleArn, extraction, clock, connection });
    const secrets = openSecrets(connection);
    const key = await secrets.text(env[GEMINI_KEY_SECRET]!).finally(() => secrets.close());
    const http = new NodeHttpClient();
    const gemini = geminiSettings({ ...env, GEMINI_API_KEY: key });
    return { provider: openGeminiBatchProvider({ http, clock, ...gemini }), close: () => http.close() };
  };
}
