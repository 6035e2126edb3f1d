import type { CATEGORIES, ProductRow, STRAIN_TYPES } from './schema.ts';

/** What platforms call a category, in singular and without capitals, spaces and dashes. */
const CATEGORY_OF: Readonly<Record<string, (typeof CATEGORIES)[number]>> = {
  flower: 'flower',
  preroll: 'pre-roll',
  vaporizer: 'vaporizer',
  vape: 'vaporizer',
  concentrate: 'concentrate',
  extract: 'concentrate',
  edible: 'edible',
  tincture: 'tincture',
  topical: 'topical',
  accessory: 'accessory',
};

/** `Pre-Rolls`, `PRE_ROLLS` and `preroll` are one; what is unknown is `other`. */
export function categoryOf(text: string | null | undefined): ProductRow['category'] {
  const word = (text ?? '').toLowerCase().replaceAll(/[\s_-]+/g, '');
  const singular = word.replace(/ies$/, 'y').replace(/s$/, '');
  return Object.hasOwn(CATEGORY_OF, singular) ? CATEGORY_OF[singular]! : 'other';
}

const STRAIN_OF: Readonly<Record<string, (typeof STRAIN_TYPES)[number]>> = {
  indica: 'indica',
  sativa: 'sativa',
  hybrid: 'hybrid',
  cbd: 'cbd',
  highcbd: 'cbd',
};

/** Null for `N/A`, `NOT_APPLICABLE`, the text `null` and whatever else is no strain. */
export function strainTypeOf(text: string | null | undefined): ProductRow['strain_type'] {
  const word = (text ?? '').toLowerCase().replaceAll(/[\s_-]+/g, '');
  return Object.hasOwn(STRAIN_OF, word) ? STRAIN_OF[word]! : null;
}

/** Without the spaces at its ends, those within as one; null where nothing is left. */
export function textOrNull(text: string | null | undefined): string | null {
  return text?.trim().replaceAll(/\s+/g, ' ') || null;
}
