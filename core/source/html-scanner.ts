import { Buffer } from 'node:buffer';
import { ODD, READ, TOO_DEEP, TOO_MANY_ELEMENTS } from './html-layout.ts';
import { HtmlNodes } from './html-nodes.ts';
import { decodeReferences } from './html-references.ts';
import { SCANNER } from './html-scanner-wasm.ts';
import { KNOWN_TAGS } from './html-tags.ts';
import type { PageLifetime } from './page.ts';
import { MOST_PARTS_PER_ELEMENT, tooDeep, tooManyElements, tooManyParts } from './page-budget.ts';

/** What `scanner/assembly/scanner.ts` exports; places in memory are numbers. */
interface Scanner {
  readonly memory: { readonly buffer: ArrayBuffer };
  nextName(): number;
  addTag(length: number, kind: number, flags: number): void;
  makeRoom(bytes: number): number;
  read(bytes: number, maxElements: number, maxParts: number): number;
  newTags(): number;
  newTagFrom(index: number): number;
  newTagTo(index: number): number;
  numbersAt(): number;
  numberOfNumbers(): number;
}

/** A scanner never gives memory back: one that has read a larger page is not used again. */
const MOST_KEPT = 8 << 20;
/** The scanner counts in 32 bits. */
const MOST_COUNTED = 0x7fffffff;

let scanner: Scanner | undefined;
let module: WebAssembly.Module | undefined;
/** The page whose numbers the scanner's memory holds. */
let last: HtmlNodes | undefined;
const NO_BYTES = Buffer.alloc(0);
/** The bytes that are read now. */
let current: Buffer = NO_BYTES;

/**
 * Reads a page whose elements nest as their tags say, in one pass. `bytes`: UTF-8 without NUL and carriage
 * returns, which a browser replaces before it reads. Undefined where it meets something that it does not read
 * as a browser would: then nothing of it counts. Throws a PageTooLargeError. Pages are read one after the
 * other in the same memory: one that is not released when the next is read takes a copy.
 */
export function readWellNested(
  bytes: Buffer,
  maxElements: number,
  lifetime?: Readonly<PageLifetime>,
): HtmlNodes | undefined {
  last?.leave();
  last = undefined;
  const used = scanner ?? newScanner();
  // One that fails in the midst of a page is not used again.
  scanner = undefined;
  const { memory, makeRoom, read, numbersAt, numberOfNumbers } = used;
  const place = makeRoom(bytes.length);
  new Uint8Array(memory.buffer).set(bytes, place);
  current = bytes;
  const outcome = read(
    bytes.length,
    Math.min(maxElements, MOST_COUNTED),
    Math.min(maxElements * MOST_PARTS_PER_ELEMENT, MOST_COUNTED),
  );
  current = NO_BYTES;
  const page =
    outcome === READ
      ? new HtmlNodes(
          bytes,
          new Int32Array(memory.buffer, numbersAt(), numberOfNumbers()),
          newNames(used, bytes),
          lifetime,
        )
      : undefined;
  if (memory.buffer.byteLength <= MOST_KEPT) {
    scanner = used;
    last = page;
  } else page?.leave();
  if (outcome !== READ && outcome !== ODD) throw tooMuch(outcome, maxElements);
  return page;
}

function newNames({ newTags, newTagFrom, newTagTo }: Scanner, bytes: Buffer): string[] {
  const names: string[] = [];
  for (let i = 0; i < newTags(); i++)
    names.push(bytes.toString('latin1', newTagFrom(i), newTagTo(i)).toLowerCase());
  return names;
}

function tooMuch(outcome: number, maxElements: number): Error {
  if (outcome === TOO_MANY_ELEMENTS) return tooManyElements(maxElements);
  return outcome === TOO_DEEP ? tooDeep() : tooManyParts(maxElements);
}

function newScanner(): Scanner {
  module ??= new WebAssembly.Module(Buffer.from(SCANNER, 'base64'));
  const { exports } = new WebAssembly.Instance(module, { nodes: { isBlankText } });
  const made = exports as unknown as Scanner;
  for (const { name, kind, flags } of KNOWN_TAGS) {
    Buffer.from(made.memory.buffer).write(name, made.nextName(), 'latin1');
    made.addTag(name.length, kind, flags);
  }
  return made;
}

/** Whether a text with references says nothing but white space. */
function isBlankText(from: number, to: number): number {
  return /\S/.test(decodeReferences(current.toString('utf8', from, to), 'decodeHTML')) ? 0 : 1;
}
