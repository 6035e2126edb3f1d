import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { civilDateAt } from '../../../core/calendar/window.ts';
import { completeness } from '../../../core/completeness/completeness.ts';
import { why } from '../../../core/explain/why.ts';
import { type ExtractContext, extractContext } from '../../../core/extract/extract-context.ts';
import { itemOfPage, partitionOfPage } from '../../../core/extract/page-key.ts';
import { type RunOptions, runExtraction } from '../../../core/extract/run-extraction.ts';
import { type ExtractSettings, extractSettingsSchema } from '../../../core/extract/settings.ts';
import type { Platform } from '../../../core/platform.ts';
import type { PublicationOptions } from '../../../core/publish-derived/publish-partition.ts';
import { publishExtraction } from '../../../core/publish-extraction/publish-extraction.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { EXTRACTIONS } from '../../../sources/extractions.ts';
import { query } from '../../e2e/support/sql.ts';
import { goodPlan, PlayedProvider, type ProviderPlan, textLine } from '../extract/support/played-provider.ts';
import { ListedLibrary, page, SleepingClock } from '../extract/support/world.ts';

export const BOOK = "Ohio:St. Mary's:1851";
export const pagesOf = (...numbers: number[]) => numbers.map((number) => `${BOOK}:${number}`);

/** What a model says of a page that lists these courses. */
export function answerText(text: string, courses: readonly string[] = []): string {
  return JSON.stringify({
    raw_ocr: {
      text_blocks: [{ block_id: 1, position: 'top', text, font_style: 'roman' }],
      layout_description: 'one column',
    },
    page_info: { page_number: '7', is_complete_page: true, content_type: 'courses' },
    school_name: null,
    catalog_year: '1851',
    academic_year: null,
    courses: courses.map((course_name) => ({
      course_name,
      ...{ department: null, level: null, topics: null, term: null, instructors: null, description: null },
      textbooks: [],
    })),
  });
}

/** Answers of the model by page key; what is not valid JSON is a failure. */
export type Answers = Record<string, string>;

/** A platform over real files, a library and a provider that are played, and the real catalogues. */
export class CatalogWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'rescrape-catalogs-'));
  readonly clock = new SleepingClock();
  readonly platform: LocalPlatform;
  readonly answers: Answers = {};
  keys: readonly string[];
  readonly withoutImage: readonly string[];
  readonly provider: PlayedProvider;
  readonly #settings: Partial<ExtractSettings>;

  constructor(
    keys: readonly string[],
    {
      plan = {},
      settings = {},
      withoutImage = [],
    }: {
      readonly plan?: Partial<ProviderPlan>;
      readonly settings?: Partial<ExtractSettings>;
      readonly withoutImage?: readonly string[];
    } = {},
  ) {
    this.keys = keys;
    this.withoutImage = withoutImage;
    this.#settings = settings;
    const answered = goodPlan(() => '', {
      lines: ({ requests }) =>
        requests.map(({ key }) => textLine(key, this.answers[key] ?? answerText(key, [`on ${key}`]))),
      durationMs: () => 20_000,
      ...plan,
    });
    this.provider = new PlayedProvider(answered, () => this.clock.now());
    this.platform = openLocalPlatform({ directory: this.directory, env: {}, clock: this.clock, sources: [] });
  }

  /** An orchestrator. */
  context(platform: Platform = this.platform): ExtractContext {
    return extractContext({
      extraction: EXTRACTIONS.find(({ name }) => name === 'catalogs')!,
      settings: extractSettingsSchema().parse({
        model: 'played-1',
        promptVersion: 'page_ocr/v1.1',
        prices: { input: 1, output: 10 },
        ...this.#settings,
      }),
      provider: this.provider,
      library: new ListedLibrary(this.keys, this.withoutImage),
      state: platform.state,
      lake: platform.lake,
      clock: this.clock,
      newId: platform.newId,
      tell: () => {},
    });
  }

  run(options?: RunOptions) {
    return runExtraction(this.context(), options);
  }

  publish(options: PublicationOptions = {}, platform: Platform = this.platform) {
    return publishExtraction(platform, this.context(platform), { isAlone: true, ...options });
  }

  /** What became of each partition. */
  async published(options: PublicationOptions = {}): Promise<string[]> {
    const { partitions } = await this.publish(options);
    return partitions.map(({ name, outcome }) =>
      outcome.kind === 'published' ? `${name} ${outcome.result.status}` : `${name} claimed`,
    );
  }

  query(sql: string) {
    return query(this.platform, sql);
  }

  source(table: string) {
    return this.platform.sources.find((source) => source.table.name === table)!;
  }

  async report(table: string) {
    const now = this.clock.now();
    return completeness(this.platform.state, this.source(table), {
      start: civilDate('1000-01-01'),
      end: civilDate('9999-12-31'),
      today: civilDateAt(now, 'UTC'),
      now,
      sources: this.platform.sources,
    });
  }

  /** How the date of the book stands. */
  async judged(table: string, book = BOOK) {
    const { targets } = await this.report(table);
    const { value, date } = partitionOfPage(page(`${book}:1`));
    const judged = targets.find(({ target }) => target === value)?.dates.find((each) => each.date === date);
    if (!judged) return undefined;
    const { status, reason, expected, found, empty, failed, pending } = judged;
    return { status, reason, expected, found, empty, failed, pending };
  }

  why(table: string, key: string) {
    return why(this.platform, this.source(table), partitionOfPage(page(key)), itemOfPage(page(key)));
  }

  /** Of the whole date to which this page belongs. */
  whyDate(table: string, key: string) {
    return why(this.platform, this.source(table), partitionOfPage(page(key)), null);
  }

  async close(): Promise<void> {
    await this.platform.close();
    rmSync(this.directory, { recursive: true });
  }
}
