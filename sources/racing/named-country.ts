/** A horse's name with the country that bred it. */
export interface NamedHorse {
  /**
   * `Frankel (GB)`: the country always stands in the name, as studbooks print it, for names are unique only
   * with it.
   */
  readonly name: string;
  /** `GB`, `IRE`, `FR`. */
  readonly country: string;
}

const COUNTRY = /\s*\(\s*([A-Za-z]{2,4})\s*\)$/;

/**
 * `Galileo (IRE)` or the name and `(IRE)` apart; no country means Great Britain. Undefined without a name.
 */
export function nameWithCountry(printed: string, printedCountry = ''): NamedHorse | undefined {
  const inside = printed.endsWith(')') ? COUNTRY.exec(printed) : null;
  const name = (inside ? printed.slice(0, inside.index) : printed).trim();
  const apart = printedCountry === '' ? undefined : /[A-Za-z]{2,4}/.exec(printedCountry)?.[0];
  const country = (apart ?? inside?.[1] ?? 'GB').toUpperCase();
  return name === '' ? undefined : { name: `${name} (${country})`, country };
}
