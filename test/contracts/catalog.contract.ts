import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Catalog } from '../../core/ports/catalog.ts';

/** The tables that a catalog under contract must hold, empty, with the columns that partition them. */
export const catalogFixture = { racing_results: ['country', 'date'], bells: ['district', 'date'] } as const;

export interface CatalogHarness {
  open(): Promise<Catalog>;
  /** Deploys the table with one more column, where the catalog keeps columns. */
  widen(table: keyof typeof catalogFixture): Promise<void>;
  /** How many columns each partition of the table has for a query engine, where the catalog keeps them. */
  columns(table: keyof typeof catalogFixture): Promise<readonly number[]>;
  /**
   * Puts the manifest of a partition into the lake, as a commit does, and gives the address of its folder.
   */
  commit(table: keyof typeof catalogFixture, values: readonly [string, string]): Promise<string>;
  dispose(): Promise<void>;
}

/** What every catalog must do; each adapter's test calls it. */
export function catalogContract(name: string, create: () => Promise<CatalogHarness>): void {
  describe(`${name} keeps the contract of a catalog`, () => {
    let harness: CatalogHarness;
    let catalog: Catalog;
    beforeEach(async () => {
      harness = await create();
      catalog = await harness.open();
    });
    afterEach(() => harness.dispose());

    async function publish(table: keyof typeof catalogFixture, ...values: [string, string]): Promise<void> {
      const location = await harness.commit(table, values);
      await catalog.registerPartition({ table, values, location });
    }

    async function known(table: keyof typeof catalogFixture, from = catalog): Promise<string[]> {
      return (await Array.fromAsync(from.partitions(table))).map((values) => values.join('/')).sort();
    }

    it('knows no partition of a table without any', async () => {
      expect(await known('racing_results')).toEqual([]);
    });

    it('knows what was registered, with its values in the order of the columns', async () => {
      await publish('racing_results', 'gb', '2026-11-17');
      expect(await Array.fromAsync(catalog.partitions('racing_results'))).toEqual([['gb', '2026-11-17']]);
    });

    it('is content with a partition that is registered again, at once or later', async () => {
      await publish('racing_results', 'gb', '2026-11-17');
      await publish('racing_results', 'gb', '2026-11-17');
      await Promise.all(Array.from({ length: 4 }, () => publish('racing_results', 'ire', '2026-11-17')));
      expect(await known('racing_results')).toEqual(['gb/2026-11-17', 'ire/2026-11-17']);
    });

    it('keeps tables apart', async () => {
      await publish('racing_results', 'gb', '2026-11-17');
      await publish('bells', 'north', '2026-11-18');
      expect(await known('racing_results')).toEqual(['gb/2026-11-17']);
      expect(await known('bells')).toEqual(['north/2026-11-18']);
    });

    it('keeps every character that an identifier may have', async () => {
      await publish('bells', 'A-1_b.c', '2026-11-18');
      expect(await known('bells')).toEqual(['A-1_b.c/2026-11-18']);
    });

    it('sees what another handle has registered', async () => {
      await publish('racing_results', 'fr', '2026-11-17');
      expect(await known('racing_results', await harness.open())).toEqual(['fr/2026-11-17']);
    });

    it('has nothing to align where nothing is registered, or nothing has changed', async () => {
      expect(await catalog.alignPartitions('racing_results')).toEqual({ updated: 0, left: 0 });
      await publish('racing_results', 'gb', '2026-11-17');
      expect(await catalog.alignPartitions('racing_results')).toEqual({ updated: 0, left: 0 });
      expect(await (await harness.open()).alignPartitions('racing_results')).toEqual({ updated: 0, left: 0 });
    });

    it('knows again, when it is aligned, what was expected and is gone', async () => {
      await publish('racing_results', 'gb', '2026-11-17');
      const values = ['fr', '2026-11-17'] as const;
      const location = await harness.commit('racing_results', values);
      const gone = { table: 'racing_results', values, location };
      expect(await catalog.alignPartitions('racing_results', [gone])).toEqual({ updated: 0, left: 0 });
      expect(await known('racing_results')).toEqual(['fr/2026-11-17', 'gb/2026-11-17']);
    });

    it('gives the columns of its table to every partition, and changes nothing else or twice', async () => {
      const dates = Array.from({ length: 120 }, (_, day) => `2026-${String(100 + day)}`);
      for (const date of dates) await publish('racing_results', 'gb', date);
      await publish('bells', 'north', '2026-11-18');
      const before = await harness.columns('racing_results');
      await harness.widen('racing_results');
      const deployed = await harness.open();
      await deployed.registerPartition({
        table: 'racing_results',
        values: ['ire', '2026-11-18'],
        location: await harness.commit('racing_results', ['ire', '2026-11-18']),
      });
      const { updated, left } = await deployed.alignPartitions('racing_results');
      expect([0, dates.length]).toContain(updated);
      expect(left).toBe(0);
      const after = await harness.columns('racing_results');
      expect(after).toEqual(before.length === 0 ? [] : Array(dates.length + 1).fill(before[0]! + 1));
      expect(await known('racing_results')).toEqual([...dates.map((date) => `gb/${date}`), 'ire/2026-11-18']);
      const others = await harness.columns('bells');
      expect(others).toEqual(before.length === 0 ? [] : [before[0]]);
      const again = await harness.open();
      expect(await again.alignPartitions('racing_results')).toEqual({ updated: 0, left: 0 });
    });

    it('registers many partitions at the same time and lists them all', async () => {
      const dates = Array.from({ length: 120 }, (_, day) => `2026-${String(100 + day)}`);
      await Promise.all(dates.map((date) => publish('racing_results', 'gb', date)));
      expect(await known('racing_results')).toEqual(dates.map((date) => `gb/${date}`));
    });
  });
}
