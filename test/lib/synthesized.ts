import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { Deployment } from '../../lib/deployment.ts';
import { addStacks, type Deployed, type RescrapeStacks } from '../../lib/rescrape-app.ts';

import { variableOf } from '../../runtime/setting-names.ts';
import { sources } from '../../sources/index.ts';

/** A resource as it stands in a template. */
export interface Resource {
  readonly stack: keyof RescrapeStacks;
  readonly id: string;
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what CloudFormation takes has no type
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** An address of its own choice for every source that takes one. */
export const CHOSEN: Readonly<Record<string, string>> = Object.fromEntries(
  sources.flatMap(({ name, baseUrl }) =>
    baseUrl === undefined ? [] : [[variableOf(name, 'URL'), `https://${name}.test/`]],
  ),
);

/** As it stands in a template. */
interface Output {
  readonly Value: unknown;
  readonly Export?: { readonly Name: unknown };
}

interface Template {
  readonly Resources: Readonly<Record<string, Omit<Resource, 'stack' | 'id'>>>;
  readonly Outputs?: Readonly<Record<string, Output>>;
}

/**
 * The templates of one stage, as `cdk deploy` would send them but for the bundles, which are left out.
 * Throws where cdk-nag finds something that nobody has acknowledged.
 */
export class Synthesized {
  readonly stacks: RescrapeStacks;
  readonly resources: readonly Resource[];
  readonly outputs: Partial<Record<keyof RescrapeStacks, Readonly<Record<string, Output>>>> = {};
  constructor(
    deployment: Deployment,
    spoil: (stacks: RescrapeStacks) => void = () => {},
    deployed?: Partial<Deployed>,
  ) {
    const app = newApp();
    this.stacks = addStacks(app, deployment, deployed);
    spoil(this.stacks);
    const { directory } = app.synth();
    this.resources = (Object.keys(this.stacks) as (keyof RescrapeStacks)[]).flatMap((stack) => {
      const file = join(directory, `${this.stacks[stack].stackName}.template.json`);
      const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
      this.outputs[stack] = template.Outputs ?? {};
      return Object.entries(template.Resources).map(([id, resource]) => ({ ...resource, stack, id }));
    });
    rmSync(directory, { recursive: true, force: true });
  }

  all(type: string): Resource[] {
    return this.resources.filter(({ Type }) => Type === type);
  }
}

/**
 * An app with the flags of cdk.json, that bundles nothing: templates do not depend on what is in a bundle.
 */
function newApp(): App {
  const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  return new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
}

/** What people know it by. */
export function nameOf({ Properties }: Resource): string {
  return Properties.QueueName ?? Properties.FunctionName ?? Properties.AlarmName;
}

/** True where something in the value stands for the resource of this id. */
export function references(value: unknown, id: string): boolean {
  if (value === null || typeof value !== 'object') return false;
  if ('Ref' in value && value.Ref === id) return true;
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt']) && value['Fn::GetAtt'][0] === id)
    return true;
  return Object.values(value).some((inner) => references(inner, id));
}
