import { Buffer } from 'node:buffer';
import type { CivilDate } from '../../../core/calendar/civil-date.ts';
import type { Race, RacingDay } from '../../model/racing-day.ts';
import { type Furniture, fill } from '../furniture.ts';
import { escapeHtml } from '../html.ts';
import { type RaceRendering, raceBytes } from '../race-rendering.ts';
import { indexData } from './index-data.ts';
import { raceData } from './race-data.ts';

/** `pageProps` of a page of today's markup; the JSON route serves nothing else. */
export interface PageProps {
  readonly initialState: object;
}

export function indexProps(day: RacingDay, isPending: (race: Race) => boolean): PageProps {
  // A day without racing is answered like a failure.
  const data = day.meetings.length ? indexData(day, isPending) : null;
  return listProps(data, data ? null : 'An error occurred');
}

/** An index that has lost its list: the same answer as for a day without racing. */
export function lostListProps(): PageProps {
  return listProps(null, 'An error occurred');
}

function listProps(data: object[] | null, error: string | null): PageProps {
  return { initialState: { results: { data, error, isLoading: false }, user: { loggedIn: false } } };
}

export function raceProps(race: Race, damage: RaceRendering['damage'] = {}): PageProps {
  const data = raceData(race) as { runners: Record<string, unknown>[] };
  const runners = data.runners.map((runner, row) => {
    if (row === damage.invalidRow) return { ...runner, age: 'n/a' };
    if (row !== damage.shiftedRow) return runner;
    const { topspeed: _, ...rest } = runner;
    return rest;
  });
  const result = { ...data, runners: damage.noRows ? [] : runners };
  return { initialState: { raceResult: { data: result, error: null }, user: { loggedIn: false } } };
}

export interface NextRendering {
  readonly furniture: Furniture;
  readonly buildId: string;
}

/** Exactly `bytes` long unless its list needs more. */
export function renderNextIndex(
  date: CivilDate,
  props: PageProps,
  path: string,
  rendering: NextRendering & { readonly bytes: number },
): string {
  const empty = (props.initialState as { results: { data: unknown } }).results.data === null;
  const message =
    '<p class="Text_root__x1k2" data-testid="Text__NoResultsMessage">There are no results for this day</p>';
  const body = `<h1 class="Heading_root__a8z1">Results ${date}</h1>${empty ? message : ''}`;
  return page(`Horse Racing Results ${date}`, body, path, props, rendering, rendering.bytes, date);
}

export function renderNextRace(
  race: Race,
  path: string,
  rendering: RaceRendering & { readonly buildId: string },
): string {
  const rows = race.runners.map(
    ({ position, horse, sp }) =>
      `<li class="Runner_row__b77c"><span>${position}</span> <a href="/profile/horse/${horse.id}/${horse.slug}">${escapeHtml(horse.name)}</a> <span>${sp}</span></li>`,
  );
  const body = `<h1 class="Heading_root__a8z1">${escapeHtml(race.title)}</h1><ol class="Runner_list__9d0e">${rows.join('')}</ol>`;
  const bytes = raceBytes(race, rendering.pageBytes);
  const title = `${race.off} ${race.courseName} | Result | ${race.date}`;
  return page(title, body, path, raceProps(race, rendering.damage), rendering, bytes, String(race.id));
}

function page(
  title: string,
  body: string,
  path: string,
  props: PageProps,
  { furniture, buildId }: NextRendering,
  bytes: number,
  salt: string,
): string {
  const top = `<!DOCTYPE html>
<html lang="en-GB">
<head>
    <meta charset="utf-8">
    <title>${escapeHtml(title)}</title>${furniture.head}
    <script src="/_next/static/${buildId}/_buildManifest.js" defer></script>
</head>
<body>
  <div id="__next">${furniture.header}<main class="Layout_main__q0pd">${body}</main>`;
  const state = {
    props: { pageProps: props, __N_SSP: true },
    page: path,
    query: {},
    buildId,
    isFallback: false,
    gssp: true,
  };
  const bottom = `${furniture.footer}</div>
  <script id="__NEXT_DATA__" type="application/json">${scriptJson(state)}</script>
</body>
</html>
`;
  const left = bytes - Buffer.byteLength(top) - Buffer.byteLength(bottom);
  return top + fill(furniture, left, salt) + bottom;
}

/** JSON that cannot end its script. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}
