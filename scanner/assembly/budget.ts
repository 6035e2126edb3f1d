import { DEEPEST, READ, TOO_DEEP, TOO_MANY_ELEMENTS, TOO_MANY_PARTS } from '../../core/source/html-layout.ts';

// Counts what is made of one page while it is read (`page-budget.ts`).

/** What there was too much of; else `READ`. */
export let excess: i32 = READ;

let elements: i32 = 0;
let parts: i32 = 0;
let mostElements: i32 = 0;
let mostParts: i32 = 0;

export function beginBudget(maxElements: i32, maxParts: i32): void {
  excess = READ;
  elements = 0;
  parts = 0;
  mostElements = maxElements;
  mostParts = maxParts;
}

/** One more element, below so many. */
export function countElement(depth: i32): void {
  if (++elements > mostElements) excess = TOO_MANY_ELEMENTS;
  else if (depth > DEEPEST) excess = TOO_DEEP;
}

export function countParts(more: i32): void {
  parts += more;
  if (parts > mostParts) excess = TOO_MANY_PARTS;
}
