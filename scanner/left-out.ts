import { BANG, QUESTION_MARK, SLASH } from '../core/source/html-characters.ts';
import {
  COL,
  COLGROUP,
  DEEPEST,
  HTML_IN_DRAWING,
  IN_DRAWING,
  RARE,
  RAW_ONLY,
  READ,
  SELECT,
  SVG,
  TEMPLATE,
  TEXT_ONLY,
} from '../core/source/html-layout.ts';
import { excess } from './budget.ts';
import { passContent } from './content.ts';
import { at, endOfText, goTo } from './cursor.ts';
import { readDeclaration } from './declarations.ts';
import { byte, length, standsAt } from './page.ts';
import { isOdd, odd } from './stack.ts';
import { has, kindOf } from './tags.ts';
import { isSelfClosing, readEndTag, readStartTag } from './written-tags.ts';

// Drawings and templates: their tags are read, and nothing is made of them.

const DRAWN = memory.data(DEEPEST * 4);

/** Goes behind the end of a drawing. */
export function passDrawing(svg: i32): void {
  let open = 1;
  store<i32>(DRAWN, svg);
  while (open > 0 && !isOdd && excess === READ) {
    goTo(endOfText(at));
    const next = byte(at + 1);
    if (at >= length) odd();
    else if (next === BANG || next === QUESTION_MARK) {
      // `<![CDATA[`
      if (next === BANG && byte(at + 2) === 0x5b && standsAt(at + 3, 'cdata')) odd();
      else readDeclaration();
    } else if (next === SLASH) {
      open--;
      if (readEndTag() !== load<i32>(DRAWN + (open << 2))) odd();
    } else {
      const around = load<i32>(DRAWN + ((open - 1) << 2));
      const started = readStartTag();
      if (started < 0 || !has(started, IN_DRAWING) || has(around, HTML_IN_DRAWING)) odd();
      else if (!isSelfClosing) {
        if (open === DEEPEST) odd();
        else store<i32>(DRAWN + (open++ << 2), started);
      }
    }
  }
}

/** Goes behind the end of a template: whatever else is open in it, its end tag ends it. */
export function passTemplate(): void {
  let open = 1;
  while (open > 0 && !isOdd && excess === READ) {
    goTo(endOfText(at));
    const next = byte(at + 1);
    if (at >= length) odd();
    else if (next === BANG || next === QUESTION_MARK) readDeclaration();
    else if (next === SLASH) {
      const ended = readEndTag();
      if (ended >= 0 && kindOf(ended) === TEMPLATE) open--;
    } else {
      const started = readStartTag();
      if (started < 0 || isNotInTemplate(kindOf(started))) odd();
      else if (kindOf(started) === TEMPLATE) open++;
      else if (has(started, TEXT_ONLY | RAW_ONLY)) passContent(started);
    }
  }
}

/** In these, or behind them, a browser may not take the content of a script or style as text only. */
function isNotInTemplate(kind: i32): bool {
  return kind === SVG || kind === SELECT || kind === COL || kind === COLGROUP || kind === RARE;
}
