/** Times of day, in minutes since midnight, as sites print them. */
export const TWELVE = (minutes: number): string => `${bare(minutes)} ${half(minutes).toUpperCase()}`;
export const DOTTED = (minutes: number): string => `${bare(minutes)} ${half(minutes)[0]}.m.`;
export const SMALL = (minutes: number): string => `${bare(minutes).padStart(5, '0')}${half(minutes)}`;
/** Whole hours without minutes, noon by its name. */
export const SPOKEN = (minutes: number): string => {
  if (minutes === 720) return 'noon';
  return minutes % 60 === 0 ? `${hour(minutes)} ${half(minutes)[0]}.m.` : DOTTED(minutes);
};

export function bare(minutes: number): string {
  return `${hour(minutes)}:${String(minutes % 60).padStart(2, '0')}`;
}

function hour(minutes: number): number {
  return Math.floor(minutes / 60) % 12 || 12;
}

function half(minutes: number): 'am' | 'pm' {
  return minutes < 720 ? 'am' : 'pm';
}

export function table(...rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  return `<table>\n${rows.map(line).join('\n')}\n</table>`;
}

/** A page in the frame of a school's site. */
export function sitePage(title: string, body: string, links: Readonly<Record<string, string>> = {}): string {
  const nav = Object.entries(links).map(([href, text]) => `<li><a href="${href}">${text}</a></li>`);
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/calendar">Calendar</a></li><li><a href="/news/12">News: new bell schedule ahead?</a></li><li><a href="/bus">Bus schedule</a></li>${nav.join('')}</ul></nav>
<main>
${body}
</main>
<footer><p>Office hours 7:30 AM - 4:00 PM. Copyright 2019 ${title}</p></footer>
</body>
</html>
`;
}
