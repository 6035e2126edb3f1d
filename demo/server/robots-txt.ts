import type { FaultPlan } from '../faults.ts';
import { type Answer, textAnswer } from './exchange.ts';

/** Results are open unless the plan closes something; `/admin` never is. No crawl delay. */
export function robotsTxt(plan: FaultPlan): Answer {
  // An Allow as long as a Disallow would win over it (RFC 9309, 2.2.2).
  const allow = plan.robotsDisallow.length ? [] : ['Allow: /results'];
  const disallow = ['/admin', ...plan.robotsDisallow].map((prefix) => `Disallow: ${prefix}`);
  const text = ['User-agent: *', ...allow, ...disallow, ''].join('\n');
  return textAnswer(text);
}
