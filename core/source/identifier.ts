const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** True for what may stand in a key, a path or a partition value (design, section 13). */
export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}
