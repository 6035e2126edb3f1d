import type { Outcome, OutcomeCode } from '../outcome/outcome.ts';
import type { Learned } from './checkpoint.ts';

/** What the parser of a source makes of a page, once its answer is checked. */
export type PageParsed = { readonly learned: Learned; readonly notes?: string } | NothingLearned;

/** Why a page taught nothing. */
export interface NothingLearned {
  readonly outcome: Outcome;
}

/** What the code of a source says is wrong with a page. */
export function rejection({
  code,
  message,
}: {
  readonly code: OutcomeCode;
  readonly message: string;
}): NothingLearned {
  return { outcome: { code, message: oneLine(message) } };
}

/** A page that was read, and on which there is nothing. */
export function noRecords(message: string): NothingLearned {
  return { outcome: { code: 'NO_RECORDS', message: oneLine(message) } };
}

/** A page whose source gave something that cannot be kept. */
export function invalid(message: string): NothingLearned {
  return { outcome: { code: 'VALIDATION_ERROR', message: oneLine(message) } };
}

/** Messages come from pages: one line of printable text, at most 500 characters. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 500);
}
