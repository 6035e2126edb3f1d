import * as z from 'zod';
import { daily, decimal, defineSource } from '../../core/source/define-source.ts';
import { readJson } from '../../core/source/json.ts';
import type { Source } from '../../core/source/source.ts';

/** What the site says of a line of an entry, in all versions of the program. */
const factSchema = z.object({
  line: z.number(),
  count: z.number(),
  share: z.number().nullable(),
  code: z.string(),
  place: z.string().nullable(),
  note: z.string().nullable(),
  price: z.number(),
  large: z.number(),
  ratio: z.number(),
  day: z.string(),
  seen_at: z.string(),
  is_open: z.boolean(),
});
export type LedgerFact = z.infer<typeof factSchema>;
const indexSchema = z.object({ entries: z.array(z.string()) });

/** A version of the program: the schema of its table, and what it makes of a fact. */
interface LedgerVersion {
  readonly itemKey: string;
  readonly schema: z.ZodObject;
  rowOf(entry: string, fact: LedgerFact): Record<string, unknown>;
}

const { string, int32, int, number, boolean, iso } = z;

/** Every type that a column may have. */
const FIRST_SHAPE = {
  entry: string(),
  line: int32(),
  count: int32(),
  share: int32().nullable(),
  code: string(),
  place: string().nullable(),
  note: string().nullable(),
  price: decimal(8, 2),
  large: int(),
  ratio: number(),
  day: iso.date(),
  seen_at: iso.datetime(),
  is_open: boolean(),
};
const { place, note: _, ...kept } = FIRST_SHAPE;

/** The same with columns added at both ends, one removed, one renamed, one widened. */
const LATER_SHAPE = {
  weight: number().nullable(),
  ...kept,
  count: int(),
  town: place,
  remark: string().nullable(),
};
const { entry, ...others } = LATER_SHAPE;

/** Columns of other types, whose values of before fit, and another item key. */
const LATEST_SHAPE = {
  document: entry,
  ...others,
  share: number().nullable(),
  code: int32(),
  price: decimal(12, 4),
  is_open: string(),
};

const first = (entry: string, fact: LedgerFact) => ({
  ...fact,
  entry,
  share: fact.share === null ? null : Math.trunc(fact.share),
});
const later = (entry: string, fact: LedgerFact) => {
  const { place, note, ...same } = first(entry, fact);
  return { ...same, weight: fact.ratio / 2, town: place, remark: note };
};

const VERSIONS = {
  first: { itemKey: 'entry', schema: z.object(FIRST_SHAPE), rowOf: first },
  later: { itemKey: 'entry', schema: z.object(LATER_SHAPE), rowOf: later },
  latest: {
    itemKey: 'document',
    schema: z.object(LATEST_SHAPE),
    rowOf: (document, fact) => {
      const { entry, ...same } = later(document, fact);
      return {
        ...same,
        document: entry,
        share: fact.share,
        code: Number(fact.code),
        is_open: String(fact.is_open),
      };
    },
  },
} satisfies Readonly<Record<string, LedgerVersion>>;
export type LedgerVersionName = keyof typeof VERSIONS;

/** A source whose schema changes from one version of the program to the next. */
export function ledgerOf(name: LedgerVersionName): Source {
  const { itemKey, schema, rowOf }: LedgerVersion = VERSIONS[name];
  return defineSource({
    name: 'ledger',
    baseUrl: 'https://ledger.example',
    timeZone: 'UTC',
    cadence: daily({ at: '02:00', windowDays: 3 }),
    targets: [{ id: 'north' }, { id: 'south' }],
    table: {
      ...{ name: 'ledger_lines', partitionBy: ['office', 'date'], itemKey },
      ...{ rowKey: [itemKey, 'line'], schema, csv: true },
    },
    politeness: { minDelayMs: 0 },
    retry: { attempts: 1, intervalSeconds: 1, backoffRate: 1 },
    parserVersion: Object.keys(VERSIONS).indexOf(name) + 1,
    discover: {
      url: ({ value, date }) => `/${value}/${date}`,
      parse(page) {
        const read = readJson(page, indexSchema);
        if (read.kind === 'rejected') return read;
        const items = read.value.entries.map((id) => ({ id, url: `${page.url}/${id}` }));
        return { kind: 'items', items };
      },
    },
    parse(page, { id }) {
      const read = readJson(page, z.array(factSchema));
      if (read.kind === 'rejected') return read;
      return { kind: 'records', records: read.value.map((fact) => rowOf(id, fact)) as never };
    },
  });
}
