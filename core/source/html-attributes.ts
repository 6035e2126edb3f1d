import type { Buffer } from 'node:buffer';
import { isSpace } from './html-bytes.ts';
import {
  DOUBLE_QUOTE,
  EQUALS,
  FF,
  GREATER_THAN,
  LESS_THAN,
  LF,
  SINGLE_QUOTE,
  SLASH,
  SPACE,
  TAB,
} from './html-characters.ts';

/** Where an attribute stands on its page, in bytes. Without a value: an empty one. */
export interface AttributePlace {
  nameFrom: number;
  nameTo: number;
  valueFrom: number;
  valueTo: number;
}

export function newPlace(): AttributePlace {
  return { nameFrom: 0, nameTo: 0, valueFrom: 0, valueTo: 0 };
}

/**
 * Reads the attribute whose name begins at `from` into `place` and says where it ends; -1 where a browser's
 * way with it is not known here.
 */
export function readAttribute(bytes: Buffer, from: number, place: AttributePlace): number {
  let at = from;
  while (NAME[bytes[at]!] === PART) at++;
  if (NAME[bytes[at]!] !== END) return -1;
  if (at === from) return -1;
  place.nameFrom = from;
  place.nameTo = at;
  place.valueFrom = at;
  place.valueTo = at;
  let c = bytes[at]!;
  while (isSpace(c)) c = bytes[++at]!;
  if (c !== EQUALS) return at;
  c = bytes[++at]!;
  while (isSpace(c)) c = bytes[++at]!;
  const isQuoted = c === DOUBLE_QUOTE || c === SINGLE_QUOTE;
  const start = isQuoted ? at + 1 : at;
  const end = isQuoted ? bytes.indexOf(c, start) : endOfUnquoted(bytes, at);
  if (end < start || (end === start && !isQuoted)) return -1;
  place.valueFrom = start;
  place.valueTo = end;
  return isQuoted ? end + 1 : end;
}

/** Where the next attribute of a tag that was read before begins; -1 where it has no more. */
export function nextAttribute(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at]) || bytes[at] === SLASH) at++;
  return bytes[at] === GREATER_THAN ? -1 : at;
}

function endOfUnquoted(bytes: Buffer, from: number): number {
  let at = from;
  for (let c = bytes[at]!; !isSpace(c) && c !== GREATER_THAN; c = bytes[++at]!)
    if (at >= bytes.length) return -1;
  return at;
}

/** Of names and values in turn: the first of two attributes of one name counts. */
export function attributeOf(list: readonly string[], name: string): string | undefined {
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) return list[at + 1];
  return undefined;
}

/** Adds one, unless there is one of its name. */
export function addAttribute(attributes: Record<string, string>, name: string, value: string): void {
  if (attributes[name] === undefined) attributes[name] = value;
  else if (!Object.hasOwn(attributes, name))
    // A name that every object inherits; `__proto__` cannot be assigned.
    Object.defineProperty(attributes, name, { value, enumerable: true, configurable: true, writable: true });
}

const PART = 1;
const END = 2;

/** Which bytes are part of the name of an attribute, and which end it; any other is an error. */
const NAME = new Uint8Array(256);
for (let c = SPACE; c < 0x7f; c++) NAME[c] = PART;
for (const c of [DOUBLE_QUOTE, SINGLE_QUOTE, LESS_THAN]) NAME[c] = 0;
for (const c of [TAB, LF, FF, SPACE, EQUALS, GREATER_THAN, SLASH]) NAME[c] = END;
