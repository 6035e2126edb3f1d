import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { civilDateAt } from '../../core/calendar/window.ts';
import { type CompletenessReport, completeness } from '../../core/completeness/completeness.ts';
import type { Source } from '../../core/source/source.ts';
import type { ImportResult } from '../../core/targets/target-import.ts';
import type { LocalPlatform } from '../../runtime/local.ts';
import type { RunEnd } from '../../runtime/run-end.ts';
import { invalidSources, sources } from '../../sources/index.ts';
import { sourceOf, windowOf } from '../context.ts';
import { refuseInterrupted, runWithProgress } from '../run.ts';
import { importFile } from '../targets-import.ts';
import type { DemoStage } from './demo.ts';

/** The source of a demo. Throws in one line where it cannot be loaded. */
export function demoSource(name: string): Source {
  return sourceOf({ sources, invalidSources }, name);
}

/** One run of the source as `rescrape run` makes it. Throws where Ctrl-C ended it. */
export async function crawl(
  platform: LocalPlatform,
  source: Source,
  { progress }: DemoStage,
  startedAt = platform.clock.now(),
): Promise<{ readonly end: RunEnd; readonly startedAt: number; readonly report: CompletenessReport }> {
  const window = windowOf(source, startedAt, {});
  const end = await runWithProgress(platform, { source: source.name, ...window, force: false }, progress);
  refuseInterrupted(end);
  const today = civilDateAt(startedAt, source.timeZone);
  const asked = { ...window, today, now: startedAt, lake: platform.lake };
  return { end, startedAt, report: await completeness(platform.state, source, asked) };
}

/** Imports the list of targets as `rescrape targets import` does, from a file that stays beside the lake. */
export async function importDemoTargets(
  platform: LocalPlatform,
  source: Source,
  csv: string,
): Promise<ImportResult> {
  const folder = join(platform.directory, 'demo');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${source.name}.csv`);
  writeFileSync(path, csv);
  const { ignored: _, ...done } = await importFile(platform, source, path);
  return done;
}
