import type * as z from 'zod';
import type { Page, PageRequest, Rejected } from './page.ts';
import type { OwnSettings } from './source-policy.ts';

/** Targets that are kept in the state store, as `targets import` puts them there. */
export interface TargetRegister {
  /** What an author may rely on; a partition column other than the id is one of them. */
  readonly attributes: z.ZodObject;
  /**
   * A target as it came from outside, by the names of its columns, or in one line why it is none.
   * @default its id and attributes as they are, held against `attributes`
   */
  normalize?(raw: Readonly<Record<string, string>>): Target | string;
  /** True where the target can be asked, or what it waits for; false is `NEEDS_URL`. @default all can */
  ready?(target: Target): boolean | NotReady;
  /** How what a target lacks is found out. */
  readonly lookUp?: LookUp;
}

/** A site's own answer to what a target lacks. */
export interface LookUp {
  /** Or in one line why nothing can be asked; undefined where the target lacks nothing. */
  request(target: Target, settings: OwnSettings): PageRequest | string | undefined;
  /** `found`: attributes to be added. `unknown`: the site answers, and does not know the target. */
  read(page: Page, target: Target): LookedUp | Rejected;
}

export type LookedUp =
  | { readonly kind: 'found'; readonly attributes: NonNullable<Target['attributes']> }
  | { readonly kind: 'unknown'; readonly message: string };

/** What a registered target lacks before it can be asked. */
export type NotReady = 'NEEDS_URL' | 'NEEDS_DETECTION' | 'NEEDS_PLATFORM_ID';

export interface Target {
  readonly id: string;
  /** The source's own facts about the target. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}
