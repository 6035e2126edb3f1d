import type { CivilDate } from '../../core/calendar/civil-date.ts';
import type { LocalPlatform } from '../../runtime/local.ts';
import { openLocalWarehouse } from '../../runtime/local-warehouse.ts';

/** What a crawl found otherwise than the one before, in options of products. */
export interface MenuChanges {
  readonly appeared: number;
  readonly gone: number;
  readonly prices: number;
  /** In stock or not, or another quantity. */
  readonly stock: number;
}

interface MenuRow {
  readonly state: string;
  readonly store_id: string;
  readonly price: number | null;
  readonly special_price: number | null;
  readonly in_stock: boolean;
  readonly quantity: number | null;
}

/** The newest menu of each store since a date: its rows by product and option. */
export type Menus = ReadonlyMap<string, ReadonlyMap<string, MenuRow>>;

export async function menusSince(platform: LocalPlatform, date: CivilDate): Promise<Menus> {
  const warehouse = await openLocalWarehouse(platform);
  try {
    const { rows } = await warehouse.query(
      `SELECT state, store_id, product_id, option, price, special_price, in_stock, quantity FROM menu_products
       WHERE date >= ? QUALIFY date = max(date) OVER (PARTITION BY store_id)`,
      [date],
    );
    const menus = new Map<string, Map<string, MenuRow>>();
    for (const row of rows as unknown as (MenuRow & { product_id: string; option: string })[]) {
      const menu = menus.get(row.store_id) ?? new Map<string, MenuRow>();
      menus.set(row.store_id, menu.set(JSON.stringify([row.product_id, row.option]), row));
    }
    return menus;
  } finally {
    await warehouse.close();
  }
}

/** By state, of the stores that both have. */
export function menuChanges(before: Menus, after: Menus): Map<string, MenuChanges> {
  const changes = new Map<string, MenuChanges>();
  for (const [store, now] of after) {
    const was = before.get(store);
    const state = [...now.values()][0]?.state;
    if (!was || state === undefined) continue;
    const sum = changes.get(state) ?? { appeared: 0, gone: 0, prices: 0, stock: 0 };
    const stayed = [...now].flatMap(([key, row]) => {
      const old = was.get(key);
      return old ? [[old, row] as const] : [];
    });
    changes.set(state, {
      appeared: sum.appeared + now.size - stayed.length,
      gone: sum.gone + was.size - stayed.length,
      prices: sum.prices + stayed.filter(([old, row]) => isOtherPrice(old, row)).length,
      stock: sum.stock + stayed.filter(([old, row]) => isOtherStock(old, row)).length,
    });
  }
  return changes;
}

function isOtherPrice(a: MenuRow, b: MenuRow): boolean {
  return a.price !== b.price || a.special_price !== b.special_price;
}

function isOtherStock(a: MenuRow, b: MenuRow): boolean {
  return a.in_stock !== b.in_stock || a.quantity !== b.quantity;
}
