import { Buffer } from 'node:buffer';
import type { Meeting, Race, RacingDay } from '../model/racing-day.ts';
import { type Furniture, fill } from './furniture.ts';
import { escapeHtml } from './html.ts';
import { racePath } from './paths.ts';

/** The index of a day: a panel a meeting, a link a race. Exactly `pageBytes` long unless its races need more. */
export function renderIndex(day: RacingDay, furniture: Furniture, pageBytes: number): string {
  const none = '\n    <p class="rp-results__none">No results for this day.</p>';
  const top = `<!DOCTYPE html>
<html lang="en-GB">
<head>
    <meta charset="utf-8">
    <title>Horse Racing Results ${day.date}</title>${furniture.head}
</head>
<body class="ui-page ui-page_resultsList">${furniture.header}
  <main class="rp-results rp-results_list" data-analytics-date="${day.date}">
    <h1>Results ${day.date}</h1>${day.meetings.length ? day.meetings.map(panel).join('') : none}
  </main>`;
  const bottom = `${furniture.footer}\n</body>\n</html>\n`;
  const left = pageBytes - Buffer.byteLength(top) - Buffer.byteLength(bottom);
  return top + fill(furniture, left, day.date) + bottom;
}

function panel(meeting: Meeting): string {
  const heading = `<h2 class="rp-raceCourse__panel__heading">${escapeHtml(meeting.label)} <small>${escapeHtml(meeting.going)}</small></h2>`;
  const body = meeting.abandoned
    ? `\n      <p class="rp-raceCourse__panel__abandoned">Meeting abandoned - ${escapeHtml(meeting.abandoned)}</p>`
    : meeting.races.map((race) => raceLine(meeting, race)).join('');
  return `
    <section class="rp-raceCourse__panel" data-course-id="${meeting.course.id}">
      ${heading}${body}
    </section>`;
}

function raceLine(meeting: Meeting, race: Race): string {
  return `
      <div class="rp-raceCourse__panel__race" data-diffusion-racetime="${race.off}">
        <span class="rp-raceCourse__panel__race__time" data-test-selector="text-raceTime">${race.off}</span>
        <a class="rp-raceCourse__panel__race__info__title__link" href="${racePath(race)}" data-test-selector="link-listCourseNameLink">
          <span>${escapeHtml(meeting.label)}</span>
        </a>
        <p class="rp-raceCourse__panel__race__title">${escapeHtml(race.title)} - ${race.runners.length} ran</p>
        <a class="rp-raceCourse__panel__race__winner" href="/profile/horse/${race.runners[0]?.horse.id}/${race.runners[0]?.horse.slug}">${escapeHtml(race.runners[0]?.horse.name ?? '')}</a>
      </div>`;
}
