import { Buffer } from 'node:buffer';
import type { Race } from '../model/racing-day.ts';
import { fill } from './furniture.ts';
import { escapeHtml } from './html.ts';
import { type RaceRendering, raceBytes } from './race-rendering.ts';

/** The same race after a redesign: all of its names, none of the landmarks. */
export function renderChangedRace(race: Race, rendering: RaceRendering): string {
  const { furniture } = rendering;
  const cards = race.runners
    .map(
      (runner) => `
      <li class="css-1q8zr2"><div class="css-9ab41"><b>${runner.position}</b> ${escapeHtml(runner.horse.name)} <i>${runner.sp}</i></div>
        <div class="css-77fe0">${escapeHtml(runner.jockey?.name ?? '')} / ${escapeHtml(runner.trainer.name)}</div></li>`,
    )
    .join('');
  const top = `<!DOCTYPE html>
<html lang="en-GB">
<head>
    <meta charset="utf-8">
    <title>${escapeHtml(`${race.off} ${race.courseName} | Result | ${race.date}`)}</title>${furniture.head}
</head>
<body class="css-0">${furniture.header}
  <div id="__next"><div class="css-r11" role="main">
    <h1 class="css-h1">${escapeHtml(race.title)}</h1>
    <ol class="css-list">${cards}
    </ol>
  </div></div>`;
  const bottom = `${furniture.footer}\n</body>\n</html>\n`;
  const left = raceBytes(race, rendering.pageBytes) - Buffer.byteLength(top) - Buffer.byteLength(bottom);
  return top + fill(furniture, left, String(race.id)) + bottom;
}
