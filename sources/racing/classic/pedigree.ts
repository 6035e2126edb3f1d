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
  if (links.length > 3) return undefined;
  const printed = texts.map(collapse);
  const parent = (at: number) => readParent(links[at]!, printed[at + 1] ?? '');
  let sire: PrintedParent | undefined;
  let dam: PrintedParent | undefined;
  let damsire: PrintedProfile | undefined;
  if (links.length === 3) {
    sire = parent(0);
    dam = parent(1);
    damsire = bare(parent(2));
  } else if (links.length === 2) {
    dam = parent(0);
    damsire = bare(parent(1));
  } else if (links.length === 1) {
    const [before = '', after = ''] = printed;
    if (before.endsWith('(') || textOf(links[0]!).startsWith('(')) damsire = bare(parent(0));
    else if (DASH.test(after)) sire = parent(0);
    else dam = parent(0);
  }
  return { colourAndSex: printed[0] ?? '', sire, dam, damsire };
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
  readonly links: readonly HtmlElement[];
  /** One more than links: before the first, between them and behind the last; perhaps empty. */
  readonly texts: readonly string[];
}

/** Links of the row, and the texts around them, whatever wraps them. */
function flatten(row: HtmlElement): Pieces {
  const links: HtmlElement[] = [];
  const texts: string[] = [];
  let text = '';
  const visit = (element: HtmlElement): void => {
    for (const child of element.children) {
      if (typeof child === 'string') text += child;
      else if (child.tag === 'a') {
        links.push(child);
        texts.push(text);
        text = '';
      } else visit(child);
    }
  };
  visit(row);
  texts.push(text);
  return { links, texts };
}
