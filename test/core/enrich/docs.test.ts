import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { enrichRecord } from '../../../core/enrich/engine.ts';
import { enrichmentMessageSchema } from '../../../core/enrich/message.ts';
import { ENRICHERS } from '../../../sources/enrichers.ts';

const page = readFileSync(new URL('../../../docs/enrichment.md', import.meta.url), 'utf8');

it('docs/enrichment-message.schema.json is the schema of a message, as the code has it', async () => {
  const schema = z.toJSONSchema(enrichmentMessageSchema(), {
    io: 'input',
    // `format` says the same in one word.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  const path = '../../../docs/enrichment-message.schema.json';
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(path);
});

it('docs/enrichment.md shows a message that is one', () => {
  const shown = /```json\n(\{\n {2}"schema_version"[^`]*)```/.exec(page)?.[1] ?? 'null';
  const { record } = enrichmentMessageSchema().parse(JSON.parse(shown));
  const student = ENRICHERS.find(({ kind }) => kind === 'student')!;
  expect(enrichRecord(student, record, 0, {}).kind).toBe('enriched');
});

it.each(ENRICHERS)(
  'docs/enrichment.md tells of every field of a $kind, and which are required',
  (enricher) => {
    const { kind, table, schema, derived } = enricher;
    const row = page.split('\n').find((line) => line.startsWith(`| ${kind} | ${table} |`));
    const required = Object.entries(schema.shape).filter(([, field]) => !field.safeParse(undefined).success);
    const named = (row?.match(/`\w+`/g) ?? []).map((name) => name.slice(1, -1));
    const inBold = (row?.match(/\*\*`\w+`\*\*/g) ?? []).map((name) => name.slice(3, -3));
    expect(named.toSorted()).toEqual(Object.keys(schema.shape).toSorted());
    expect(inBold.toSorted()).toEqual(required.map(([name]) => name).toSorted());
    for (const name of Object.keys(derived.shape)) expect(page).toContain(`| \`${name}\` | `);
  },
);
