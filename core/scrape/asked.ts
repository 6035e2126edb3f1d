import type { Item, PageRequest, Target } from '../source/source.ts';
import type { IndexStep } from './index-walk.ts';

/** What was asked for: decides which parser reads the answer. */
export type Asked =
  | {
      readonly kind: 'index';
      readonly item: Item;
      readonly step: IndexStep;
      /** Try at this page in the run, from 1. */
      readonly attempt: number;
    }
  | {
      readonly kind: 'item';
      /** With the request that is asked: the item's own, or one that an answer asked for. */
      readonly item: Item;
      /** Which of the item's requests it is, from 0. */
      readonly page: number;
      /** All of its requests that are known by now. */
      readonly requests: readonly PageRequest[];
      /** Keys of the rows that its earlier pages gave. */
      readonly rowKeys?: ReadonlySet<string>;
      /** True where this run does not ask for the page again should the connection fail. */
      readonly isLastTry: boolean;
    }
  | {
      readonly kind: 'look-up';
      /** Its id is that of the target. */
      readonly item: Item;
      /** Which of the requests of the look-up it is, from 0. */
      readonly page: number;
      /** With what is known of it by now. */
      readonly target: Required<Target>;
    };
export type AskedIndex = Extract<Asked, { kind: 'index' }>;
export type AskedItem = Extract<Asked, { kind: 'item' }>;
export type AskedLookUp = Extract<Asked, { kind: 'look-up' }>;
