import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSecrets } from '../../../adapters/aws/secrets.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { type Answer, type ScriptedService, serveScripted } from './scripted-service.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:proxies-AbCdEf';
let service: ScriptedService;
let secrets: ReturnType<typeof openSecrets>;
let answer: Answer;
beforeEach(async () => {
  service = await serveScripted(() => answer);
  secrets = openSecrets(service.connection);
});
afterEach(async () => {
  secrets.close();
  await service[Symbol.asyncDispose]();
});

it('a secret is read as a text', async () => {
  answer = { output: { SecretString: 'http://ann:hunter2@proxy.example' } };
  expect(await secrets.text(ARN)).toBe('http://ann:hunter2@proxy.example');
  expect(service.calls).toEqual([{ operation: 'GetSecretValue', input: { SecretId: ARN } }]);
});

it('one that may not be read is a StorageError that names it and what is missing', async () => {
  answer = { error: 'AccessDeniedException' };
  await expect(secrets.text(ARN)).rejects.toBeInstanceOf(StorageError);
  await expect(secrets.text(ARN)).rejects.toThrow(`secretsmanager:GetSecretValue ${ARN}`);
});
