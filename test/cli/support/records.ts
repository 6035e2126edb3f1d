import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rescrape, rescrapeJson, type Said } from './command-line.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const tutor = (id: string, more: Fields = {}): Fields => ({
  tutor_id: id,
  name: `Tutor ${id}`,
  email: `${id}@example.org`,
  onboarding_date: '2026-01-15',
  status: 'active',
  subjects: ['Algebra', 'Physics'],
  ...more,
});
export const student = (id: string, more: Fields = {}): Fields => ({
  student_id: id,
  name: `Student ${id}`,
  ...more,
});
export const session = (id: string, more: Fields = {}): Fields => ({
  session_id: id,
  tutor_id: 't-1',
  student_id: 'u-1',
  scheduled_start: '2026-11-21T18:00:00+01:00',
  duration_minutes: 60,
  subject: 'Algebra',
  ...more,
});
export const feedback = (id: string, more: Fields = {}): Fields => ({
  feedback_id: id,
  session_id: 's-1',
  student_id: 'u-1',
  tutor_id: 't-1',
  overall_rating: 5,
  submitted_at: '2026-11-22T09:30:00Z',
  ...more,
});

/** A record as `entities list --json` prints it. */
export interface StoredRecord {
  readonly kind: string;
  readonly key: string;
  readonly record: Fields;
  readonly derived: Fields;
}

/** A directory to work in, and files of records beside it. */
export class RecordsDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'rescrape-records-'));
  readonly lake = join(this.path, 'lake');
  #files = 0;

  file(lines: readonly (Fields | string)[]): string {
    const path = join(this.path, `records-${++this.#files}.jsonl`);
    writeFileSync(
      path,
      lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
    );
    return path;
  }

  push(kind: string, lines: readonly (Fields | string)[], ...words: string[]): Promise<Said> {
    return rescrape(this.lake, 'enrich', 'push', '--kind', kind, ...words, this.file(lines));
  }

  cli(...words: string[]): Promise<Said> {
    return rescrape(this.lake, ...words);
  }

  json<T>(...words: string[]): Promise<T> {
    return rescrapeJson(this.lake, ...words) as Promise<T>;
  }

  /** The things of the list that it prints. */
  async items<T>(...words: string[]): Promise<readonly T[]> {
    return (await this.json<{ readonly items: readonly T[] }>(...words)).items;
  }

  /** Stored records that match. */
  entities(...words: string[]): Promise<readonly StoredRecord[]> {
    return this.items('entities', 'list', ...words);
  }

  async work(...words: string[]): Promise<Said> {
    return this.cli('worker', '--only', 'enrichment', '--once', ...words);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
