/**
 * A report as a value: Markdown and HTML are two ways of writing down the same document. Nothing in it is
 * escaped.
 */
export interface Document {
  readonly title: string;
  readonly verdict: { readonly tone: Tone; readonly word: string; readonly text: string };
  readonly sections: readonly Section[];
}

export interface Section {
  /** Absent: the section follows the verdict without a heading. */
  readonly heading?: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'paragraph'; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | Facts
  | Table;

/** Names and values, one a line. */
export interface Facts {
  readonly kind: 'facts';
  readonly facts: readonly (readonly [name: string, value: Text])[];
}

export interface Table {
  readonly kind: 'table';
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly (readonly Text[])[];
}

/** Running text; what a person could type or paste is `code`. */
export type Text = string | readonly Span[];
export type Span = string | { readonly code: string } | { readonly mark: string; readonly tone: Tone };

/** What a mark says: all is well, look at it, it went wrong, no matter. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

export function spansOf(text: Text): readonly Span[] {
  return typeof text === 'string' ? [text] : text;
}

/**
 * C0 and C1 controls, line and paragraph separators, and the marks that turn the direction of text around.
 */
const INVISIBLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * One line that shows what it holds: reasons quote what sites sent, line breaks and terminal codes included.
 */
export function oneLine(text: string): string {
  return text.replace(INVISIBLE, ' ').toWellFormed();
}
