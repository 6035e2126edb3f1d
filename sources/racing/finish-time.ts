const CLOCK = /^(?:(\d+)\s*m(?:in)?s?\s*|(\d+):)?(?:(\d+(?:\.\d+)?)\s*s?(?:ecs?)?)?$/i;

/**
 * Seconds of a winning time as the page prints it: `1m 38.52s (slow by 2.12s)` is 98.52. Null where no time
 * was taken:
 * `standard time`, zero, other words. Undefined where there are figures that make no time.
 */
export function parseWinningTime(text: string): number | null | undefined {
  const printed = (text.split('(')[0] ?? '').trim();
  if (!/[1-9]/.test(printed)) return null;
  const match = CLOCK.exec(printed);
  if (!match) return undefined;
  const seconds = Number(match[1] ?? match[2] ?? 0) * 60 + Number(match[3] ?? 0);
  return Math.round(seconds * 100) / 100;
}

/**
 * Estimated seconds of a finisher: the winner's, and the time that the overall distance takes; two decimals.
 */
export function estimateSeconds(winner: number, overallLengths: number, lengthsPerSecond: number): number {
  return Math.round((winner + overallLengths / lengthsPerSecond) * 100) / 100;
}

/** `98.52` is `1:38.52`, `58.3` is `0:58.30`. */
export function formatSeconds(seconds: number): string {
  const hundredths = Math.round(seconds * 100);
  const rest = ((hundredths % 6000) / 100).toFixed(2);
  return `${Math.floor(hundredths / 6000)}:${rest.padStart(5, '0')}`;
}
