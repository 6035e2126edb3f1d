import { collapse } from '../../../core/source/html.ts';

/**
 * A value of a page's data with its path. A key that is missing or holds another kind of value is a fault
 * with its path,
 * `results.data[2].races[0].raceUid is missing`; null is a value. Faults of all nodes of a page are one list.
 */
export class JsonNode {
  readonly value: unknown;
  readonly path: string;
  readonly faults: string[];

  constructor(value: unknown, path: string, faults: string[]) {
    this.value = value;
    this.path = path;
    this.faults = faults;
  }

  get isNull(): boolean {
    return this.value === null;
  }

  /** Below a null everything is null: a runner without a pedigree has no sire. */
  key(name: string): JsonNode {
    const path = this.path === '' ? name : `${this.path}.${name}`;
    if (this.value === null) return new JsonNode(null, path, this.faults);
    if (typeof this.value !== 'object' || Array.isArray(this.value)) {
      this.#fault('no object');
      return new JsonNode(null, path, this.faults);
    }
    if (!Object.hasOwn(this.value, name)) {
      this.faults.push(`${path} is missing`);
      return new JsonNode(null, path, this.faults);
    }
    return new JsonNode((this.value as Record<string, unknown>)[name], path, this.faults);
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
    if (Array.isArray(this.value))
      return this.value.map((entry, at) => new JsonNode(entry, `${this.path}[${at}]`, this.faults));
    if (this.value !== null) this.#fault('no list');
    return null;
  }

  #fault(kind: string): void {
    this.faults.push(`${this.path} is ${kind}`);
  }
}
