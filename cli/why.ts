import type { Command } from 'commander';
import { stepText } from '../core/advice/render.ts';
import { stepsAt } from '../core/advice/step.ts';
import { civilDate } from '../core/calendar/civil-date.ts';
import { failedText, statusText } from '../core/explain/failure-history.ts';
import { evidenceOf } from '../core/explain/item.ts';
import type { Why } from '../core/explain/story.ts';
import { why } from '../core/explain/why.ts';
import { DAY_TEXT, targetText, whoIs } from '../core/explain/wording.ts';
import { itemOfPage, pageKeyText, pageOfKey, partitionOfPage } from '../core/extract/page-key.ts';
import { PageStore } from '../core/extract/page-store.ts';
import { isUnresolved } from '../core/failures/failure.ts';
import type { AttemptRow } from '../core/lake/log-tables.ts';
import { DISPOSITIONS } from '../core/outcome/policy.ts';
import type { PageKey } from '../core/ports/page-library.ts';
import { extractionOf } from '../core/source/derived.ts';
import { partitionValueOf } from '../core/source/partition.ts';
import type { Partition, Source } from '../core/source/source.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { sourceOf, targetsOf, withPlatform } from './context.ts';
import { NotFoundError } from './failure.ts';
import { isPageName } from './failure-scope.ts';
import { isItemName, itemOf, partitionOf } from './filter.ts';
import { printObject } from './json.ts';
import { whyRecord } from './json-records.ts';
import { counted, timeText } from './list.ts';
import { cellText } from './print.ts';
import { queryLogs } from './query.ts';

export function whyCommand(): Command {
  return newCommand('why')
    .argument(
      '<subject>',
      'source/target/date, source/target/date/item, state:school:year:page, or the address of an item',
    )
    .addHelpText(
      'after',
      examples(
        'why racing/gb/2025-11-17',
        'why racing/gb/2025-11-17/4711',
        'why https://www.example.org/results/4711',
        'why "catalog_pages/New York/1861-01-01"',
        'why "Ohio:Quill Seminary:1861:3"',
      ),
    )
    .action(async (text: string, _options: object, command: Command) => {
      await withPlatform(command, async (platform, { json, place }) => {
        const { source, partition, item, page } = await subjectOf(platform, text);
        const found = await why(platform, source, partition, item, page);
        const answer = { ...found, next: stepsAt(place, found.next) };
        if (json) printObject(whyRecord(answer));
        else
          for (const [title, line] of linesOf(answer))
            console.log(`${title.padEnd(10)} ${cellText(line)}`.trimEnd());
      });
    });
}

interface Subject {
  readonly source: Source;
  readonly partition: Partition;
  readonly item: string | null;
  /** Where it was named by its true names. */
  readonly page?: PageKey;
}

