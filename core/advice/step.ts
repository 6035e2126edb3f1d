import { shellText } from '../wording/shell.ts';

/** Something to do, with the command for it where there is one. */
export interface Step {
  /** A clause that begins in lower case and ends without a stop. */
  readonly text: string;
  /** Ready to be pasted into a shell. */
  readonly command?: string;
}

/**
 * Steps for who works elsewhere than at the usual place. `place`: the words of a command line that name it,
 * as `--local /data`; none where it is the usual one.
 */
export function stepsAt(place: readonly string[], steps: readonly Step[]): Step[] {
  if (place.length === 0) return [...steps];
  return steps.map(({ text, command }) =>
    command === undefined ? { text } : { text, command: `${command} ${shellText(...place)}` },
  );
}

/** Each advice once, at its first place: two that lead to the same command are one. */
export function eachOnce(steps: readonly Step[]): Step[] {
  const key = ({ text, command }: Step) => command ?? text;
  return steps.filter((step, at) => steps.findIndex((other) => key(other) === key(step)) === at);
}
