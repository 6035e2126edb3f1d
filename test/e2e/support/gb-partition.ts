import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishResult } from '../../../core/lake/publish-result.ts';
import type { FaultPlan, FaultRule } from '../../../demo/faults.ts';
import type { DemoSiteOptions } from '../../../demo/site.ts';
import { currentRows, filesUnder, type ReadRow } from './lake-reading.ts';
import { Session } from './session.ts';
import { DAY } from './small-site.ts';

/** How `GB` is named in the layout of the lake, and in the code. */
export const GB = `country=gb/date=${DAY}`;
export const GB_PARTITION = { value: 'gb', date: DAY } as const;

/** The second race settles a day late: its page changes between `DAY` and the day after. */
export const SETTLES: FaultPlan['settlesLate'] = [{ country: 'gb', date: DAY, race: 1, days: 1 }];

/** Races of Great Britain on `DAY` that answer nothing but 500. */
export function broken(...races: number[]): FaultRule[] {
  return races.map((race) => ({
    where: { country: 'gb', date: DAY, race },
    fault: { kind: 'status', status: 500 },
  }));
}

/** The partition of Great Britain on `DAY`: runs that refresh it, and what lies in the lake of it. */
export class GbPartition {
  readonly session: Session;

  private constructor(session: Session) {
    this.session = session;
  }

  static async start(site: Partial<DemoSiteOptions> = {}): Promise<GbPartition> {
    return new GbPartition(await Session.start({ site }));
  }

  /** What a scrape of it should find, as the site was at the start. */
  get amount(): Session['amount'] {
    return this.session.amount;
  }

  /** One run: what became of the partition. */
  async run(options: { readonly force?: boolean } = {}): Promise<PublishResult> {
    const { end } = await this.session.run({ targets: ['gb'], ...options });
    const { result } = end.summary.partitions[0]!;
    if (result === 'broken') throw new Error(`publish broke: ${end.problems[0]?.message}`);
    return result;
  }

  async rows(): Promise<ReadRow[]> {
    return (await currentRows(this.session.directory)).get(GB) ?? [];
  }

  lakeFile(...path: string[]): string {
    return join(this.session.directory, 'lake', ...path);
  }

  manifestFile(): string {
    return this.lakeFile('tables', 'racing_results', GB, 'manifest');
  }

  /** The file that the manifest names. */
  currentFile(): string {
    return readFileSync(this.manifestFile(), 'utf8').trimEnd();
  }

  dataFiles(): string[] {
    return [...filesUnder(this.lakeFile('data'))].sort();
  }

  /** Every file that readers see, with its bytes. */
  visible(): Map<string, string> {
    const files = ['data', 'tables', 'exports'].flatMap((room) => [...filesUnder(this.lakeFile(room))]);
    return new Map(files.map((file) => [file, readFileSync(file, 'latin1')]));
  }

  close(): Promise<void> {
    return this.session.close();
  }
}