async function subjectOf(platform: CommandPlatform, text: string): Promise<Subject> {
  if (/^https?:\/\//i.test(text)) return subjectAt(platform, text);
  if (isPageName(text)) return subjectOfPage(platform, text);
  return isItemName(text)
    ? itemOf(platform, text)
    : { ...partitionOf(platform, text, refuseUnknownValue), item: null };
}

/** A page by its true names, in the first table of its extraction: a row there is a page. */
async function subjectOfPage(platform: CommandPlatform, text: string): Promise<Subject> {
  const page = pageOfKey(text);
  const source = platform.sources.find((each) => extractionOf(each) !== undefined);
  if (!source) throw new NotFoundError('there is no table of pages that a model reads');
  const { value, date } = partitionOfPage(page);
  // Of a state whose first pages are on their way nothing is published.
  const pages = new PageStore(platform.state, extractionOf(source)!);
  const { revision } = await pages.get(pageKeyText(page));
  if (revision === 0) refuseUnknownValue(source, value);
  return { source, partition: { value, date }, item: itemOfPage(page), page };
}

/** Where nothing at all is published of pages, nobody knows the names of their states. */
function refuseUnknownValue(source: Source, value: string): void {
  const isUnpublished = extractionOf(source) !== undefined && source.targets.length === 0;
  if (!isUnpublished) targetsOf(source, [value]);
}

/** The item that was last asked for at an address. */
async function subjectAt(platform: CommandPlatform, address: string): Promise<Subject> {
  const url = URL.parse(address);
  if (url) url.hash = '';
  const { rows } = await queryLogs(
    platform,
    'SELECT source, target, partition_date, item_id FROM attempts WHERE url IN (?, ?) OR final_url IN (?, ?) ORDER BY attempted_at DESC LIMIT 1',
    [address, url?.href ?? address, address, url?.href ?? address],
  );
  const [row] = rows;
  if (!row) {
    throw new NotFoundError(
      `no attempt on record asked for ${cellText(address)}`,
      'ask by source/target/date/item, or by source/target/date for the whole day',
    );
  }
  const source = sourceOf(platform, String(row.source));
  const id = String(row.target);
  const value = partitionValueOf(source, source.targets.find((target) => target.id === id) ?? { id });
  const partition = { value, date: civilDate(String(row.partition_date)) };
  return { source, partition, item: String(row.item_id) };
}

type Line = readonly [title: string, text: string];

function linesOf(answer: Why): Line[] {
  return [
    [answer.name, ''],
    ['because', answer.answer],
    ...statusLine(answer),
    ...ownLines(answer),
    ...publishedLines(answer),
    currentLine(answer),
    ...answer.next.map((step): Line => ['next', stepText(step)]),
  ];
}

/** In the word of completeness, the views and the reports. */
function statusLine({ completeness }: Why): Line[] {
  if (!completeness) return [];
  const { status, reason } = completeness;
  return [['status', reason === null ? status : `${status}: ${reason}`]];
}

function ownLines(answer: Why): Line[] {
  if (answer.entities) return feedingLines(answer.entities);
  return answer.pages ? pageLines(answer.pages, answer.lastRefresh === null) : scrapingLines(answer);
}

/** How its labelled pages stood at the last scan, or how the page failed. */
function pageLines({ labelled, page }: NonNullable<Why['pages']>, isNeverSeen: boolean): Line[] {
  if (page)
    return [
      ['page', page.key],
      ...page.failures.map(({ code, message, attempt, batch, at }): Line => {
        return ['failed', `${timeText(at)} try ${attempt}: ${code} (${message}); batch ${batch}`];
      }),
    ];
  if (!labelled)
    return [['pages', isNeverSeen ? 'no publication has looked yet' : 'none was labelled at the last scan']];
  const { pages, done, inFlight, waiting, runnable, exhausted, noImage } = labelled;
  const counts = { done, 'in a batch': inFlight, waiting, runnable, exhausted, 'without an image': noImage };
  const told = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
  return [['pages', `${pages} labelled: ${told.join(', ')}`]];
}

/** The scraped partitions whose records are in a table of entities. */
function feedingLines({ feeding }: NonNullable<Why['entities']>): Line[] {
  if (feeding.length === 0) return [['fed by', 'messages alone']];
  return feeding.map(({ name, status, reason }): Line => {
    return ['fed by', `${name}, which is ${status}${reason === null ? '' : ` (${reason})`}`];
  });
}

function scrapingLines(answer: Why): Line[] {
  return [...plannedLines(answer), ...targetLines(answer), ...triedLines(answer), ...failureLines(answer)];
}

function plannedLines({ run, skip }: Why): Line[] {
  const lines: Line[] = [];
  if (!run) lines.push(['planned', 'never']);
  else {
    const { runId, status, start, end, startedAt, planned } = run;
    const how = planned === 'left-out' ? 'left out by' : 'by';
    lines.push(['planned', `${how} run ${runId} of ${timeText(startedAt)} (${start} to ${end}, ${status})`]);
  }
  if (skip) lines.push(['skipped', `since ${timeText(skip.since)} by ${skip.actor}: ${skip.reason}`]);
  return lines;
}

/** Targets that are named one by one. */
const MAX_TARGETS = 20;

/** Where each target has its own time: how many stood how that day, and those that are not whole. */
function targetLines({ targets, item }: Why): Line[] {
  if (!targets || targets.length === 0) return [];
  const lineOf = (each: (typeof targets)[number]) =>
    `${each.target}${each.name === null ? '' : ` (${each.name})`}: ${targetText(each)}`;
  if (item !== null) return targets.map((each): Line => ['target', lineOf(each)]);
  const counts = [...Map.groupBy(targets, ({ status }) => DAY_TEXT[status])].map(
    ([text, group]) => `${group.length} ${text}`,
  );
  const others = targets.filter(({ status }) => status !== 'found');
  return [
    ['targets', counts.join(', ')],
    ...others.slice(0, MAX_TARGETS).map((each): Line => ['', lineOf(each)]),
    ...(others.length > MAX_TARGETS ? [['', `and ${others.length - MAX_TARGETS} more`] as Line] : []),
  ];
}

/** Of a partition: how many, and those that went wrong. Of an item: every one. */
function triedLines(answer: Why): Line[] {
  const { attempts, item, retries } = answer;
  if (attempts.length === 0) return [['tried', 'never']];
  if (item !== null) return attempts.map((attempt): Line => ['tried', attemptText(answer, attempt)]);
  const wrong = attempts.filter(({ error_code }) => DISPOSITIONS[error_code].verdict !== 'accept');
  const [again, first] = [true, false].map((isRetry) =>
    attempts.filter(({ run_id }) => retries.includes(run_id) === isRetry),
  );
  const lines: Line[] = [];
  if (first!.length > 0) lines.push(['tried', `${countsOf(first!)} in run ${first!.at(-1)!.run_id}`]);
  if (again!.length > 0)
    lines.push([
      first!.length > 0 ? '' : 'tried',
      `${countsOf(again!)} in ${counted(retries.length, 'retry', 'retries')} of failed items`,
    ]);
  return [
    ...lines,
    ...wrong.map((attempt): Line => ['', `${attempt.item_id} ${attemptText(answer, attempt)}`]),
  ];
}

function countsOf(attempts: readonly AttemptRow[]): string {
  const counts = [...Map.groupBy(attempts, ({ error_code }) => error_code)].map(
    ([code, group]) => `${group.length} ${code}`,
  );
  return `${counted(attempts.length, 'attempt')} (${counts.join(', ')})`;
}

function attemptText(answer: Why, attempt: AttemptRow): string {
  const { attempted_at, attempt_number, error_code, capture, run_id } = attempt;
  const evidence = evidenceOf(attempt);
  const where = capture === null ? '' : `; captured in ${capture}`;
  return `${attempted_at} try ${attempt_number}: ${error_code}${evidence === '' ? '' : ` (${evidence})`}${where}; ${whoIs(answer, run_id)}`;
}

/** How each item failed and where that stands: one line each, or for a single item one for either. */
function failureLines(answer: Why): Line[] {
  return answer.failures.flatMap((failure): Line[] => {
    const status = statusText(failure, answer);
    if (answer.item !== null)
      return [
        ['failed', failedText(failure)],
        [failure.state, status],
      ];
    const { item, state } = failure;
    return isUnresolved(failure)
      ? [['failed', `${item}: ${failedText(failure)}; ${state}, ${status}`]]
      : [[state, `${item}: ${status}; it had failed with ${failure.code}`]];
  });
}

function publishedLines(answer: Why): Line[] {
  const { commits } = answer;
  const [last] = commits;
  if (!last) return [['published', 'never']];
  const before = last.rows_before === null ? '' : `, ${last.rows_before} before`;
  const reason = last.reason === null ? '' : ` (${last.reason})`;
  const by = whoIs(answer, last.run_id);
  const lines: Line[] = [
    ['published', `${last.status}${reason} at ${last.recorded_at} by ${by}: ${last.rows} rows${before}`],
  ];
  const changed = commits.find((commit) => commit.changed);
  if (changed && changed !== last)
    lines.push(['', `its rows last changed at ${changed.recorded_at} by ${whoIs(answer, changed.run_id)}`]);
  return lines;
}

function currentLine({ current }: Why): Line {
  switch (current.kind) {
    case 'none':
      return ['current', 'nothing'];
    case 'damaged':
      return ['current', current.message];
    case 'version': {
      const { version, rows, items, committedAt, committedBy, item } = current;
      const own = item ? `; the item is ${item.state} with ${counted(item.rows, 'row')}` : '';
      return [
        'current',
        `version ${version}, ${counted(rows, 'row')}, ${counted(items, 'item')}, since ${committedAt} by ${committedBy}${own}`,
      ];
    }
  }
}
