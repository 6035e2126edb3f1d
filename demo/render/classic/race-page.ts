import { Buffer } from 'node:buffer';
import { courseWithCountry } from '../../model/courses.ts';
import { winningTimeText } from '../../model/measures.ts';
import type { Race } from '../../model/racing-day.ts';
import { fill } from '../furniture.ts';
import { escapeHtml } from '../html.ts';
import { localDateTime, twelveHour } from '../local-time.ts';
import { racePath } from '../paths.ts';
import { type RaceRendering, raceBytes } from '../race-rendering.ts';
import { runnerRows } from './runner-rows.ts';

const HEADS = ['POS', '', 'HORSE', 'JOCKEY / TRAINER', 'AGE', 'WGT', 'OR', 'TS', 'RPR', 'MR'];

/** The page of one race. Never shorter than its result, exactly as long as asked otherwise. */
export function renderClassicRace(race: Race, rendering: RaceRendering): string {
  const { furniture, damage = {} } = rendering;
  const when = localDateTime(race.date, race.off, race.country);
  const top = `<!DOCTYPE html>
<html lang="en-GB">
<head>
    <meta charset="utf-8">
    <title>${escapeHtml(`${race.off} ${race.courseName} | Full Result | ${race.date}`)}</title>
    <link rel="canonical" href="${racePath(race)}">${furniture.head}
</head>
<body class="ui-page ui-page_results">${furniture.header}
  <main class="rp-results" data-analytics-race-date-time="${when}" data-analytics-coursename="${escapeHtml(race.courseName)}" data-analytics-race-id="${race.id}">${heading(race)}
    <div class="rp-results__table">
      <table class="rp-horseTable__table">
        <thead><tr>${HEADS.map((head) => `<th>${head}</th>`).join('')}</tr></thead>
        <tbody>${damage.noRows ? '' : runnerRows(race, damage)}
        </tbody>
      </table>
    </div>${raceInfo(race)}
  </main>`;
  const bottom = `${furniture.footer}\n</body>\n</html>\n`;
  const left = raceBytes(race, rendering.pageBytes) - Buffer.byteLength(top) - Buffer.byteLength(bottom);
  return top + fill(furniture, left, String(race.id)) + bottom;
}

function heading(race: Race): string {
  const span = (name: string, text: string | null): string =>
    text === null ? '' : `\n          <span class="rp-raceTimeCourseName_${name}">${escapeHtml(text)}</span>`;
  const bands = [race.ratingBand, race.ageBand].filter((band) => band !== null).join(', ');
  return `
    <div class="rp-raceTimeCourseName">
      <h1 class="rp-raceTimeCourseName__header"><span class="rp-raceTimeCourseName__time" data-test-selector="text-raceTime">${twelveHour(race.off)}</span> <a class="rp-raceTimeCourseName__name" href="/profile/course/${race.course.id}/${race.course.slug}">
        ${escapeHtml(courseWithCountry(race.course))}
      </a></h1>
      <div class="rp-raceTimeCourseName__info">
        <h2 class="rp-raceTimeCourseName__title">
          ${escapeHtml(race.title)}
        </h2>
        <span class="rp-raceTimeCourseName__info_container">${span('class', race.classShown ? `(Class ${race.raceClass})` : null)}${span('ratingBandAndAgesAllowed', bands ? `(${bands})` : null)}${distances(race)}${span('distanceDetail', race.courseDetail)}${span('condition', race.going)}${span('hurdles', race.obstacles)}
        </span>${prizeMoney(race)}
      </div>
    </div>`;
}

/** The full distance stands before the short one, and only where it says more. */
function distances({ distance: { text, fullText } }: Race): string {
  const full =
    fullText === null
      ? ''
      : `\n          <span class="rp-raceTimeCourseName_distance" data-test-selector="block-fullDistanceInd">(${fullText})</span>`;
  return `${full}
          <span class="rp-raceTimeCourseName_distance" data-test-selector="block-distanceInd">
            ${text}
          </span>`;
}

/** One block for all places; the amounts are bare text behind their titles. */
function prizeMoney({ prizes }: Race): string {
  if (prizes.length === 0) return '';
  const places = prizes.map(
    (text, place) =>
      `<span class="rp-raceTimeCourseName__prizeMoneyTitle">${ordinal(place + 1)}</span><!-- -->${text} `,
  );
  return `
        <div class="rp-raceTimeCourseName__prizeMoney" data-test-selector="text-prizeMoney">
          ${places.join('')}
        </div>`;
}

function ordinal(place: number): string {
  const teen = place % 100 > 10 && place % 100 < 14;
  return `${place}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th')}`;
}

/**
 * The first list item: runners, times, total of prices, each value behind its label. A void race has nothing
 * there.
 */
function raceInfo(race: Race): string {
  if (race.outcome === 'void') return '\n    <div class="rp-raceInfo"></div>';
  const nonRunners = race.nonRunners.length
    ? `\n        <li><span class="rp-raceInfo__label">Non-runners:</span> <span class="rp-raceInfo__value">${escapeHtml(race.nonRunners.join(', '))}</span></li>`
    : '';
  const offTime =
    race.country === 'gb' || race.country === 'ire'
      ? `\n          <!-- -->Off time:<!-- --> <span class="rp-raceInfo__value">${twelveHour(race.off)}:${String(race.id % 60).padStart(2, '0')}</span>`
      : '';
  return `
    <div class="rp-raceInfo">
      <ul>
        <li>
          <span class="rp-raceInfo__value rp-raceInfo__value_black">${race.runners.length} ran</span>${offTime}
          <!-- -->Winning time:<!-- --> <span class="rp-raceInfo__value">${winningTimeText(race.winningTime)}</span>
          <!-- -->Total SP:<!-- --> <span class="rp-raceInfo__value">${race.totalSp}%</span>
        </li>${nonRunners}
        <li><span class="rp-raceInfo__label">Tote win:</span> <span class="rp-raceInfo__value">${escapeHtml(`£${(race.totalSp / 23).toFixed(2)}`)}</span></li>
      </ul>
    </div>`;
}
