import type { Source } from '../core/source/source.ts';
import { type AttributeValue, attributeValue } from '../core/targets/attribute-value.ts';
import { namesText } from '../core/wording/names.ts';
import { UsageError } from './failure.ts';
import { attributeColumns } from './target-columns.ts';

/** `name=value`, as often as it was typed; an empty value takes the attribute away (undefined). */
export function attributesOf(
  source: Source,
  texts: readonly string[],
): ReadonlyMap<string, AttributeValue | undefined> {
  const known = attributeColumns(source);
  return new Map(
    texts.map((text) => {
      const at = text.indexOf('=');
      const name = text.slice(0, Math.max(at, 0));
      if (at < 1) throw new UsageError(`--attribute ${JSON.stringify(text)} is none`, 'write name=value');
      if (!known.includes(name))
        throw new UsageError(
          `targets of ${source.name} have no attribute ${JSON.stringify(name)}`,
          known.length === 0 ? 'they have none at all' : `they have: ${namesText(known)}`,
        );
      const value = text.slice(at + 1).trim();
      return [name, value === '' ? undefined : attributeValue(source.register, name, value)] as const;
    }),
  );
}
