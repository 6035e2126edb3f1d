import { GREATER_THAN, SLASH } from '../../core/source/html-characters.ts';
import { nameFrom, nameTo, readAttribute, valueFrom, valueTo } from './attributes.ts';
import { countParts } from './budget.ts';
import { at, goTo, hasReferences } from './cursor.ts';
import { beginAttributes, classFrom, selectorFrom, setClass, setSelector } from './nodes.ts';
import { byte, find, isSpace, length, standsAt } from './page.ts';
import { depth, odd, tag } from './stack.ts';
import { nameAddress, nameLength, tagAt } from './tags.ts';

// Tags as they are written on the page.

export let isSelfClosing: bool = false;

/** -1 where the page is odd. */
export function readStartTag(): i32 {
  const from = at + 1;
  let to = from + 1;
  let c = byte(to);
  while (!isSpace(c) && c !== GREATER_THAN && c !== SLASH && to < length) c = byte(++to);
  const started = tagAt(from, to);
  if (started < 0) return oddTag();
  beginAttributes(c === GREATER_THAN ? 0 : to);
  isSelfClosing = false;
  while (c !== GREATER_THAN) {
    while (isSpace(c)) c = byte(++to);
    if (c === GREATER_THAN) break;
    if (c === SLASH) {
      c = byte(++to);
      isSelfClosing = c === GREATER_THAN;
      continue;
    }
    to = countedAttribute(to);
    if (to < 0) return oddTag();
    c = byte(to);
  }
  goTo(to + 1);
  return started;
}

/** Reads one attribute and says where it ends; -1 where a browser's way with it is not known here. */
function countedAttribute(from: i32): i32 {
  const to = readAttribute(from);
  if (to < 0) return to;
  const size = valueTo - valueFrom;
  let parts = 1;
  const name = nameTo - nameFrom;
  if (name === 5) {
    if (standsAt(nameFrom, 'class')) {
      // It is read name by name: a value of many names is as many parts.
      parts += size >> 3;
      if (classFrom === 0) setClass(valueFrom, valueTo);
    }
  } else if (name === 18 && selectorFrom === 0 && standsAt(nameFrom, 'data-test-selector'))
    setSelector(valueFrom, valueTo);
  if (hasReferences(valueFrom, valueTo)) parts += size >> 2;
  countParts(parts);
  return to;
}

/** -1 where the page is odd. */
export function readEndTag(): i32 {
  const from = at + 2;
  // Nearly all end what was opened last.
  if (depth > 0) {
    const open = tag();
    const size = nameLength(open);
    if (
      from + size < length &&
      byte(from + size) === GREATER_THAN &&
      isExactly(from, nameAddress(open), size)
    ) {
      goTo(from + size + 1);
      return open;
    }
  }
  const to = find(GREATER_THAN, from);
  if (to >= length) return oddTag();
  let last = to;
  while (last > from && isSpace(byte(last - 1))) last--;
  const ended = tagAt(from, last);
  if (ended < 0) return oddTag();
  goTo(to + 1);
  return ended;
}

function isExactly(from: i32, name: i32, size: i32): bool {
  for (let i = 0; i < size; i++) if (byte(from + i) !== <i32>load<u8>(name + i)) return false;
  return true;
}

function oddTag(): i32 {
  odd();
  return -1;
}
