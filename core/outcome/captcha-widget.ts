import type { WallEvidence } from './wall-evidence.ts';
import { answers, type BlockRule, isMessage } from './wall-marks.ts';

/** Characters of a page in which a widget is looked for. */
const LARGEST = 100_000;

/** Elements that a visitor would have to solve; a script that merely loads a vendor's library is none. */
const WIDGET = /\sclass\s{0,3}=\s{0,3}["']?[^"'<>]{0,80}\b(?:g-recaptcha|h-captcha|cf-turnstile)\b/i;

/** One that is never seen, and guards a form that a script will show. */
const INVISIBLE = /data-size\s{0,3}=\s{0,3}["']?invisible/;

/** Widgets of anybody's, asked for last: a vendor's own page that holds one is that vendor's wall. */
export const CAPTCHA_RULES: readonly BlockRule[] = [
  { id: 'captcha/lone-widget', means: 'captcha', decisive: isLoneWidget },
  {
    id: 'captcha/widget-and-status',
    means: 'captcha',
    decisive: (e) => (e.status === 403 || e.status === 429 || e.status === 503) && hasWidget(e),
  },
];

/** A widget to solve on a page where nobody signs in. */
function hasWidget({ page }: WallEvidence): boolean {
  return page.length < LARGEST && WIDGET.test(page) && !/type\s{0,3}=\s{0,3}["']?password/i.test(page);
}

/** A small page on which the widget is all that there is to do. */
function isLoneWidget({ outline, status }: WallEvidence): boolean {
  if (outline === undefined || outline.fields || !isMessage(outline) || !answers(status)) return false;
  const { tags } = outline;
  if (!WIDGET.test(tags) || INVISIBLE.test(tags)) return false;
  return tags.split('<form').length <= 2;
}
