/** How the tree of a page grows by a tag: the classes of the HTML standard, section 13.2.6.4. */
export type TagKind =
  | 'ordinary'
  | 'block'
  | 'heading'
  | 'formatting'
  | 'void'
  | 'media-part'
  | 'head-void'
  | 'raw'
  | 'head-raw'
  | 'p'
  | 'li'
  | 'dd'
  | 'pre'
  | 'hr'
  | 'form'
  | 'button'
  | 'object'
  | 'option'
  | 'optgroup'
  | 'select'
  | 'input'
  | 'textarea'
  | 'svg'
  | 'template'
  | 'table'
  | 'caption'
  | 'colgroup'
  | 'col'
  | 'tbody'
  | 'tr'
  | 'cell'
  | 'html'
  | 'head'
  | 'body'
  /** Rare, and nested by rules of its own: left to the full parser. */
  | 'rare';

export interface Tag {
  /** Its number in this process; -1 of a name that is not remembered. */
  readonly id: number;
  readonly name: string;
  readonly kind: TagKind;
  /** Ends the search of an end tag for its element. */
  readonly special: boolean;
  /** Bounds the scope in which elements are looked for. */
  readonly bounds: boolean;
  /** Needs no end tag. */
  readonly implied: boolean;
  /** A text right inside belongs elsewhere. */
  readonly inTable: boolean;
  /** What of its content is text only: entities are decoded (`text`), or nothing is (`raw`). */
  readonly content: 'markup' | 'text' | 'raw';
}

const words = (text: string): string[] => text.split(' ');

const KINDS: readonly (readonly [TagKind, string])[] = [
  [
    'block',
    'address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup ' +
      'main menu nav ol search section summary ul',
  ],
  ['heading', 'h1 h2 h3 h4 h5 h6'],
  ['formatting', 'a b big code em font i nobr s small strike strong tt u'],
  ['void', 'area br embed img keygen wbr'],
  ['media-part', 'param source track'],
  ['head-void', 'base basefont bgsound link meta'],
  ['raw', 'iframe noembed noscript xmp'],
  ['head-raw', 'noframes script style title'],
  ['p', 'p'],
  ['li', 'li'],
  ['dd', 'dd dt'],
  ['pre', 'pre listing'],
  ['hr', 'hr'],
  ['form', 'form'],
  ['button', 'button'],
  ['object', 'applet marquee object'],
  ['option', 'option'],
  ['optgroup', 'optgroup'],
  ['select', 'select'],
  ['input', 'input'],
  ['textarea', 'textarea'],
  ['svg', 'svg'],
  ['template', 'template'],
  ['table', 'table'],
  ['caption', 'caption'],
  ['colgroup', 'colgroup'],
  ['col', 'col'],
  ['tbody', 'tbody tfoot thead'],
  ['tr', 'tr'],
  ['cell', 'td th'],
  ['html', 'html'],
  ['head', 'head'],
  ['body', 'body'],
  ['rare', 'frame frameset image math plaintext rb rp rt rtc'],
];

const ORDINARY_KINDS: ReadonlySet<TagKind> = new Set(['ordinary', 'formatting', 'option', 'optgroup', 'svg']);
const TABLE_KINDS: ReadonlySet<TagKind> = new Set(['table', 'tbody', 'tr', 'colgroup']);
const NOT_SPECIAL = new Set(words('dialog search keygen image math rb rp rt rtc'));
const BOUNDS = new Set(words('applet caption html marquee object table td template th'));
const IMPLIED = new Set(words('dd dt li optgroup option p rb rp rt rtc'));
const TEXT_ONLY = new Set(words('title textarea'));

const TAGS = new Map<string, Tag>();
for (const [kind, names] of KINDS) {
  for (const name of words(names))
    TAGS.set(name, {
      id: TAGS.size,
      name,
      kind,
      special: !ORDINARY_KINDS.has(kind) && !NOT_SPECIAL.has(name),
      bounds: BOUNDS.has(name),
      implied: IMPLIED.has(name),
      inTable: TABLE_KINDS.has(kind),
      content: TEXT_ONLY.has(name) ? 'text' : kind === 'raw' || kind === 'head-raw' ? 'raw' : 'markup',
    });
}

/**
 * The tag of a name as it stands on the page, in any case; undefined where it is none of the letters A to Z,
 * digits, - and :.
 */
export function tagOf(name: string): Tag | undefined {
  return TAGS.get(name) ?? PLAIN.get(name) ?? newTag(name);
}

/** Names that were met on pages: a page has few, and all pages of a site the same. */
const PLAIN = new Map<string, Tag>();
const MAX_PLAIN = 1_000;
const LONGEST_KEPT = 32;
/** Every tag that is remembered, at its number. */
const NUMBERED: Tag[] = [...TAGS.values()];

/** The tag of a number. */
export function numberedTag(id: number): Tag {
  return NUMBERED[id]!;
}

const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9:_.-]*$/;

function newTag(printed: string): Tag | undefined {
  if (!PLAIN_NAME.test(printed)) return undefined;
  const name = printed.toLowerCase();
  const isKept = PLAIN.size < MAX_PLAIN && printed.length <= LONGEST_KEPT;
  const tag = TAGS.get(name) ?? PLAIN.get(name) ?? ordinaryTag(name, isKept);
  if (isKept) PLAIN.set(name, tag).set(printed, tag);
  return tag;
}

function ordinaryTag(name: string, isKept: boolean): Tag {
  if (!isKept) return unknownTag(name);
  const tag = { ...unknownTag(name), id: NUMBERED.length };
  NUMBERED.push(tag);
  return tag;
}

/** A tag without a number, whatever its name. */
export function unknownTag(name: string): Tag {
  return {
    id: -1,
    name,
    kind: 'ordinary',
    special: false,
    bounds: false,
    implied: false,
    inTable: false,
    content: 'markup',
  };
}

/**
 * Elements of a drawing that hold nothing but each other and text; no others are read without the full
 * parser.
 */
export const PLAIN_SVG: ReadonlySet<string> = new Set(
  words(
    'a animate circle clippath defs desc ellipse feblend fecolormatrix fegaussianblur feoffset filter g image line ' +
      'lineargradient marker mask path pattern polygon polyline radialgradient rect stop style symbol text title tspan use',
  ),
);

/** Their content is never something that a person reads on the page, and makes up most of its bytes. */
export const DROPPED_TAGS: ReadonlySet<string> = new Set(
  words('script style svg template noscript iframe object'),
);
