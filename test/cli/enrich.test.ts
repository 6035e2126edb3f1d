import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { jsonLines } from '../../cli/json-lines-input.ts';
import type { Enricher } from '../../core/enrich/enricher.ts';
import { STARTS_AT } from '../e2e/support/test-time.ts';
import { RECORDS } from '../sources/tutoring/records.ts';
import { rescrape } from './support/command-line.ts';

/** A fifth kind: this value, and its line in the list. */
const room: Enricher = {
  kind: 'room',
  table: 'rooms',
  key: 'room_id',
  schema: z.object({ room_id: z.string(), seats: z.number() }),
  derived: z.object({ is_large: z.boolean().optional() }),
  references: [],
  day: 'snapshot',
  derive: ({ seats }) => ({ is_large: (seats as number) > 20 }),
};
vi.mock('../../sources/enrichers.ts', async (original) => {
  const { ENRICHERS } = await original<typeof import('../../sources/enrichers.ts')>();
  return { ENRICHERS: [...ENRICHERS, room] };
});

const NOW = ['--now', '2024-11-07T12:00:00Z'];
const json = (value: unknown) => `${JSON.stringify(value)}\n`;
const { tutor } = RECORDS;

describe('rescrape enrich', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rescrape-enrich-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** What it says to a file; `lines`: what it printed, read. */
  async function enrich(text: string | Uint8Array, ...words: readonly string[]) {
    const path = join(directory, 'records.jsonl');
    await writeFile(path, text);
    const said = await rescrape(join(directory, 'lake'), 'enrich', '--kind', 'tutor', path, ...words);
    const lines = said.stdout.split('\n').slice(0, -1);
    return { ...said, lines: lines.map((line) => JSON.parse(line)) };
  }
  const errorsOf = (lines: readonly { errors: string[] }[]) => lines.map(({ errors }) => errors);

  it('prints the record with its derived fields, and stores nothing', async () => {
    const { code, lines, stderr } = await enrich(json({ ...tutor, nickname: 'Q' }), ...NOW);
    const derived_fields = {
      ...{ tenure_days: 297, is_new_tutor: false, experience_level: 'mid', subject_count: 2 },
    };
    expect({ code, lines, stderr }).toEqual({
      code: 0,
      stderr: '',
      lines: [
        {
          success: true,
          data: { ...tutor, nickname: 'Q', ...derived_fields },
          derived_fields,
          errors: [],
          metadata: { enriched_at: '2024-11-07T12:00:00.000Z', enricher: 'tutor' },
        },
      ],
    });
    expect(existsSync(join(directory, 'lake'))).toBe(false);
  });

  it('prints the same under --json, and at the time that RESCRAPE_NOW sets', async () => {
    const { stdout } = await enrich(json(tutor), ...NOW);
    expect((await enrich(json(tutor), ...NOW, '--json')).stdout).toBe(stdout);
    const { lines } = await enrich(json(tutor));
    const behind = Date.parse(lines[0].metadata.enriched_at) - Date.parse(STARTS_AT);
    expect(behind).toBeGreaterThanOrEqual(0);
    expect(behind).toBeLessThan(3_600_000);
  });

  it('prints a line for each record in their order, whatever is wrong with some', async () => {
    const text = [
      `\ufeff${JSON.stringify(tutor)}\r`,
      '',
      ' \t\r',
      'NaN',
      '{"tutor_id":NaN}',
      `\ufeff${JSON.stringify({ ...tutor, status: null, email: null })}`,
      '[]',
      '{"a":1}{"b":2}',
      JSON.stringify({ ...tutor, subjects: ['Math', null], onboarding_date: '2023-02-29' }),
      JSON.stringify({ ...tutor, onboarding_date: '9999-12-31' }),
    ].join('\n');
    const { code, lines, stderr } = await enrich(text, ...NOW);
    expect(lines.map(({ success }) => success)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(errorsOf(lines)).toEqual([
      [],
      ['line 4: not JSON'],
      ['line 5: not JSON'],
      ['email: missing', 'status: missing'],
      ['record: not an object'],
      ['line 8: not JSON'],
      [expect.stringMatching(/^onboarding_date: no time/), 'subjects.1: not text'],
      [],
    ]);
    expect(lines.map(({ data }) => data).slice(1, 5)).toEqual([
      null,
      null,
      { ...tutor, status: null, email: null },
      [],
    ]);
    expect(lines.every(({ derived_fields: fields }) => typeof fields === 'object')).toBe(true);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'rescrape: 6 of 8 records could not be enriched; see the errors in their lines\n',
    });
  });

  it('prints a record that failed as it came, however it is nested and whatever its numbers are', async () => {
    const deep = `{"tutor_id":12345678901234567890,"x":${'['.repeat(100_000)}1e999${']'.repeat(100_000)}}`;
    const proto = JSON.stringify(tutor).replace('{', '{"__proto__":{"status":"x"},');
    const { stdout, lines } = await enrich(`${deep}\n${proto}\n`, ...NOW);
    expect(stdout).toContain(`"data":${deep},`);
    expect(stdout).toContain(`"data":${proto},`);
    expect(lines[0].errors.slice(0, 2)).toEqual(['name: missing', 'email: missing']);
    expect(lines[1].errors).toEqual(['__proto__: no field may have this name']);
  });

  it('goes on after what is no UTF-8, a text of a megabyte, and a line without end', async () => {
    const parts = [
      Buffer.from([0x22, 0xc3, 0x28, 0x22, 0x0a]),
      json({ ...tutor, name: 'a'.repeat(1_000_000), email: 5 }),
      `"${'a'.repeat(5_000_000)}"\n`,
      json(tutor),
    ];
    const { lines } = await enrich(Buffer.concat(parts.map((part) => Buffer.from(part as string))), ...NOW);
    expect(errorsOf(lines)).toEqual([
      ['line 1: not UTF-8'],
      ['name: 1000002 bytes of JSON; a record has at most 200000', 'email: not text'],
      ['line 3: more than 2000000 bytes in one line'],
      [],
    ]);
  });

  it('has nothing to print of an empty file', async () => {
    for (const text of ['', '\n\r\n', '\ufeff'])
      expect(await enrich(text)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('knows a kind that was added to the list', async () => {
    await writeFile(join(directory, 'rooms.jsonl'), json({ room_id: 'R1', seats: 30 }));
    const { stdout } = await rescrape(directory, 'enrich', '--kind', 'room', join(directory, 'rooms.jsonl'));
    expect(JSON.parse(stdout)).toMatchObject({
      data: { room_id: 'R1', seats: 30, is_large: true },
      metadata: { enricher: 'room' },
    });
  });

  it.each([
    ['enrich'],
    ['enrich', 'push'],
    ['entities', 'list'],
    ['parked', 'retry'],
    ['dead-letters', 'redrive'],
  ])('names it in the help of %s %s', async (...words) => {
    const { stdout } = await rescrape(directory, ...words, '--help');
    expect(stdout.replace(/\s+/g, ' ')).toContain('tutor, student, session, feedback, room');
  });

  it.each([
    [['--kind', 'x', 'f'], 2, 'there is no kind "x"; there is: tutor, student, session, feedback, room'],
    [['f'], 2, '--kind is missing; there is: tutor, student, session, feedback, room'],
    [['--kind', 'tutor'], 2, "missing required argument 'file'"],
    [['--kind', 'tutor', '--now', '2023-02-29', 'f'], 2, "'2023-02-29' is invalid. give a time such as"],
    [['--kind', 'tutor', 'nowhere.jsonl'], 1, 'cannot read nowhere.jsonl: there is no such file'],
    [['--kind', 'tutor', '/'], 1, 'cannot read /: it is a directory'],
  ])('answers %j with one line and exit code %i', async (words, code, line) => {
    const said = await rescrape(join(directory, 'lake'), 'enrich', ...words);
    expect(said).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(line) });
    expect(said.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(directory, 'lake'))).toBe(false);
  });

  it('refuses a file in UTF-16', async () => {
    const { code, stderr } = await enrich(Buffer.from(`\ufeff${json(tutor)}`, 'utf16le'));
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('save it as UTF-8') });
  });

  it('reads standard input for -, and as many records as there are in the memory of a few', () => {
    const input = json(tutor).repeat(20_000);
    const words = ['enrich', '--kind', 'tutor', ...NOW, '-'];
    const bin = fileURLToPath(new URL('../../bin/rescrape.js', import.meta.url));
    const { stdout, status } = spawnSync(process.execPath, [bin, ...words], {
      ...{ input, encoding: 'utf8', cwd: directory, maxBuffer: 100_000_000 },
    });
    expect(status).toBe(0);
    expect(new Set(stdout.trimEnd().split('\n')).size).toBe(1);
    expect(stdout.match(/\n/g)).toHaveLength(20_000);
    expect(existsSync(join(directory, '.rescrape'))).toBe(false);
  });
});

