/** A page for the wall rules: what a visitor reads apart from what his browser is told, in lower case. */
export interface PageOutline {
  /** Text of the first title element. */
  readonly title: string;
  /** What is read, also without JavaScript: entities decoded, white space collapsed, the title left out. */
  readonly text: string;
  /** Characters of it that a visitor with JavaScript reads. */
  readonly shown: number;
  /** Start tags with their attributes. */
  readonly tags: string;
  /** The beginning and end of each inline script; the whole of a body that is JSON. */
  readonly scripts: string;
  /** Addresses of external scripts. */
  readonly sources: readonly string[];
  readonly links: number;
  /** True where a form asks a visitor for something. */
  readonly fields: boolean;
  /** Rows, list entries and articles: what content is made of, and messages are not. */
  readonly entries: number;
  /** True for the shell of an application: its content comes later, so being empty says nothing. */
  readonly app: boolean;
}

/** Characters; the largest walls known carry about 200,000 of styles or scripts. */
const LARGEST_WALL = 400_000;
/** Characters a visitor reads; the wordiest wall explains itself in about 3,000. */
const MOST_SHOWN = 4000;
const MOST_LINKS = 40;
const MOST_TAGS = 1200;
/** Characters; data of this size is content that a script shows. */
const MOST_DATA = 10_000;

const MOST_MARKUP = 64_000;
const SCRIPT_HEAD = 24_000;
const SCRIPT_TAIL = 8000;
const MOST_SCRIPTS = 96_000;

const ENTRIES = new Set(['tr', 'li', 'article', 'dd', 'section']);

