import type { HttpLimits, HttpRequest } from '../../core/ports/http-client.ts';

const LIMITS: HttpLimits = {
  connectMs: 30_000,
  headersMs: 30_000,
  bodyMs: 30_000,
  totalMs: 60_000,
  maxWireBytes: 1_000_000,
};

/** A request with room for everything, private addresses too. */
export function request(url: string, overrides: Partial<HttpRequest> = {}): HttpRequest {
  return { url, headers: {}, limits: LIMITS, privateAddresses: 'any', ...overrides };
}

/** The same limits but for these. */
export const limits = (overrides: Partial<HttpLimits>): Partial<HttpRequest> => ({
  limits: { ...LIMITS, ...overrides },
});
