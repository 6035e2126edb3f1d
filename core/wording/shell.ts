/** What a POSIX shell takes literally without quotes. */
const PLAIN_WORD = /^[A-Za-z0-9_./:@%+=,-]+$/;

/** Words as they are typed in a shell, each quoted where it would be read otherwise. */
export function shellText(...words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
