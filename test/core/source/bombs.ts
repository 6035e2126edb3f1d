export interface Bomb {
  readonly type: 'text/html' | 'application/json' | 'application/xml';
  page(): string;
  /** `read`: it is harmless, but has been a way to run out of memory. */
  readonly ends: 'TOO_LARGE' | 'read';
}

const MB = 1024 * 1024;
const full = (bytes: number, part: string, start = '', end = '') =>
  start + part.repeat(Math.floor((bytes - start.length - end.length) / part.length)) + end;
const counted = (bytes: number, part: string, start: string, end: string) => {
  const parts: string[] = [];
  for (let length = 0, at = 0; length < bytes - 100; at++)
    length += parts[parts.push(`${part}${at}`) - 1]!.length;
  return start + parts.join('') + end;
};
const html = (ends: Bomb['ends'], page: () => string): Bomb => ({ type: 'text/html', page, ends });
const large = (page: () => string) => html('TOO_LARGE', page);
const harmless = (page: () => string) => html('read', page);
/** An attribute that no page has: what follows is read by the full parser. */
const ODD = '<p "=1>';

/**
 * Pages of at most 20 MB, and of some tens of kilobytes as they come, that a parser makes hundreds of
 * megabytes of.
 */
export const BOMBS: Readonly<Record<string, Bomb>> = {
  elements: large(() => full(18 * MB, '<br class=a>')),
  'elements to the full parser': large(() => full(18 * MB, '<a><p>')),
  'elements one in the other': large(() => full(18 * MB, '<div>')),
  'elements moved out of a table': large(() => full(18 * MB, '<table><p>')),
  'formatting taken up again': large(
    () =>
      `${Array.from({ length: 300 }, (_, at) => `<b a=${at}>`).join('')}<p>${'</div></p><p>x'.repeat(5)}${full(MB, '<b></p><p>')}`,
  ),
  attributes: large(() => counted(9 * MB, ' a', '<p', '>')),
  'attributes to the full parser': large(() => counted(9 * MB, ' a', '<p "', '>')),
  classes: large(() => counted(9 * MB, ' c', '<p class="', '">')),
  'classes to the full parser': harmless(() => counted(3 * MB, ' c', `${ODD}<p class="`, '">')),
  'a value': harmless(() => full(18 * MB, 'x', '<p a="', '">')),
  'a value to the full parser': harmless(() => full(5 * MB, 'x', `${ODD}<p a="`, '">')),
  entities: large(() => full(18 * MB, '&amp;')),
  'entities in a value': large(() => full(18 * MB, '&amp;', '<p a="', '">')),
  'entities to the full parser': harmless(() => full(5 * MB, '&amp;', ODD)),
  comments: large(() => full(18 * MB, 'a<!-->')),
  'comments to the full parser': large(() => full(18 * MB, 'a<!-->', ODD)),
  'comments that end oddly': harmless(() => full(2 * MB, '<!--a--!>')),
  'words between rows': large(() => full(18 * MB, 'x y ', '<table>')),
  'words to the full parser': harmless(() => full(5 * MB, 'x y ', ODD)),
  'a name of a tag': harmless(() => full(5 * MB, 'x', '<')),
  'a name of an attribute': harmless(() => full(5 * MB, 'x', '<p "')),
  'ends of lines': harmless(() => full(18 * MB, '\r')),
  'values of JSON': {
    type: 'application/json',
    ends: 'TOO_LARGE',
    page: () => full(18 * MB, '{},', '[', '{}]'),
  },
  'arrays of JSON': { type: 'application/json', ends: 'TOO_LARGE', page: () => full(18 * MB, '[') },
  'one text in JSON': { type: 'application/json', ends: 'read', page: () => full(18 * MB, 'x', '"', '"') },
  'elements of XML': { type: 'application/xml', ends: 'TOO_LARGE', page: () => full(18 * MB, '<a/>') },
};
