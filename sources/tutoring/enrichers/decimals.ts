/**
 * Arithmetic with numbers as they are written: 4.005 is four and five thousandths, and not the binary
 * fraction a little below it that the machine keeps.
 */

/** A decimal fraction: `units` divided by ten to the power of `scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** The shortest decimal that stands for a finite number, exactly. */
export function decimalOf(value: number): Decimal {
  const [digits = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  const units = BigInt(whole + fraction);
  const scale = fraction.length - Number(exponent);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

/** The same number, of billionths, less than one of them cut off. */
export function inBillionths(value: number): bigint {
  const { units, scale } = decimalOf(value);
  return (units * 1_000_000_000n) / 10n ** BigInt(scale);
}

/** All of them with one scale, the largest. */
export function toOneScale(decimals: readonly Decimal[]): {
  readonly units: readonly bigint[];
  scale: number;
} {
  const scale = Math.max(0, ...decimals.map((each) => each.scale));
  return { units: decimals.map((each) => each.units * 10n ** BigInt(scale - each.scale)), scale };
}

/**
 * A fraction to two decimals, half away from zero. `denominator`: above 0. Undefined where it is too large
 * for a number.
 */
export function toHundredths(numerator: bigint, denominator: bigint): number | undefined {
  const size = numerator < 0n ? -numerator : numerator;
  const hundredths = (size * 200n + denominator) / (denominator * 2n);
  const rounded = Number(`${numerator < 0n && hundredths > 0n ? '-' : ''}${hundredths}e-2`);
  return Number.isFinite(rounded) ? rounded : undefined;
}