const TAG_NAME = /^<(\/?)([a-z][a-z0-9-]*)/i;
const SOURCE = /\ssrc\s{0,3}=\s{0,3}(?:"([^"]{1,500})|'([^']{1,500})|([^\s"'>]{1,500}))/i;
const DATA_TYPE = /\stype\s{0,3}=\s{0,3}["']?application\/(?:ld\+)?json/i;
/** Fields that a visitor fills in; a captcha's own answer is none. */
export const FIELD =
  /<(?:textarea(?![^<>]{0,300}response)|select)\b|<input(?![^<>]{0,300}type\s{0,3}=\s{0,3}["']?(?:hidden|submit|button|image)\b)/;
const APP_MARKS =
  /\sid=["']?(?:root|app|__next|__nuxt|___gatsby|app-root|svelte|q-app)["'\s>]|<app-root|\sng-version=|\sdata-reactroot|\/_next\/static\/|\/_nuxt\/|ld\+json/;
const APP_BUNDLE =
  /(?:^|\/)(?:main|app|bundle|runtime|vendors?|polyfills|chunk|index|webpack)[.~_-][^/?]{0,80}\.js/;

/**
 * Reads a page just far enough to see whether it can be a wall: undefined as soon as it shows content of its
 * own (more text, links, elements or data than any wall has). Costs time linear in what is read.
 */
export function outlineOf(page: string): PageOutline | undefined {
  if (page.length > LARGEST_WALL) return undefined;
  if (/^[\s\ufeff]{0,20}[{[]/.test(page)) return isFlat(page) ? jsonOutline(page) : undefined;
  if (XML_DATA.test(page)) return undefined;
  const reader = new OutlineReader(page);
  return reader.read() ? reader.outline() : undefined;
}

/** The words of feeds, sitemaps and other XML are data: whatever they quote, the answer is no wall. */
const XML_DATA =
  /^[\s\ufeff]{0,20}(?:<\?[^>]{0,400}>\s{0,20}|<!--(?:[^-]|-(?!->)){0,1000}-->\s{0,20}){0,5}<(?:rss|feed|rdf:rdf|urlset|sitemapindex|opml|error|soap(?:-env)?:envelope)[\s>]/i;

/** A wall's JSON is one object of plain values: where there are lists or objects in it there is data. */
function isFlat(page: string): boolean {
  if (page.length > MOST_DATA) return false;
  return !/[[{]/.test(page.replace(/"(?:[^"\\]|\\.)*"/g, '').replace('{', ''));
}

function jsonOutline(page: string): PageOutline {
  const text = page.toLowerCase();
  return {
    title: '',
    text,
    shown: text.length,
    tags: '',
    scripts: text,
    sources: [],
    links: 0,
    fields: false,
    entries: 0,
    app: false,
  };
}

class OutlineReader {
  readonly #page: string;
  #at = 0;
  #title: string | undefined;
  #text = '';
  #shown = 0;
  #tags = '';
  #scripts = '';
  #sources: string[] = [];
  #links = 0;
  #entries = 0;
  #count = 0;
  #withoutScripts = false;

  constructor(page: string) {
    this.#page = page;
  }

  /** False where the page has content of its own. */
  read(): boolean {
    const page = this.#page;
    while (this.#at < page.length) {
      const open = page.indexOf('<', this.#at);
      this.#read(page.slice(this.#at, open < 0 ? page.length : open));
      if (open < 0) break;
      this.#at = open;
      if (!this.#markup()) return false;
      if (this.#shown > MOST_SHOWN || this.#links > MOST_LINKS || this.#count > MOST_TAGS) return false;
    }
    return this.#shown <= MOST_SHOWN;
  }

  outline(): PageOutline {
    const tags = this.#tags.toLowerCase();
    const sources = this.#sources.map((source) => source.toLowerCase());
    return {
      title: plain(this.#title ?? ''),
      text: plain(this.#text),
      shown: this.#shown,
      tags,
      scripts: this.#scripts.toLowerCase(),
      sources,
      links: this.#links,
      fields: FIELD.test(tags),
      entries: this.#entries,
      app: APP_MARKS.test(tags) || sources.some((source) => APP_BUNDLE.test(source)),
    };
  }

  #read(between: string): void {
    const text = between.trim();
    if (text === '') return;
    if (!this.#withoutScripts) this.#shown += text.length;
    if (this.#text.length < 4 * MOST_SHOWN) this.#text += ` ${text.slice(0, MOST_SHOWN)}`;
  }

  /** Passes over one piece of markup; false where it is data that only content has. */
  #markup(): boolean {
    const page = this.#page;
    const start = this.#at;
    if (page.startsWith('<!--', start)) {
      this.#at = after(page, '-->', start + 4);
      return true;
    }
    const name = TAG_NAME.exec(page.slice(start, start + 40));
    if (name === null) {
      const declares = '!?/'.includes(page[start + 1] ?? ' ');
      if (!declares) this.#read('<');
      this.#at = declares ? after(page, '>', start) : start + 1;
      return true;
    }
    const end = after(page, '>', start);
    this.#at = end;
    const element = (name[2] ?? '').toLowerCase();
    if (element === 'noscript') this.#withoutScripts = name[1] === '';
    if (name[1] === '/') return true;
    this.#count++;
    if (element === 'a') this.#links++;
    if (ENTRIES.has(element)) this.#entries++;
    const tag = page.slice(start, Math.min(end, start + 3000));
    if (this.#tags.length < MOST_MARKUP) this.#tags += tag;
    return this.#rawText(element, tag);
  }

  /** Reads what stands in elements that hold no markup. */
  #rawText(element: string, tag: string): boolean {
    if (element !== 'script' && element !== 'style' && element !== 'title' && element !== 'textarea')
      return true;
    const page = this.#page;
    const close = closing(page, element, this.#at);
    const inner = [this.#at, close] as const;
    this.#at = close;
    if (element === 'title') this.#title ??= page.slice(inner[0], Math.min(inner[1], inner[0] + 300));
    if (element !== 'script') return true;
    const source = SOURCE.exec(tag);
    if (source !== null) this.#sources.push(source[1] ?? source[2] ?? source[3] ?? '');
    const size = inner[1] - inner[0];
    if (DATA_TYPE.test(tag)) return size <= MOST_DATA;
    if (this.#scripts.length < MOST_SCRIPTS) {
      this.#scripts +=
        size <= SCRIPT_HEAD + SCRIPT_TAIL
          ? `${page.slice(inner[0], inner[1])}\n`
          : `${page.slice(inner[0], inner[0] + SCRIPT_HEAD)}\n${page.slice(inner[1] - SCRIPT_TAIL, inner[1])}\n`;
    }
    return true;
  }
}

/** The place behind the next `what`, or the end of the page. */
function after(page: string, what: string, from: number): number {
  const found = page.indexOf(what, from);
  return found < 0 ? page.length : found + what.length;
}

const CLOSINGS = {
  script: /<\/script/gi,
  style: /<\/style/gi,
  title: /<\/title/gi,
  textarea: /<\/textarea/gi,
};

function closing(page: string, element: keyof typeof CLOSINGS, from: number): number {
  const pattern = CLOSINGS[element];
  pattern.lastIndex = from;
  return pattern.exec(page)?.index ?? page.length;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  rsquo: "'",
  lsquo: "'",
  hellip: '…',
};

/** Lower case, entities decoded, one kind of apostrophe, single spaces. */
function plain(text: string): string {
  return text
    .replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    })
    .replace(/[’‘]/g, "'")
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}
