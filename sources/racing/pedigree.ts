import type { HtmlElement } from '../../core/source/html.ts';
import { collapse, textOf } from '../../core/source/html.ts';
import { nameWithCountry } from './named-country.ts';
import { isNone } from './none.ts';
import { profileId } from './race-path.ts';

interface Parent {
  /** With its country, `Galileo (IRE)`; null where the page names a horse that is not registered. */
  readonly name: string | null;
  readonly id: string | null;
}

export interface Pedigree {
  readonly colour: string | null;
  readonly sex: string | null;
  readonly sire: Parent | undefined;
  readonly dam: Parent | undefined;
  readonly damsire: Parent | undefined;
}

interface ParentLink {
  readonly parent: Parent;
  /** In brackets, as the dam's sire is printed. */
  readonly bracketed: boolean;
  /** A dash, which stands between sire and dam, follows. */
  readonly dashAfter: boolean;
}

const SEXES = new Set(['c', 'f', 'g', 'h', 'm', 'r', 'rig']);

/**
 * Reads `b g Sire (IRE) - Dam (FR) (Dam's sire)`. A missing sire must not make the dam one: only the sire may be missing, so
 * two links are the dam and her sire; of a single one the brackets and the dash tell which it is. Undefined with more than three.
 */
export function readPedigree(row: HtmlElement): Pedigree | undefined {
  const pieces = flatten(row);
  const links: ParentLink[] = [];
  for (const [at, piece] of pieces.entries()) {
    if (typeof piece !== 'string')
      links.push(readLink(piece, textAt(pieces, at - 1), textAt(pieces, at + 1)));
  }
  if (links.length > 3) return undefined;
  return { ...colourAndSex(textAt(pieces, 0)), ...assign(links) };
}

function assign(links: readonly ParentLink[]): Pick<Pedigree, 'sire' | 'dam' | 'damsire'> {
  const [first, second, third] = links;
  if (third) return { sire: first?.parent, dam: second?.parent, damsire: third.parent };
  if (second) return { sire: undefined, dam: first?.parent, damsire: second.parent };
  if (first?.bracketed) return { sire: undefined, dam: undefined, damsire: first.parent };
  return first?.dashAfter
    ? { sire: first.parent, dam: undefined, damsire: undefined }
    : { sire: undefined, dam: first?.parent, damsire: undefined };
}

function readLink(link: HtmlElement, before: string, after: string): ParentLink {
  const printed = textOf(link);
  const bracketed = printed.startsWith('(') || before.endsWith('(');
  const bare = printed.startsWith('(') ? unwrap(printed) : printed;
  const country = /^\(\s*([A-Za-z]{2,4})\s*\)/.exec(after)?.[1];
  const named = isNone(bare) || /\bunregistered\b/i.test(bare) ? undefined : nameWithCountry(bare, country);
  return {
    parent: { name: named?.name ?? null, id: profileId(link.attributes.href) ?? null },
    bracketed,
    dashAfter: /(?:^|\s)[-–—](?:\s|$)/.test(after),
  };
}

/** `(Galileo (IRE))` is `Galileo (IRE)`; `(Galileo`, whose bracket closes outside the link, is `Galileo`. */
function unwrap(printed: string): string {
  const inner = printed.slice(1);
  const unbalanced = inner.split(')').length > inner.split('(').length;
  return (unbalanced ? inner.slice(0, inner.lastIndexOf(')')) : inner).trim();
}

function colourAndSex(text: string): Pick<Pedigree, 'colour' | 'sex'> {
  const words = text.split(' ').filter((word) => /[A-Za-z]/.test(word));
  const last = words.at(-1);
  if (last === undefined) return { colour: null, sex: null };
  if (words.length === 1)
    return SEXES.has(last.toLowerCase()) ? { colour: null, sex: last } : { colour: last, sex: null };
  return { colour: words.slice(0, -1).join(' '), sex: last };
}

/** Texts and links of the row in turn, whatever wraps them: a text (perhaps empty) before, between and after the links. */
function flatten(row: HtmlElement): readonly (HtmlElement | string)[] {
  const pieces: (HtmlElement | string)[] = [''];
  const visit = (element: HtmlElement): void => {
    for (const child of element.children) {
      if (typeof child === 'string') pieces.push(`${pieces.pop()}${child}`);
      else if (child.tag === 'a') pieces.push(child, '');
      else visit(child);
    }
  };
  visit(row);
  return pieces;
}

function textAt(pieces: readonly (HtmlElement | string)[], at: number): string {
  const piece = pieces[at];
  return typeof piece === 'string' ? collapse(piece) : '';
}
