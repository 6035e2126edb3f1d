/** Numbers as people read them, the same on every machine: no locale. */

/** `12 345`, with a narrow no-break space. */
export function wholeNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** `1 item`, `3 items`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${wholeNumber(count)} ${count === 1 ? one : many}`;
}

/** `its row is there`, `its 3 rows are there`. `which`: of what they are, behind the word. */
export function itsRows(rows: number, [one, many]: readonly [string, string], which = ''): string {
  return rows === 1 ? `its row${which} ${one}` : `its ${wholeNumber(rows)} rows${which} ${many}`;
}

/** Milliseconds as `41.2 s`, `3 min 12 s` or `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${wholeNumber(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in powers of ten: `842 B`, `33.7 MB`. */
export function byteSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 999.95 && unit < UNITS.length - 1; unit++) value /= 1000;
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** An ISO 8601 instant as `2025-11-17 01:30 UTC`. */
export function instant(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
