// Read by two compilers, for two sides share this memory: the scanner (`scanner/assembly/`) writes the
// numbers, and `html-nodes.ts` reads them. So constants without types and no more.

// A node is the place of its first number. Of every node: what it is, and the node behind it below the same
// parent (0: none, for 0 is the page).
export const KIND = 0;
export const NEXT = 1;
// Kinds of texts. Every other kind is the number of a tag.
export const TEXT = -1;
export const BLANK = -2;
export const KEPT_TEXT = -3;
/** A text whose references are decoded when somebody asks for it. */
export const REFERENCES = -4;
// Of an element.
export const PARENT = 2;
export const FIRST = 3;
export const LAST = 4;
export const ATTRIBUTES = 5;
export const CLASS = 6;
export const SELECTOR = 8;
export const ASKED = 10;
export const ELEMENT_SIZE = 11;
// Of a text: its bytes on the page, or its place among the texts that are kept.
export const FROM = 2;
export const TO = 3;
export const TEXT_SIZE = 4;
export const BLANK_SIZE = 2;

// How the tree of a page grows by a tag: the classes of the HTML standard, section 13.2.6.4.
export const ORDINARY = 0;
export const BLOCK = 1;
export const HEADING = 2;
export const FORMATTING = 3;
export const VOID = 4;
export const MEDIA_PART = 5;
export const HEAD_VOID = 6;
export const RAW = 7;
export const HEAD_RAW = 8;
export const P = 9;
export const LI = 10;
export const DD = 11;
export const PRE = 12;
export const HR = 13;
export const FORM = 14;
export const BUTTON = 15;
export const OBJECT = 16;
export const OPTION = 17;
export const OPTGROUP = 18;
export const SELECT = 19;
export const INPUT = 20;
export const TEXTAREA = 21;
export const SVG = 22;
export const TEMPLATE = 23;
export const TABLE = 24;
export const CAPTION = 25;
export const COLGROUP = 26;
export const COL = 27;
export const TBODY = 28;
export const TR = 29;
export const CELL = 30;
export const HTML = 31;
export const HEAD = 32;
export const BODY = 33;
/** Rare, and nested by rules of its own: left to the full parser. */
export const RARE = 34;

// What else is known of a tag.
/** Ends the search of an end tag for its element. */
export const SPECIAL = 1;
// Bounds of the scopes in which open elements are looked for.
export const BOUNDS = 2;
/** Needs no end tag. */
export const IMPLIED = 4;
/** A text right inside belongs elsewhere. */
export const IN_TABLE = 8;
/** Its content is text only, with references in it. */
export const TEXT_ONLY = 16;
/** Its content is text only, without. */
export const RAW_ONLY = 32;
/** Left out with all that is in it. */
export const DROPPED = 64;
/** Of a drawing, and holds nothing but others of these and text. */
export const IN_DRAWING = 128;
/** Does not end the search for a list item to close. */
export const PASSED_BY_ITEMS = 256;
/** Of the scope of list items, beside the others. */
export const BOUNDS_ITEMS = 512;
// Names with rules of their own.
export const LINK = 1024;
export const NO_BREAK = 2048;
export const LINE_BREAK = 4096;
export const SCRIPT = 8192;
export const STYLE = 16384;
export const NO_SCRIPT = 32768;
export const EXAMPLE = 65536;
/** In a drawing, HTML may stand in it. */
export const HTML_IN_DRAWING = 131072;
/** Of the scope of paragraphs, beside the others. */
export const BOUNDS_PARAGRAPHS = 262144;
/** Of the scope of a table's parts, alone. */
export const BOUNDS_TABLE = 524288;

/**
 * Elements below this depth become children of the element at it, as in browsers: what walks the tree
 * recurses. Their texts stay in them.
 */
export const MAX_DEPTH = 512;
/** No page for people nests this deep, and a parser's time grows with the square of the depth. */
export const DEEPEST = 5000;

// What the scanner says of a page.
export const READ = 0;
/** It met something that it does not read as a browser would. */
export const ODD = 1;
export const TOO_MANY_ELEMENTS = 2;
export const TOO_DEEP = 3;
export const TOO_MANY_PARTS = 4;
