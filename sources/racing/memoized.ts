/** Longer texts are views into their page, and would keep it alive. */
const LONGEST_KEY = 12;
const MAX_KEYS = 1000;

/** Remembers what short texts are read as: prices and margins are the same few on every page. */
export function memoized<Value>(read: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    if (text.length > LONGEST_KEY) return read(text);
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = read(text);
    if (known.size >= MAX_KEYS) known.clear();
    known.set(text, value);
    return value;
  };
}
