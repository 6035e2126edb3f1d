import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../cli/main.ts';

const cloudFormation = mockClient(CloudFormationClient);
afterEach(() => {
  cloudFormation.reset();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function failing(...words: string[]): Promise<{ code: unknown; lines: string[] }> {
  const lines: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((line) => void lines.push(String(line)));
  const before = process.exitCode;
  try {
    await main(['node', 'rescrape', ...words]);
    return { code: process.exitCode, lines };
  } finally {
    process.exitCode = before;
  }
}

describe('--stack', () => {
  it.each([
    ['failures', 'list'],
    ['run', 'racing'],
    ['query', 'SELECT 1'],
  ])('names a stack that is not there in one line: %s %s', async (...words) => {
    const absent = Object.assign(new Error('Stack with id gone does not exist'), {
      name: 'ValidationError',
      $metadata: { httpStatusCode: 400 },
    });
    cloudFormation.on(DescribeStacksCommand).rejects(absent);
    const { code, lines } = await failing('--stack', 'gone', ...words);
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^rescrape: there is no stack gone in this account[^\n]*$/),
    ]);
  });

  it('is not for a directory as well', async () => {
    const { code, lines } = await failing('--stack', 'x', '--local', '/tmp/nowhere', 'failures', 'list');
    expect(code).toBe(2);
    expect(lines).toEqual(['rescrape: --local and --stack exclude each other; choose one']);
  });

  it('is a directory otherwise, which has a name', async () => {
    const { code, lines } = await failing('--local', '', 'failures', 'list');
    expect(code).toBe(2);
    expect(lines).toEqual(['rescrape: --local names no directory; name one, or leave it out']);
  });

  it('is not for look-ups, which would come from other addresses than those of the stack', async () => {
    const { code, lines } = await failing('--stack', 'x', 'targets', 'look-up', 'menus');
    expect(code).toBe(2);
    expect(lines).toEqual([expect.stringMatching(/^rescrape: what targets lack [^\n]*--stack[^\n]*$/)]);
  });

  it('is not for a clock that is set', async () => {
    vi.stubEnv('RESCRAPE_NOW', '2025-11-22T12:00:00Z');
    const { code, lines } = await failing('--stack', 'x', 'skip', 'list');
    expect(code).toBe(2);
    expect(lines).toEqual([
      expect.stringMatching(/^rescrape: RESCRAPE_NOW sets the clock of this machine only/),
    ]);
  });

  it('is not for the demo, which brings its own site to this machine', async () => {
    const { code, lines } = await failing('--stack', 'x', 'demo');
    expect(code).toBe(2);
    expect(lines).toEqual(['rescrape: the demo runs on this machine; leave --stack out']);
  });
});
