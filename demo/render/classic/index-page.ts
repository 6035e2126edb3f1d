import { Buffer } from 'node:buffer';
import { courseWithCountry } from '../../model/courses.ts';
import type { Meeting, Race, RacingDay } from '../../model/racing-day.ts';
import { type Furniture, fill } from '../furniture.ts';
import { escapeHtml } from '../html.ts';
import { twelveHour } from '../local-time.ts';
import { racePath } from '../paths.ts';
import { type RepeatingList, repeatingLists } from '../repeating-lists.ts';

/**
 * The index of a day: a section a meeting, a panel a race. Exactly `bytes` long unless its races need more.
 */
export function renderClassicIndex(day: RacingDay, furniture: Furniture, bytes: number): string {
  const none =
    '\n    <div class="rp-results__error" data-test-selector="text-errorMessageText">There are no results for this date.</div>';
  const top = `<!DOCTYPE html>
<html lang="en-GB">
<head>
    <meta charset="utf-8">
    <title>Horse Racing Results ${day.date}</title>${furniture.head}
</head>
<body class="ui-page ui-page_resultsList">${furniture.header}${fastResults(day)}
  <main class="rp-results rp-results_list">
    <h1>Results ${day.date}</h1>${day.meetings.length ? sections(day) : none}
  </main>`;
  const bottom = `${furniture.footer}\n</body>\n</html>\n`;
  const left = bytes - Buffer.byteLength(top) - Buffer.byteLength(bottom);
  return top + fill(furniture, left, day.date) + bottom;
}

/** Links to the same races again, outside of every section. */
function fastResults({ meetings }: RacingDay): string {
  const links = meetings.flatMap((meeting) =>
    meeting.races.map(
      (race) =>
        `\n    <li><a class="rp-fastResults__link" href="${racePath(race)}">${twelveHour(race.off)} ${escapeHtml(meeting.course.name)}</a></li>`,
    ),
  );
  return `\n  <aside class="rp-fastResults"><ul>${links.join('')}\n  </ul></aside>`;
}

function sections(day: RacingDay): string {
  const [first, ...others] = repeatingLists(day).map(repeatingSection);
  return [first, ...day.meetings.map(meetingSection), ...others].join('');
}

function repeatingSection({ id, name, races }: RepeatingList): string {
  return section(id, escapeHtml(name), races.map(racePanel).join(''));
}

/** Before and between the races of a meeting stand panels for something else, which have no id. */
function meetingSection({ course, going, abandoned, races }: Meeting): string {
  const heading = escapeHtml(`${courseWithCountry(course).toUpperCase()}${abandoned ? ' - ABANDONED' : ''}`);
  const [first = '', ...others] = races.map(racePanel);
  const promotion =
    '\n      <div class="rp-raceCourse__panel__race rp-raceCourse__panel__race_promotion"><a href="/tipping">Who wins tomorrow?</a></div>';
  const state = `\n      <p class="rp-raceCourse__panel__going">${escapeHtml(abandoned ?? going)}</p>`;
  return section(course.id, heading, state + detailsPanel(races) + first + promotion + others.join(''));
}

/** Its link to the times of the meeting looks like the address of a race. */
function detailsPanel([race]: readonly Race[]): string {
  const times = race ? racePath(race).replace(/[^/]+$/, 'winning-times') : '/results';
  return `
      <div class="rp-raceCourse__panel__race rp-raceCourse__panel__race"><span>Meeting details</span>
        <a class="rp-raceCourse__panel__details__analysis__link" href="${times}">Analysis of winning times</a></div>`;
}

function section(id: number, heading: string, body: string): string {
  return `
    <section class="rp-resultsWrapper__section ui-accordion__row" data-course-id="${id}" data-test-selector="course-container">
      <h2 class="rp-raceCourse__panel__header" data-test-selector="course-name">
        ${heading}
      </h2>${body}
    </section>`;
}

/** Half a dozen elements link the race, and only one of them names it. */
function racePanel(race: Race): string {
  const path = racePath(race);
  const time = twelveHour(race.off);
  return `
      <div class="rp-raceCourse__panel__race" data-diffusion-race-id="${race.id}" data-diffusion-racetime="${time}" data-test-selector="race-container">
        <div class="rp-raceCourse__panel__race__time" href="${path}">
          <span data-test-selector="text-raceTime">${time}</span>
        </div>
        <div class="rp-raceCourse__panel__race__info">
          <a class="rp-raceCourse__panel__race__info__title__link" href="${path}" data-test-selector="link-listCourseNameLink">
            ${escapeHtml(race.title)}
          </a>
        </div>${panelBody(race)}
        <div class="rp-raceCourse__panel__race__info__buttons">
          <a class="ui-btn" href="${path}" data-test-selector="button-fullResult">Full result</a>
          <a class="ui-btn" href="${path}#fullReplay-resultList" data-test-selector="button-replay">Replay</a>
          <div class="rp-raceCourse__panel__race__cover" href="${path}"></div>
        </div>
      </div>`;
}

function panelBody(race: Race): string {
  const note = { abandoned: 'Abandoned', void: 'Void' }[race.outcome as string];
  if (note) return `\n        <span class="rp-raceCourse__panel__race__state">${note}</span>`;
  const first = race.runners.slice(0, 3).map(
    ({ position, horse, sp }) => `
          <li>${position} <a href="/profile/horse/${horse.id}/${horse.slug}">${escapeHtml(horse.name)}</a> ${sp}</li>`,
  );
  return `
        <ol class="rp-raceCourse__panel__race__first">${first.join('')}
        </ol>
        <a class="rp-raceCourse__panel__race__ran" href="${racePath(race)}">${race.runners.length} ran</a>`;
}
