import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BOOTSTRAP = fileURLToPath(new URL('bootstrap.cjs', import.meta.url));

/** Resources that CloudFormation on the emulator refuses. */
const REFUSED: ReadonlySet<string> = new Set(['AWS::Athena::NamedQuery']);

interface Statement {
  readonly Effect: string;
  Action?: string | string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown> & { PolicyDocument?: { Statement: Statement[] } };
  DependsOn?: string[];
}

interface Template {
  readonly Resources: Record<string, Resource>;
}

/** What was changed, in words; `test/e2e/README.md` says why. */
export type Change =
  | `removed a ${string}`
  | `${string} runs on provided.al2023`
  | `${string} lets requests in without TLS`
  | `${string} names sqs:SendMessageBatch`;

/** Changes a synthesized cloud assembly, in its folder, into one that the emulator can play. */
export function makePlayable(assembly: string): Change[] {
  const changes: Change[] = [];
  for (const entry of readdirSync(assembly, { withFileTypes: true })) {
    const path = join(assembly, entry.name);
    if (entry.name.endsWith('.template.json')) changes.push(...makeTemplatePlayable(path));
    if (entry.name.startsWith('asset.') && entry.isDirectory()) {
      copyFileSync(BOOTSTRAP, join(path, 'bootstrap'));
      chmodSync(join(path, 'bootstrap'), 0o755);
    }
  }
  return changes;
}

/** The same for one template file. */
export function makeTemplatePlayable(path: string): Change[] {
  const template = JSON.parse(readFileSync(path, 'utf8')) as Template;
  const changes: Change[] = [];
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (REFUSED.has(Type)) {
      remove(template, id);
      changes.push(`removed a ${Type}`);
    }
    // Not those that run CDK's own helpers, should there ever be one.
    if (Type === 'AWS::Lambda::Function' && String(Properties.Runtime).startsWith('nodejs')) {
      Properties.Runtime = 'provided.al2023';
      changes.push(`${Properties.FunctionName} runs on provided.al2023`);
    }
    const policy = Properties?.PolicyDocument;
    const sends =
      policy?.Statement.filter(({ Action = [] }) => [Action].flat().includes('sqs:SendMessage')) ?? [];
    for (const statement of sends) {
      statement.Action = [statement.Action ?? []].flat().concat('sqs:SendMessageBatch');
      changes.push(`${id} names sqs:SendMessageBatch`);
    }
    if (policy?.Statement.some(deniesPlainHttp)) {
      policy.Statement = policy.Statement.filter((statement) => !deniesPlainHttp(statement));
      if (policy.Statement.length === 0) remove(template, id);
      changes.push(`${id} lets requests in without TLS`);
    }
  }
  writeFileSync(path, JSON.stringify(template));
  return changes;
}

function deniesPlainHttp({ Effect, Condition = {} }: Statement): boolean {
  const tested = Object.values(Condition).flatMap((test) => Object.keys(test));
  return Effect === 'Deny' && tested.some((key) => key === 'aws:SecureTransport' || key === 's3:TlsVersion');
}

function remove(template: Template, id: string): void {
  delete template.Resources[id];
  for (const resource of Object.values(template.Resources)) {
    if (Array.isArray(resource.DependsOn))
      resource.DependsOn = resource.DependsOn.filter((other) => other !== id);
  }
}
