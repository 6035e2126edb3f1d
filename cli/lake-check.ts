import { stepsText } from '../core/advice/render.ts';
import { stepsAt } from '../core/advice/step.ts';
import type { LakeCheck } from '../core/completeness/lake-check.ts';
import type { LakeFinding } from '../core/completeness/lake-finding.ts';
import type { Place } from './advice.ts';
import { counted } from './list.ts';
import { cellText } from './print.ts';

/** What the files themselves say, for a person: every finding with what to do, or that there is none. */
export function printLakeCheck(
  source: string,
  { partitions, files, rows, bytes, findings }: LakeCheck,
  place: Place,
): void {
  for (const finding of findings) {
    console.log(`DAMAGED ${cellText(finding.partition)}: ${cellText(finding.problem)}`);
    console.log(`  ${cellText(whatToDo(finding, place))}`);
  }
  const read = `${counted(partitions, 'partition')}, ${counted(files, 'file')}, ${counted(rows, 'row')}, ${counted(bytes, 'byte')} read`;
  const verdict =
    findings.length === 0 ? 'every row is as it was committed' : counted(findings.length, 'finding');
  console.log(`${source}: lake checked, ${read}: ${verdict}`);
}

/** The same for a program. */
export function lakeRecord({ findings, ...check }: LakeCheck, place: Place): object {
  const records = findings.map(({ next, ...finding }) => ({
    ...finding,
    whatToDo: whatToDo({ next }, place),
  }));
  return { ...check, findings: records };
}

function whatToDo({ next }: Pick<LakeFinding, 'next'>, place: Place): string {
  return stepsText(stepsAt(place, next), { alternatives: true });
}
