import type { ProxyFailureRule } from '../../core/ports/http-client.ts';

/**
 * A proxy failed before there was a way to the site. The message is our own: in what others say there may be
 * a password.
 */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly rule: ProxyFailureRule;

  constructor(rule: ProxyFailureRule, message: string) {
    super(message);
    this.rule = rule;
  }
}
