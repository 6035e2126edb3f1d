import { Buffer } from 'node:buffer';
import type { Race } from '../model/racing-day.ts';
import { type Furniture, fill } from './furniture.ts';
import { escapeHtml } from './html.ts';
import { localDateTime } from './local-time.ts';
import { racePath } from './paths.ts';
import { type RowDamage, runnerRows } from './runner-rows.ts';

export interface RaceRendering {
  /** Bytes of a page with 12 runners; a runner more or less is 3 % of it. */
  readonly pageBytes: number;
  readonly furniture: Furniture;
  /** Races of the same meeting, for the strip of times. */
  readonly siblings: readonly Race[];
  readonly damage?: RowDamage & { readonly noRows?: boolean };
}

/** The page of one race. Never shorter than its result, exactly as long as asked otherwise. */
export function renderRace(race: Race, rendering: RaceRendering): string {
  const { furniture, siblings, damage = {} } = rendering;
  const when = localDateTime(race.date, race.off);
  const top = `<!DOCTYPE html>
<html lang="en-GB">
<head>
    <meta charset="utf-8">
    <title>${escapeHtml(`${race.off} ${race.courseName} | Full Result | ${race.date}`)}</title>
    <link rel="canonical" href="${racePath(race)}">${furniture.head}
</head>
<body class="ui-page ui-page_results">${furniture.header}
  <main class="rp-results" data-analytics-race-date-time="${when}" data-analytics-coursename="${escapeHtml(race.courseName)}" data-analytics-race-id="${race.id}">
    <nav class="rp-raceTimes">${siblings.map((one) => `<a class="rp-raceTimes__link" href="${racePath(one)}">${one.off}</a>`).join(' ')}</nav>${heading(race)}
    <div class="rp-results__table">
      <table class="rp-horseTable__table">
        <thead><tr><th>POS.</th><th>HORSE</th><th>JOCKEY/TRAINER</th><th>AGE</th><th>WGT</th><th>OR</th><th>TS</th><th>RPR</th></tr></thead>
        <tbody>${damage.noRows ? '' : runnerRows(race, damage)}
        </tbody>
      </table>
    </div>${raceInfo(race)}
  </main>`;
  const bottom = `${furniture.footer}\n</body>\n</html>\n`;
  const target = Math.round(rendering.pageBytes * (1 + 0.03 * (race.runners.length - 12)));
  const left = target - Buffer.byteLength(top) - Buffer.byteLength(bottom);
  return top + fill(furniture, left, String(race.id)) + bottom;
}

function heading(race: Race): string {
  const span = (name: string, text: string | null): string =>
    text === null ? '' : `\n          <span class="rp-raceTimeCourseName_${name}">${escapeHtml(text)}</span>`;
  const bands = [race.ratingBand, race.ageBand].filter((band) => band !== null).join(', ');
  const prizes = ['Prize money', ...race.prizes].map(
    (text) =>
      `\n          <div class="rp-raceTimeCourseName__prize" data-test-selector="text-prizeMoney">${text}</div>`,
  );
  return `
    <div class="rp-raceTimeCourseName">
      <h1 class="rp-raceTimeCourseName__header"><span class="rp-raceTimeCourseName__time" data-test-selector="text-raceTime">${race.off}</span> <a class="rp-raceTimeCourseName__name" href="/profile/course/${race.course.id}/${race.course.slug}">${escapeHtml(race.courseName)}</a></h1>
      <div class="rp-raceTimeCourseName__info">
        <h2 class="rp-raceTimeCourseName__title">
          ${escapeHtml(race.title)}
        </h2>
        <span class="rp-raceTimeCourseName__info_container">${span('class', race.classShown ? `(Class ${race.raceClass})` : null)}${span('ratingBandAndAgesAllowed', bands ? `(${bands})` : null)}
          <span class="rp-raceTimeCourseName_distance" data-test-selector="block-distanceInd">
            ${race.distance.text}
          </span>
          <span class="rp-raceTimeCourseName_distance" data-test-selector="block-fullDistanceInd">(${race.distance.fullText})</span>${span('distanceDetail', race.courseDetail)}${span('condition', race.going)}${span('hurdles', race.obstacles)}
        </span>${race.prizes.length ? prizes.join('') : ''}
      </div>
    </div>`;
}

/** The first list item: runners, winning time, total of prices, each value behind its label. */
function raceInfo(race: Race): string {
  const nonRunners = race.nonRunners.length
    ? `\n        <li><span class="rp-raceInfo__label">Non-runners:</span> <span class="rp-raceInfo__value">${escapeHtml(race.nonRunners.join(', '))}</span></li>`
    : '';
  return `
    <div class="rp-raceInfo">
      <ul>
        <li>
          <span class="rp-raceInfo__value rp-raceInfo__value_black">${race.runners.length} ran</span>
          Winning time: <span class="rp-raceInfo__value">${race.winningTime.text}</span>
          Total SP: <span class="rp-raceInfo__value">${race.totalSp}%</span>
        </li>${nonRunners}
        <li><span class="rp-raceInfo__label">Tote win:</span> <span class="rp-raceInfo__value">${escapeHtml(`£${(race.totalSp / 23).toFixed(2)}`)}</span></li>
      </ul>
    </div>`;
}
