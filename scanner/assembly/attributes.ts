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
} from '../../core/source/html-characters.ts';
import { byte, find, isSpace, length, standsAt } from './page.ts';

// Of the attribute that was read last, in bytes of the page. Without a value: an empty one.
export let nameFrom: i32 = 0;
export let nameTo: i32 = 0;
export let valueFrom: i32 = 0;
export let valueTo: i32 = 0;

const PART: i32 = 1;
const END: i32 = 2;
/** Which bytes are part of the name of an attribute, and which end it; any other is an error. */
const NAME = memory.data(256);

for (let c = SPACE; c < 0x7f; c++) store<u8>(NAME + c, <u8>PART);
store<u8>(NAME + DOUBLE_QUOTE, 0);
store<u8>(NAME + SINGLE_QUOTE, 0);
store<u8>(NAME + LESS_THAN, 0);
store<u8>(NAME + TAB, <u8>END);
store<u8>(NAME + LF, <u8>END);
store<u8>(NAME + FF, <u8>END);
store<u8>(NAME + SPACE, <u8>END);
store<u8>(NAME + EQUALS, <u8>END);
store<u8>(NAME + GREATER_THAN, <u8>END);
store<u8>(NAME + SLASH, <u8>END);

/**
 * Reads the attribute whose name begins there and says where it ends; -1 where a browser's way with it is not
 * known here.
 */
export function readAttribute(from: i32): i32 {
  let at = from;
  while (<i32>load<u8>(NAME + byte(at)) === PART) at++;
  if (<i32>load<u8>(NAME + byte(at)) !== END || at === from) return -1;
  nameFrom = from;
  nameTo = at;
  valueFrom = at;
  valueTo = at;
  let c = byte(at);
  while (isSpace(c)) c = byte(++at);
  if (c !== EQUALS) return at;
  c = byte(++at);
  while (isSpace(c)) c = byte(++at);
  const isQuoted = c === DOUBLE_QUOTE || c === SINGLE_QUOTE;
  const start = isQuoted ? at + 1 : at;
  const end = isQuoted ? find(c, start) : endOfUnquoted(at);
  if (end >= length || (end === start && !isQuoted)) return -1;
  valueFrom = start;
  valueTo = end;
  return isQuoted ? end + 1 : end;
}

function endOfUnquoted(from: i32): i32 {
  let at = from;
  for (let c = byte(at); !isSpace(c) && c !== GREATER_THAN; c = byte(++at)) if (at >= length) return length;
  return at;
}

/** Whether the tag whose attributes begin there is of this type: `hidden`. Not known is not so. */
export function isHidden(from: i32): bool {
  if (from === 0) return false;
  let at = from;
  while (true) {
    while (isSpace(byte(at)) || byte(at) === SLASH) at++;
    if (byte(at) === GREATER_THAN) return false;
    at = readAttribute(at);
    if (at < 0) return false;
    if (nameTo - nameFrom === 4 && standsAt(nameFrom, 'type'))
      return valueTo - valueFrom === 6 && standsAt(valueFrom, 'hidden');
  }
}
