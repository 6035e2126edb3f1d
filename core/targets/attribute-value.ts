import type { TargetRegister } from '../source/source.ts';

export type AttributeValue = string | number | boolean;

/**
 * A value of an attribute as it is written in a file or typed: text where the source takes text, so that
 * zeros in front stay; else a number, or true or false. What the source takes in no form stays text.
 */
export function attributeValue(
  register: TargetRegister | undefined,
  name: string,
  text: string,
): AttributeValue {
  const field = register?.attributes.shape[name];
  const takes = (value: AttributeValue) => field?.safeParse(value).success ?? false;
  if (takes(text)) return text;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && takes(number)) return number;
  const word = text.toLowerCase();
  if ((word === 'true' || word === 'false') && takes(word === 'true')) return word === 'true';
  return text;
}
