import type { Step } from './step.ts';

/** One step as a clause of plain text: `lift the flag: rescrape skip remove racing fr`. */
export function stepText({ text, command }: Step): string {
  return command === undefined ? text : `${text}: ${command}`;
}

/** Steps for a terminal, one after the other in one line; of `alternatives` one is enough. */
export function stepsText(steps: readonly Step[], { alternatives = false } = {}): string {
  return steps.map(stepText).join(alternatives ? '; or ' : '; ');
}

/** Running text of a report; what a person could paste is `code`. */
export type StepSpan = string | { readonly code: string };

/** Steps for a report, as sentences that Markdown and HTML write down each in its way. */
export function stepSpans(steps: readonly Step[]): StepSpan[] {
  return steps.flatMap(({ text, command }, at): StepSpan[] => {
    const begun = `${at === 0 ? '' : ' '}${text.charAt(0).toUpperCase()}${text.slice(1)}`;
    return command === undefined ? [`${begun}.`] : [`${begun}: `, { code: command }, '.'];
  });
}
