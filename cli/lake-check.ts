import type { LakeCheck } from '../core/completeness/lake-check.ts';
import { counted } from './list.ts';
import { cellText } from './print.ts';

/** What the files themselves say, for a person: every finding with what to do, or that there is none. */
export function printLakeCheck(
  source: string,
  { partitions, files, rows, bytes, findings }: LakeCheck,
): void {
  for (const { partition, problem, whatToDo } of findings) {
    console.log(`DAMAGED ${cellText(partition)}: ${cellText(problem)}`);
    console.log(`  ${cellText(whatToDo)}`);
  }
  const read = `${counted(partitions, 'partition')}, ${counted(files, 'file')}, ${counted(rows, 'row')}, ${counted(bytes, 'byte')} read`;
  const verdict =
    findings.length === 0 ? 'every row is as it was committed' : counted(findings.length, 'finding');
  console.log(`${source}: lake checked, ${read}: ${verdict}`);
}
