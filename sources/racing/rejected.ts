import { own } from '../../core/source/html.ts';
import type { Rejected } from '../../core/source/source.ts';

/** A rejection whose message keeps nothing of the page alive. */
export function rejected(code: Rejected['code'], message: string): Rejected {
  return { kind: 'rejected', code, message: own(message) };
}
