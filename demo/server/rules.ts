import type { Fault, FaultPlan, FaultRule, Where } from '../faults.ts';

/** The rules of a plan by address, with their counters. */
export class Rules {
  readonly #byPath = new Map<string, { readonly rule: FaultRule; used: number }[]>();

  /** Throws a RangeError where a rule names a race that there is not. */
  constructor(plan: FaultPlan, pathOf: (where: Where) => string | undefined) {
    for (const rule of plan.rules) {
      const path = pathOf(rule.where);
      if (path === undefined)
        throw new RangeError(`the fault plan names no race of the site: ${JSON.stringify(rule.where)}`);
      const rules = this.#byPath.get(path) ?? [];
      rules.push({ rule, used: 0 });
      this.#byPath.set(path, rules);
    }
  }

  /** The fault that this request meets; counts it. */
  take(path: string): Fault | undefined {
    const live = this.#byPath
      .get(path)
      ?.find(({ rule, used }) => used < (rule.times ?? Number.POSITIVE_INFINITY));
    if (!live) return undefined;
    live.used++;
    return live.rule.fault;
  }
}
