/** Names that a message lists at most: a source may have tens of thousands of targets. */
const MOST_NAMES = 20;

/** Names for a message of one line; of many, the first and how many more there are. */
export function namesText(names: readonly string[], most = MOST_NAMES): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
