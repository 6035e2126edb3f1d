import { type Tag, tagOf } from './html-tags.ts';

/** Names that were met, by their hash: as constants they need not be hashed again as keys of objects. */
const NAMES: (string | undefined)[] = new Array(256).fill(undefined);
const LONGEST_NAME = 32;

/** Tags that were met, by the hash of their names. */
const TAGS: (Tag | undefined)[] = new Array(256).fill(undefined);

/** The tag whose name stands there; undefined as `tagOf` says. `hash`: of its letters. */
export function tagAt(text: string, from: number, to: number, hash: number): Tag | undefined {
  const slot = hash & 0xff;
  const known = TAGS[slot];
  if (known !== undefined && known.name.length === to - from && text.startsWith(known.name, from))
    return known;
  const tag = tagOf(text.slice(from, to));
  // A longer name may be a view of the page.
  if (tag !== undefined && tag.name.length < 13) TAGS[slot] = tag;
  return tag;
}

/** The name of an attribute, in lower case. */
export function attributeName(text: string, from: number, to: number, hash: number): string {
  const slot = hash & 0xff;
  const known = NAMES[slot];
  if (known !== undefined && known.length === to - from && text.startsWith(known, from)) return known;
  const printed = text.slice(from, to);
  const name = printed.toLowerCase();
  // What is a key already shares no memory with the page.
  if (name === printed && name.length <= LONGEST_NAME) NAMES[slot] = Object.keys({ [name]: true })[0];
  return name;
}
