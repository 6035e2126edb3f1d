import type { HttpResponse } from '../ports/http-client.ts';
import { type BlockEvidence, blockEvidence } from './block-evidence.ts';
import { type BlockRule, weightOf } from './block-marks.ts';
import { BOT_RULES } from './bot-rules.ts';
import { CAPTCHA_RULES } from './captcha-widget.ts';
import { CLOUDFLARE_RULES } from './cloudflare-rules.ts';
import { NETWORK_RULES } from './network-rules.ts';
import { SITE_RULES } from './site-rules.ts';

const WALL_RULES = [...CLOUDFLARE_RULES, ...NETWORK_RULES, ...BOT_RULES, ...SITE_RULES];

/** Every rule there is. */
export const BLOCK_RULES: readonly BlockRule[] = [...WALL_RULES, ...CAPTCHA_RULES];

/** The rule that recognises the response: decisive ones first, then what the page holds, then any captcha. */
export function blockRuleOf(evidence: BlockEvidence): BlockRule | undefined {
  return (
    WALL_RULES.find(({ decisive }) => decisive?.(evidence)) ??
    heaviest(evidence) ??
    CAPTCHA_RULES.find(({ decisive }) => decisive?.(evidence))
  );
}

/** True for a redirect whose headers or address say alone that a wall or a waiting room is behind it. */
export function leadsToBlock(redirect: HttpResponse): boolean {
  return blockRuleOf(blockEvidence(redirect, undefined)) !== undefined;
}

function heaviest(evidence: BlockEvidence): BlockRule | undefined {
  let best: BlockRule | undefined;
  let most = 0;
  for (const rule of WALL_RULES) {
    const weight = weightOf(rule, evidence);
    if (weight > most) [best, most] = [rule, weight];
  }
  return best;
}
