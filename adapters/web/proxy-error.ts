import type { ProxyFailureRule } from '../../core/ports/http-client.ts';

/** A proxy failed before there was a way to the site. Its message is our own: what others say may be a secret. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly rule: ProxyFailureRule;

  constructor(rule: ProxyFailureRule, message: string) {
    super(message);
    this.rule = rule;
  }
}
