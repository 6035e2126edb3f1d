import type { HtmlElement } from '../../../core/source/html.ts';
import { hasClass, textOf } from '../../../core/source/html.ts';

const NOT_HELD =
  /^(?:this |the )?(?:race |meeting )*(?:is |was |has been |declared )*(abandoned|cancelled|void)\b/i;

/** A notice that a race was not run, or does not count. */
export type Notice = 'abandoned' | 'cancelled' | 'void';

/**
 * The notice of a race that was not run: a text that begins with `Abandoned`, `Meeting abandoned`, `Race
 * void`, or an element of a class named so. What `skip` holds for is left out: links, titles and runners may
 * speak of other races, or of a void behind the leader.
 */
export function findNotice(
  element: HtmlElement,
  skip: (element: HtmlElement) => boolean,
): Notice | undefined {
  for (const child of element.children) {
    if (typeof child === 'string') {
      const word = NOT_HELD.exec(child.trim())?.[1];
      if (word !== undefined) return word.toLowerCase() as Notice;
    } else if (!skip(child)) {
      if (/abandoned/i.test(child.attribute('class') ?? '') && /abandoned/i.test(textOf(child)))
        return 'abandoned';
      const notice = findNotice(child, skip);
      if (notice !== undefined) return notice;
    }
  }
  return undefined;
}

/** The notice on the page of a race. */
export function noticeOnPage(frame: HtmlElement): Notice | undefined {
  return findNotice(
    frame,
    (child) => child.tag === 'a' || child.tag === 'tr' || hasClass(child, 'rp-raceTimeCourseName__title'),
  );
}
