import type { Rejected } from '../../core/source/source.ts';

/** A page that gives no records, and why. */
export function rejected(code: Rejected['code'], message: string): Rejected {
  return { kind: 'rejected', code, message };
}
