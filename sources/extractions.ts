import type { Extraction } from '../core/extract/extraction.ts';
import { catalogs } from './catalogs/extraction.ts';

/** Every extraction there is. A new one is added here and nowhere else. */
export const EXTRACTIONS: readonly Extraction[] = [catalogs];
