/**
 * The numbers of a list in words, those between the ends of a range included: `K-2 & 4`, `Mon-Thu`.
 * `numberOf`: undefined for a token that stands between the two ends of a range.
 */
export function expandRanges(
  tokens: Iterable<RegExpExecArray>,
  numberOf: (token: string) => number | undefined,
): number[] {
  const numbers: number[] = [];
  let before: number | undefined;
  let isRange = false;
  for (const [token] of tokens) {
    const number = numberOf(token);
    if (number === undefined) {
      isRange = true;
      continue;
    }
    if (isRange && before !== undefined) for (let one = before + 1; one < number; one++) numbers.push(one);
    numbers.push(number);
    before = number;
    isRange = false;
  }
  return numbers;
}