describe('lines of JSON', () => {
  it('are the same wherever their bytes are cut', async () => {
    const text = `\ufeff{"a":"é😀"}\r\n\n[1,\t2]\n"x`;
    const bytes = Buffer.from(text);
    async function* cut(size: number) {
      for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
    }
    const whole = await Array.fromAsync(jsonLines(cut(bytes.length)));
    expect(whole).toEqual([
      { kind: 'json', line: 1, value: { a: 'é😀' }, text: '{"a":"é😀"}' },
      { kind: 'json', line: 3, value: [1, 2], text: '[1,\t2]' },
      { kind: 'broken', line: 4, problem: 'not JSON' },
    ]);
    for (const size of [1, 2, 3, 5, 7]) expect(await Array.fromAsync(jsonLines(cut(size)))).toEqual(whole);
  });

  it('do not fill the memory, however long one is', async () => {
    // What is only not collected yet is no memory that is held.
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    let most = 0;
    async function* endless() {
      for (let n = 0; n < 300; n++) {
        if (n % 50 === 0) {
          collect();
          most = Math.max(most, process.memoryUsage().arrayBuffers);
        }
        yield Buffer.alloc(1_000_000, 'x');
      }
      yield Buffer.from('\n1');
    }
    expect(await Array.fromAsync(jsonLines(endless()))).toEqual([
      { kind: 'broken', line: 1, problem: 'more than 2000000 bytes in one line' },
      { kind: 'json', line: 2, value: 1, text: '1' },
    ]);
    expect(most).toBeLessThan(100_000_000);
  });
});
