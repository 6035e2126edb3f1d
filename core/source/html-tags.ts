import * as layout from './html-layout.ts';

/** A tag of which the HTML standard says how it nests; `kind` and `flags` as in `html-layout.ts`. */
interface KnownTag {
  readonly name: string;
  readonly kind: number;
  readonly flags: number;
}

const words = (text: string): string[] => text.split(' ');

const KINDS: readonly (readonly [number, string])[] = [
  [
    layout.BLOCK,
    'address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup ' +
      'main menu nav ol search section summary ul',
  ],
  [layout.HEADING, 'h1 h2 h3 h4 h5 h6'],
  [layout.FORMATTING, 'a b big code em font i nobr s small strike strong tt u'],
  [layout.VOID, 'area br embed img keygen wbr'],
  [layout.MEDIA_PART, 'param source track'],
  [layout.HEAD_VOID, 'base basefont bgsound link meta'],
  [layout.RAW, 'iframe noembed noscript xmp'],
  [layout.HEAD_RAW, 'noframes script style title'],
  [layout.P, 'p'],
  [layout.LI, 'li'],
  [layout.DD, 'dd dt'],
  [layout.PRE, 'pre listing'],
  [layout.HR, 'hr'],
  [layout.FORM, 'form'],
  [layout.BUTTON, 'button'],
  [layout.OBJECT, 'applet marquee object'],
  [layout.OPTION, 'option'],
  [layout.OPTGROUP, 'optgroup'],
  [layout.SELECT, 'select'],
  [layout.INPUT, 'input'],
  [layout.TEXTAREA, 'textarea'],
  [layout.SVG, 'svg'],
  [layout.TEMPLATE, 'template'],
  [layout.TABLE, 'table'],
  [layout.CAPTION, 'caption'],
  [layout.COLGROUP, 'colgroup'],
  [layout.COL, 'col'],
  [layout.TBODY, 'tbody tfoot thead'],
  [layout.TR, 'tr'],
  [layout.CELL, 'td th'],
  [layout.HTML, 'html'],
  [layout.HEAD, 'head'],
  [layout.BODY, 'body'],
  [layout.RARE, 'frame frameset image math plaintext rb rp rt rtc'],
];

/**
 * Elements of a drawing that hold nothing but each other and text; no others are read without the full
 * parser.
 */
const IN_DRAWING = words(
  'a animate circle clippath defs desc ellipse feblend fecolormatrix fegaussianblur feoffset filter g image line ' +
    'lineargradient marker mask path pattern polygon polyline radialgradient rect stop style symbol text title tspan use',
);

/** Their content is never something that a person reads on the page, and makes up most of its bytes. */
export const DROPPED_TAGS: ReadonlySet<string> = new Set(
  words('script style svg template noscript iframe object'),
);

const NOT_SPECIAL_KINDS = [layout.FORMATTING, layout.OPTION, layout.OPTGROUP, layout.SVG];
const NOT_SPECIAL = words('dialog search keygen image math rb rp rt rtc');
const SPECIAL = KINDS.filter(([kind]) => !NOT_SPECIAL_KINDS.includes(kind)).flatMap(([, names]) =>
  words(names).filter((name) => !NOT_SPECIAL.includes(name)),
);

const FLAGS: readonly (readonly [number, readonly string[]])[] = [
  [layout.SPECIAL, SPECIAL],
  [layout.BOUNDS, words('applet caption html marquee object table td template th')],
  [layout.IMPLIED, words('dd dt li optgroup option p rb rp rt rtc')],
  [layout.IN_TABLE, words('table tbody tfoot thead tr colgroup')],
  [layout.TEXT_ONLY, words('title textarea')],
  [layout.RAW_ONLY, words('iframe noembed noscript xmp noframes script style')],
  [layout.DROPPED, [...DROPPED_TAGS]],
  [layout.IN_DRAWING, IN_DRAWING],
  [layout.PASSED_BY_ITEMS, words('address div p')],
  [layout.BOUNDS_ITEMS, words('ol ul')],
  [layout.BOUNDS_PARAGRAPHS, ['button']],
  [layout.BOUNDS_TABLE, ['table']],
  [layout.LINK, ['a']],
  [layout.NO_BREAK, ['nobr']],
  [layout.LINE_BREAK, ['br']],
  [layout.SCRIPT, ['script']],
  [layout.STYLE, ['style']],
  [layout.NO_SCRIPT, ['noscript']],
  [layout.EXAMPLE, ['xmp']],
  [layout.HTML_IN_DRAWING, words('title desc')],
];

/**
 * In the order of their numbers, which are the same on all pages. The page itself is the element above all.
 */
export const KNOWN_TAGS: readonly KnownTag[] = [
  ['#page', layout.ORDINARY] as const,
  ...KINDS.flatMap(([kind, names]) => words(names).map((name) => [name, kind] as const)),
  ...IN_DRAWING.map((name) => [name, layout.ORDINARY] as const),
]
  .filter(([name], at, all) => all.findIndex(([each]) => each === name) === at)
  .map(([name, kind]) => ({
    name,
    kind,
    flags: FLAGS.reduce((sum, [flag, names]) => (names.includes(name) ? sum | flag : sum), 0),
  }));

const NUMBERS = new Map(KNOWN_TAGS.map(({ name }, number) => [name, number]));

/** The number of the tag of that name, which is in lower case; -1 where it is known to a page only. */
export function knownTag(name: string): number {
  return NUMBERS.get(name) ?? -1;
}
