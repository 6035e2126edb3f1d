import type { HtmlElement } from '../../../core/source/html.ts';
import type { PrintedPrize } from '../prize.ts';

/**
 * The one block of prizes: `<span class="…prizeMoneyTitle">1st</span> £34,026 <span …>2nd</span> £12,800`,
 * each place with the text up to the next. What stands before the first place is a heading. Undefined where
 * the block names no place, or no amount behind one.
 */
export function readPrizeBlock(block: HtmlElement): readonly PrintedPrize[] | undefined {
  const prizes: { place: string; amount: string }[] = [];
  const visit = (element: HtmlElement): void => {
    for (const child of element.children) {
      const last = prizes.at(-1);
      if (typeof child === 'string') {
        if (last) last.amount += child;
      } else if (child.attribute('class')?.includes('prizeMoneyTitle') === true) {
        prizes.push({ place: textsBelow(child), amount: '' });
      } else visit(child);
    }
  };
  visit(block);
  return prizes.length === 0 || prizes.some(({ amount }) => amount.trim() === '') ? undefined : prizes;
}

function textsBelow(element: HtmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textsBelow(child))).join('');
}
