import type { Page } from '../../core/source/page.ts';
import type { LookedUp } from '../../core/source/source.ts';

/** The address of a script or frame; readers of HTML leave both out. */
const EMBEDDED = /<(?:script|iframe)\s(?:[^>]{0,500}?\s)?src\s{0,5}=\s{0,5}["']?([^"'\s>]{1,500})/gi;
const SCRIPT = /^\/api\/v2\/embedded-menu\/([0-9a-f]{24}|[A-Za-z0-9]{17})\.js$/;
const FRAME = /^\/embedded-menu\/([A-Za-z0-9][A-Za-z0-9-]{0,127})(?:\/|$)/;

/** Which platform the page of a shop embeds: by the script, which has the id, or the frame with the slug. */
export function detectMenu(page: Page): LookedUp {
  const paths = [...page.text.matchAll(EMBEDDED)].flatMap(([, address]) => {
    const url = URL.parse(address!, page.url);
    return url && /(?:^|\.)dutchie\.com$/.test(url.hostname) ? [url.pathname] : [];
  });
  for (const path of paths) {
    const id = SCRIPT.exec(path)?.[1];
    if (id !== undefined) return { kind: 'found', attributes: { menu_type: 'dutchie', platform_id: id } };
  }
  for (const path of paths) {
    const slug = FRAME.exec(path)?.[1];
    if (slug !== undefined) return { kind: 'found', attributes: { menu_type: 'dutchie', slug } };
  }
  return { kind: 'unknown', message: 'the page embeds no menu of a platform that is known' };
}
