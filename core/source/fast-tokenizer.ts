import { Tokenizer } from 'htmlparser2';

/** What is used of htmlparser2's tokenizer beyond its types; the version is pinned, and a test holds both readings together. */
interface Inside {
  buffer: string;
  index: number;
  readonly offset: number;
  stateText(c: number): void;
  handleInAttributeValue(c: number, quote: number): void;
  fastForwardTo(c: number): boolean;
}

const Base = Tokenizer as unknown as new (...args: ConstructorParameters<typeof Tokenizer>) => Inside;

const LESS_THAN = 0x3c;
const AMPERSAND = 0x26;
const DOUBLE_QUOTE = 0x22;

/**
 * htmlparser2's tokenizer looks at every character; this one lets `indexOf` find the end of a text and of an attribute
 * value, which are most of a page: half the time.
 */
class FastTokenizer extends Base {
  #page = '';
  #ampersand = -1;

  override stateText(c: number): void {
    super.stateText(c === LESS_THAN || c === AMPERSAND ? c : this.#skipTo('<', LESS_THAN));
  }

  override handleInAttributeValue(c: number, quote: number): void {
    const end = quote === DOUBLE_QUOTE ? '"' : "'";
    super.handleInAttributeValue(c === quote || c === AMPERSAND ? c : this.#skipTo(end, quote), quote);
  }

  /** Through scripts, styles and comments. */
  override fastForwardTo(c: number): boolean {
    const { buffer, offset } = this;
    const found = buffer.indexOf(String.fromCharCode(c), this.index + 1 - offset);
    this.index = (found < 0 ? buffer.length - 1 : found) + offset;
    return found >= 0;
  }

  /** Goes to the next `end` or ampersand and answers which; at the end of the page to its last character. */
  #skipTo(end: string, code: number): number {
    const { buffer, offset } = this;
    const from = this.index - offset;
    if (this.#page !== buffer || (this.#ampersand >= 0 && this.#ampersand < from)) {
      this.#page = buffer;
      this.#ampersand = buffer.indexOf('&', from);
      if (this.#ampersand < 0) this.#ampersand = buffer.length;
    }
    const found = buffer.indexOf(end, from);
    const at = Math.min(found < 0 ? buffer.length : found, this.#ampersand);
    this.index = Math.min(at, buffer.length - 1) + offset;
    if (at >= buffer.length) return 0;
    return at === found ? code : AMPERSAND;
  }
}

export const fastTokenizer = FastTokenizer as unknown as typeof Tokenizer;
