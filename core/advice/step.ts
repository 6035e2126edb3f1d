/** Something to do, with the command for it where there is one. */
export interface Step {
  /** A clause that begins in lower case and ends without a stop. */
  readonly text: string;
  /** Ready to be pasted into a shell. */
  readonly command?: string;
}

/** Each advice once, at its first place: two that lead to the same command are one. */
export function eachOnce(steps: readonly Step[]): Step[] {
  const key = ({ text, command }: Step) => command ?? text;
  return steps.filter((step, at) => steps.findIndex((other) => key(other) === key(step)) === at);
}
