import { collapse } from '../../../core/source/html.ts';

/**
 * A value of a page's data with its path. A key that is missing or holds another kind of value is a fault
 * with its path,
 * `results.data[2].races[0].raceUid is missing`; null is a value. Faults of all nodes of a page are one list.
 */
export class JsonNode {
  readonly value: unknown;
  readonly faults: string[];
  readonly #parent: JsonNode | undefined;
  /** Or place in a list. */
  readonly #key: string | number;

  constructor(value: unknown, faults: string[], parent?: JsonNode, key: string | number = '') {
    this.value = value;
    this.faults = faults;
    this.#parent = parent;
    this.#key = key;
  }

  /** Made when somebody asks: most nodes have no fault. */
  get path(): string {
    const path = this.#parent?.path ?? '';
    if (typeof this.#key === 'number') return `${path}[${this.#key}]`;
    return path === '' ? this.#key : `${path}.${this.#key}`;
  }

  get isNull(): boolean {
    return this.value === null;
  }

  /** Below a null everything is null: a runner without a pedigree has no sire. */
  key(name: string): JsonNode {
    const { value } = this;
    if (value === null) return this.#below(null, name);
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.#fault('no object');
      return this.#below(null, name);
    }
    const below = (value as Record<string, unknown>)[name];
    if (below !== undefined && Object.hasOwn(value, name)) return this.#below(below, name);
    const missing = this.#below(null, name);
    this.faults.push(`${missing.path} is missing`);
    return missing;
  }

  #below(value: unknown, key: string | number): JsonNode {
    return new JsonNode(value, this.faults, this, key);
  }

  /** Texts and numbers as text, collapsed; empty for null. */
  text(): string {
    if (typeof this.value === 'string') return collapse(this.value);
    if (typeof this.value === 'number') return String(this.value);
    if (this.value !== null) this.#fault('no text');
    return '';
  }

  /** True for true; false and null are false. */
  flag(): boolean {
    if (this.value !== null && typeof this.value !== 'boolean') this.#fault('neither true nor false');
    return this.value === true;
  }

  /** The entries of a list; null for null. */
  list(): readonly JsonNode[] | null {
    if (Array.isArray(this.value)) return this.value.map((entry, at) => this.#below(entry, at));
    if (this.value !== null) this.#fault('no list');
    return null;
  }

  #fault(kind: string): void {
    this.faults.push(`${this.path} is ${kind}`);
  }
}
