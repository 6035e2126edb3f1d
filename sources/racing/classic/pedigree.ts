import type { HtmlElement } from '../../../core/source/html.ts';
import { collapse, textOf } from '../../../core/source/html.ts';
import type { PrintedParent, PrintedProfile, PrintedRunner } from '../printed-race.ts';
import { profileId } from '../race-path.ts';
import { isUnnamed } from '../run-columns.ts';

type Pedigree = Pick<PrintedRunner, 'colourAndSex' | 'sire' | 'dam' | 'damsire'>;

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
  const { links, texts } = flatten(row);
  const [first, second, third] = links;
  const colourAndSex = texts[0]!;
  if (links.length > 3) return undefined;
  if (!first) return { ...NO_PEDIGREE, colourAndSex };
  const parent = readParent(first, texts[1]!);
  if (!second) return ofOneLink(parent, textOf(first), texts);
  const next = readParent(second, texts[2]!);
  return third
    ? { colourAndSex, sire: parent, dam: next, damsire: bare(readParent(third, '')) }
    : { colourAndSex, sire: undefined, dam: parent, damsire: bare(next) };
}

function ofOneLink(parent: PrintedParent, printed: string, [before = '', after = '']: readonly string[]) {
  const isDamsire = before.endsWith('(') || printed.startsWith('(');
  const isSire = !isDamsire && DASH.test(after);
  return {
    colourAndSex: before,
    sire: isSire ? parent : undefined,
    dam: isSire || isDamsire ? undefined : parent,
    damsire: isDamsire ? bare(parent) : undefined,
  };
}

/** What stands between sire and dam. */
const DASH = /(?:^|\s)[-–—](?:\s|$)/;

function bare({ name, id }: PrintedParent): PrintedProfile {
  return { name: isUnnamed(name) ? null : name, id };
}

/** A parent from its link and the text behind it; in brackets, as the dam's sire is printed, or without. */
function readParent(link: HtmlElement, after: string): PrintedParent {
  const printed = textOf(link);
  const country = after.startsWith('(') ? /^\(\s*([A-Za-z]{2,4})\s*\)/.exec(after)?.[1] : undefined;
  return {
    name: printed.startsWith('(') ? unwrap(printed) : printed,
    country: country ?? '',
    id: profileId(link.attribute('href')) ?? null,
  };
}

/** `(Galileo (IRE))` is `Galileo (IRE)`; `(Galileo`, whose bracket closes outside the link, is `Galileo`. */
function unwrap(printed: string): string {
  const inner = printed.slice(1);
  const isSimple = inner.indexOf(')') === inner.length - 1 && !inner.includes('(');
  const unbalanced = isSimple || inner.split(')').length > inner.split('(').length;
  return (unbalanced ? inner.slice(0, inner.lastIndexOf(')')) : inner).trim();
}

interface Pieces {
  readonly links: HtmlElement[];
  /** One more than links: before the first, between them and behind the last; perhaps empty. */
  readonly texts: string[];
}

/** Links of the row, and the texts around them, whatever wraps them. */
function flatten(row: HtmlElement): Pieces {
  const pieces: Pieces = { links: [], texts: [''] };
  addPieces(row, pieces);
  return { links: pieces.links, texts: pieces.texts.map(collapse) };
}

function addPieces(element: HtmlElement, pieces: Pieces): void {
  for (const child of element.children) {
    if (typeof child === 'string') pieces.texts[pieces.links.length] += child;
    else if (child.tag === 'a') {
      pieces.links.push(child);
      pieces.texts.push('');
    } else addPieces(child, pieces);
  }
}
