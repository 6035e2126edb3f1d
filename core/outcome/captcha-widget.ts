import type { BlockEvidence } from './block-evidence.ts';
import { answers, type BlockRule, isMessage } from './block-marks.ts';
import { FIELD } from './page-outline.ts';

/** Characters of a page in which a widget is looked for. */
const LARGEST = 100_000;

/** Widgets whose form is looked at; no wall has a second. */
const MOST_WIDGETS = 5;

/** Elements that a visitor would have to solve; a script that merely loads a vendor's library is none. */
const WIDGET = /\sclass\s{0,3}=\s{0,3}["']?[^"'<>]{0,80}\b(?:g-recaptcha|h-captcha|cf-turnstile)\b/i;

const PASSWORD = /type\s{0,3}=\s{0,3}["']?password/i;

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

/** A widget to solve for its own sake: one that guards a comment, an address or a password says nothing. */
function hasWidget({ page }: BlockEvidence): boolean {
  if (page.length >= LARGEST) return false;
  let left = MOST_WIDGETS;
  for (const { index } of page.matchAll(new RegExp(WIDGET, 'gi'))) {
    if (!FIELD.test(formAround(page, index).toLowerCase())) return !PASSWORD.test(page);
    if (--left === 0) break;
  }
  return false;
}

/** The form in which `at` stands; empty where it stands in none. */
function formAround(page: string, at: number): string {
  const before = page.slice(0, at).toLowerCase();
  const start = before.lastIndexOf('<form');
  if (start < 0 || before.indexOf('</form', start) >= 0) return '';
  const length = page.slice(at).search(/<\/form/i);
  return page.slice(start, length < 0 ? page.length : at + length);
}

/** A small page on which the widget is all that there is to do. */
function isLoneWidget({ outline, status }: BlockEvidence): boolean {
  if (outline === undefined || outline.fields || !isMessage(outline) || !answers(status)) return false;
  const { tags } = outline;
  if (!WIDGET.test(tags) || INVISIBLE.test(tags)) return false;
  return tags.split('<form').length <= 2;
}
