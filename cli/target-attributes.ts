import type { Source } from '../core/source/source.ts';
import { namesText } from '../core/wording/names.ts';
import { UsageError } from './failure.ts';
import { attributeColumns } from './target-columns.ts';

type Value = string | number | boolean;

/**
 * A value of an attribute as it is written in a file or typed: text where the source takes text, so that
 * zeros in front stay; else a number, or true or false. What the source takes in no form stays text.
 */
export function attributeValue({ register }: Source, name: string, text: string): Value {
  const field = register?.attributes.shape[name];
  const takes = (value: Value) => field?.safeParse(value).success ?? false;
  if (takes(text)) return text;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && takes(number)) return number;
  const word = text.toLowerCase();
  if ((word === 'true' || word === 'false') && takes(word === 'true')) return word === 'true';
  return text;
}

/** `name=value`, as often as it was typed; an empty value takes the attribute away (undefined). */
export function attributesOf(
  source: Source,
  texts: readonly string[],
): ReadonlyMap<string, Value | undefined> {
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
      return [name, value === '' ? undefined : attributeValue(source, name, value)] as const;
    }),
  );
}
