import {
  BLOCK,
  BODY,
  BOUNDS_TABLE,
  CAPTION,
  CELL,
  COL,
  COLGROUP,
  DD,
  FORM,
  HTML,
  IN_TABLE,
  INPUT,
  LI,
  ORDINARY,
  TABLE,
  TBODY,
  TR,
} from '../../core/source/html-layout.ts';
import { isHidden } from './attributes.ts';
import { attributesAt } from './nodes.ts';
import {
  append,
  depth,
  drop,
  dropTo,
  form,
  inScope,
  insert,
  odd,
  parent,
  setForm,
  tag,
  tagOpenAt,
} from './stack.ts';
import { firstOfKind, has, kindOf } from './tags.ts';

// Tables: what begins and ends between their parts (HTML standard, 13.2.6.4.9 to 13.2.6.4.15).

export function isInTable(): bool {
  return has(tag(), IN_TABLE);
}

/** Whether the innermost part of the table ends before one of that kind begins. */
function isEndedBy(around: i32, kind: i32): bool {
  if (around === COLGROUP)
    return kind === CELL || kind === TR || kind === TBODY || kind === CAPTION || kind === COLGROUP;
  if (around === TBODY) return kind === TBODY || kind === CAPTION || kind === COLGROUP || kind === COL;
  if (around === TR)
    return kind === TR || kind === TBODY || kind === CAPTION || kind === COLGROUP || kind === COL;
  return false;
}

/** True where a part has ended before the tag: it is to be started again in what is around. */
export function startInTable(started: i32): bool {
  const around = kindOf(tag());
  const kind = kindOf(started);
  if (isEndedBy(around, kind)) {
    drop();
    return true;
  }
  switch (kind) {
    case CELL:
      if (around === TABLE) insert(firstOfKind(TBODY), false);
      if (around !== TR) insert(firstOfKind(TR), false);
      insert(started, true);
      return false;
    case TR:
      if (around === TABLE) insert(firstOfKind(TBODY), false);
      insert(started, true);
      return false;
    case COL:
      if (around === TABLE) insert(firstOfKind(COLGROUP), false);
      append(started, true, parent());
      return false;
    case TBODY:
    case CAPTION:
    case COLGROUP:
      insert(started, true);
      return false;
    case FORM:
      if (form !== 0) return false;
      if (around === COLGROUP) odd();
      setForm(append(started, true, parent()));
      return false;
    case INPUT:
      if (around === COLGROUP || !isHidden(attributesAt)) odd();
      append(started, true, parent());
      return false;
    default:
      odd();
      return false;
  }
}

/**
 * A part of a table inside a cell ends the cell, and is to be started again: true. Outside every table it is
 * passed over.
 */
export function startTablePart(): bool {
  if (closeCell()) return true;
  for (let at = 0; at < depth; at++) if (kindOf(tagOpenAt(at)) === TABLE) odd();
  return false;
}

/** True where a cell was open around all that is open in it. */
export function closeCell(): bool {
  for (let at = depth - 1; at >= 0; at--) {
    const kind = kindOf(tagOpenAt(at));
    if (kind === CELL) {
      dropTo(at);
      return true;
    }
    if (kind === TABLE || kind === CAPTION) return false;
  }
  return false;
}

export function endCell(ended: i32): void {
  const at = inScope(ended, BOUNDS_TABLE);
  if (at >= 0) dropTo(at);
}

/** True where something ended before what the tag ends: it is to be ended again in what is around. */
export function endInTable(ended: i32): bool {
  const around = tag();
  const kind = kindOf(ended);
  if (kindOf(around) === COLGROUP && kind !== TABLE && kind !== COLGROUP && kind !== COL) {
    odd();
    return false;
  }
  switch (kind) {
    case TABLE:
    case TBODY:
    case TR:
      if (inScope(ended, BOUNDS_TABLE) < 0) {
        // parse5 ends the row, other than the standard says.
        if (kind === TBODY && kindOf(around) === TR) odd();
        return false;
      }
      drop();
      return around !== ended;
    case COLGROUP:
      if (kindOf(around) === COLGROUP) drop();
      return false;
    case FORM:
      setForm(0);
      return false;
    case ORDINARY:
    case BLOCK:
    case LI:
    case DD:
    case CELL:
    case CAPTION:
    case COL:
    case BODY:
    case HTML:
      return false;
    default:
      odd();
      return false;
  }
}
