import type { HtmlElement } from '../../../core/source/html.ts';
import { collapse, textOf } from '../../../core/source/html.ts';
import type { PrintedParent, PrintedRunner } from '../printed-race.ts';
import { profileId } from '../race-path.ts';
import { isUnnamed } from '../run-columns.ts';

type Pedigree = Pick<PrintedRunner, 'colourAndSex' | 'sire' | 'dam' | 'damsire'>;

interface ParentLink {
  readonly parent: PrintedParent;
  /** In brackets, as the dam's sire is printed. */
  readonly bracketed: boolean;
  /** A dash, which stands between sire and dam, follows. */
  readonly dashAfter: boolean;
}

export const NO_PEDIGREE: Pedigree = {
  colourAndSex: '',
  sire: undefined,
  dam: undefined,
  damsire: undefined,
};

/**
 * Reads `b g <a>Sire</a> (IRE) - <a>Dam <span>(FR)</span></a> <a>(Dam's sire)</a>`: the sire's country is
 * text behind his link, the dam's stands inside hers, her sire has none. A missing sire must not make the dam
 * one: only the sire may be missing, so two links are the dam and her sire; of a single one the brackets and
 * the dash tell which it is. Undefined with more than three.
 */
export function readPedigree(row: HtmlElement): Pedigree | undefined {
  const pieces = flatten(row);
  const links: ParentLink[] = [];
  for (const [at, piece] of pieces.entries()) {
    if (typeof piece !== 'string')
      links.push(readLink(piece, textAt(pieces, at - 1), textAt(pieces, at + 1)));
  }
  if (links.length > 3) return undefined;
  return { colourAndSex: textAt(pieces, 0), ...assign(links) };
}

function assign(links: readonly ParentLink[]): Omit<Pedigree, 'colourAndSex'> {
  const [first, second, third] = links;
  if (third) return { sire: first?.parent, dam: second?.parent, damsire: bare(third) };
  if (second) return { sire: undefined, dam: first?.parent, damsire: bare(second) };
  if (first?.bracketed) return { sire: undefined, dam: undefined, damsire: bare(first) };
  return first?.dashAfter
    ? { sire: first.parent, dam: undefined, damsire: undefined }
    : { sire: undefined, dam: first?.parent, damsire: undefined };
}

function bare({ parent }: ParentLink): Pedigree['damsire'] {
  return { name: isUnnamed(parent.name) ? null : parent.name, id: parent.id };
}

function readLink(link: HtmlElement, before: string, after: string): ParentLink {
  const printed = textOf(link);
  return {
    parent: {
      name: printed.startsWith('(') ? unwrap(printed) : printed,
      country: /^\(\s*([A-Za-z]{2,4})\s*\)/.exec(after)?.[1] ?? '',
      id: profileId(link.attribute('href')) ?? null,
    },
    bracketed: printed.startsWith('(') || before.endsWith('('),
    dashAfter: /(?:^|\s)[-–—](?:\s|$)/.test(after),
  };
}

/** `(Galileo (IRE))` is `Galileo (IRE)`; `(Galileo`, whose bracket closes outside the link, is `Galileo`. */
function unwrap(printed: string): string {
  const inner = printed.slice(1);
  const unbalanced = inner.split(')').length > inner.split('(').length;
  return (unbalanced ? inner.slice(0, inner.lastIndexOf(')')) : inner).trim();
}

/**
 * Texts and links of the row in turn, whatever wraps them: a text (perhaps empty) before, between and after
 * the links.
 */
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
