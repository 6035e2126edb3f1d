import { hash } from 'node:crypto';

/** 128 bits of SHA-256: no two bodies share it, at half the cost of MD5 where the CPU has instructions. */
export function hashOf(body: Uint8Array): string {
  return hash('sha256', body, 'hex').slice(0, 32);
}

/** Of the object whose body has this hash. */
export function etagOf(hash: string): string {
  return `"${hash}"`;
}
