import type { Source } from '../core/source/source.ts';
import { nameOf, type TargetRecord } from '../core/targets/target.ts';
import { attributeText } from './target-filter.ts';

/** What people call a target, and its state; empty where its source does not say. */
export interface TargetNames {
  readonly name: string;
  readonly state: string;
}

const NONE: TargetNames = { name: '', state: '' };

export function namesIn(sources: readonly Source[]): (source: string, target: string) => TargetNames {
  const known = new Map(
    sources.map(({ name, targets }) => [name, new Map(targets.map((target) => [target.id, target]))]),
  );
  return (source, target) => {
    const found = known.get(source)?.get(target);
    return found ? { name: attributeText(found, 'name'), state: attributeText(found, 'state') } : NONE;
  };
}

/** A record for `--json`, with what people call the target. */
export function namedRecord<R extends TargetRecord>(record: R): R {
  return { ...record, name: nameOf(record) };
}
