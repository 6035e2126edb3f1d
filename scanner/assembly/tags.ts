import { ORDINARY } from '../../core/source/html-layout.ts';
import { byte, isLetter, lower, PAGE } from './page.ts';

const MOST_KNOWN = 256;
/** Names that one page may bring beside those: a page with more is left to the full parser. */
const MOST_NEW = 512;
const LONGEST_KNOWN = 32;
const SLOTS = 2048;
/** Names in slots one behind the other; only a page that was made to be slow has more. */
const MOST_PROBES = 32;

// Of each tag, by its number: the bytes of its name, and what is known of it.
const NAME = memory.data((MOST_KNOWN + MOST_NEW) * 4);
const LENGTH = memory.data((MOST_KNOWN + MOST_NEW) * 4);
const KIND = memory.data((MOST_KNOWN + MOST_NEW) * 4);
const FLAGS = memory.data((MOST_KNOWN + MOST_NEW) * 4);
const NAMES = memory.data(MOST_KNOWN * LONGEST_KNOWN);
/** The numbers of tags, and one more, by the hash of their names. */
const TABLE = memory.data(SLOTS * 4);
const SLOT_OF_NEW = memory.data(MOST_NEW * 4);
/** The first tag of each kind, and one more. */
const FIRST_OF_KIND = memory.data(64 * 4);

/** Tags with these numbers are the same for all pages. */
let known: i32 = 0;
let count: i32 = 0;

export function kindOf(tag: i32): i32 {
  return load<i32>(KIND + (tag << 2));
}

function flagsOf(tag: i32): i32 {
  return load<i32>(FLAGS + (tag << 2));
}

export function has(tag: i32, flag: i32): bool {
  return (flagsOf(tag) & flag) !== 0;
}

export function nameLength(tag: i32): i32 {
  return load<i32>(LENGTH + (tag << 2));
}

/** In memory, not on the page. */
export function nameAddress(tag: i32): i32 {
  return load<i32>(NAME + (tag << 2));
}

/** The first tag of a kind: that of most kinds is the only one, and `tbody` comes before its like. */
export function firstOfKind(kind: i32): i32 {
  return load<i32>(FIRST_OF_KIND + (kind << 2)) - 1;
}

/** Where the name of the next tag that is known to all pages is to be written, in lower case. */
export function nextName(): i32 {
  return <i32>NAMES + known * LONGEST_KNOWN;
}

/** Adds the tag whose name was written there. */
export function addTag(length: i32, kind: i32, flags: i32): void {
  if (known === MOST_KNOWN || length > LONGEST_KNOWN) unreachable();
  const name = nextName();
  let hash = length;
  for (let i = 0; i < length; i++) hash = hash * 31 + <i32>load<u8>(name + i);
  let slot = firstSlot(hash);
  while (load<i32>(TABLE + (slot << 2)) !== 0) slot = nextSlot(slot);
  write(known, name, length, kind, flags);
  store<i32>(TABLE + (slot << 2), ++known);
  if (firstOfKind(kind) < 0) store<i32>(FIRST_OF_KIND + (kind << 2), known);
  count = known;
}

/** Forgets the names that the page before brought. */
export function beginTags(): void {
  for (let i = count - known - 1; i >= 0; i--)
    store<i32>(TABLE + (load<i32>(SLOT_OF_NEW + (i << 2)) << 2), 0);
  count = known;
}

/** How many names the page brought that no other had. */
export function newTags(): i32 {
  return count - known;
}

/** Where the page has the name of one of them, in whatever case. */
export function newTagFrom(index: i32): i32 {
  return nameAddress(known + index) - PAGE;
}

export function newTagTo(index: i32): i32 {
  return newTagFrom(index) + nameLength(known + index);
}

/**
 * The tag whose name stands there, in any case. -1 where it is none of the letters A to Z, digits and some
 * marks, or one too many.
 */
export function tagAt(from: i32, to: i32): i32 {
  const length = to - from;
  let hash = length;
  for (let at = from; at < to; at++) hash = hash * 31 + lower(byte(at));
  let slot = firstSlot(hash);
  let probes = 0;
  for (let found = load<i32>(TABLE + (slot << 2)); found !== 0; found = load<i32>(TABLE + (slot << 2))) {
    if (++probes > MOST_PROBES) return -1;
    const tag = found - 1;
    if (nameLength(tag) === length && isNamed(tag, from)) return tag;
    slot = nextSlot(slot);
  }
  if (count === known + MOST_NEW || !isPlainName(from, to)) return -1;
  write(count, PAGE + from, length, ORDINARY, 0);
  store<i32>(SLOT_OF_NEW + ((count - known) << 2), slot);
  store<i32>(TABLE + (slot << 2), ++count);
  return count - 1;
}

/** Whether the name of the tag stands there, in any case. */
export function isNamed(tag: i32, from: i32): bool {
  const name = nameAddress(tag);
  const length = nameLength(tag);
  for (let i = 0; i < length; i++) if (lower(<i32>load<u8>(name + i)) !== lower(byte(from + i))) return false;
  return true;
}

function isPlainName(from: i32, to: i32): bool {
  if (from >= to || !isLetter(byte(from))) return false;
  for (let at = from + 1; at < to; at++) {
    const c = byte(at);
    const isMark = c === 0x3a || c === 0x5f || c === 0x2e || c === 0x2d;
    if (!isLetter(c) && <u32>(c - 0x30) > 9 && !isMark) return false;
  }
  return true;
}

function write(tag: i32, name: i32, length: i32, kind: i32, flags: i32): void {
  store<i32>(NAME + (tag << 2), name);
  store<i32>(LENGTH + (tag << 2), length);
  store<i32>(KIND + (tag << 2), kind);
  store<i32>(FLAGS + (tag << 2), flags);
}

function firstSlot(hash: i32): i32 {
  return (hash ^ (hash >> 11)) & (SLOTS - 1);
}

function nextSlot(slot: i32): i32 {
  return (slot + 1) & (SLOTS - 1);
}
