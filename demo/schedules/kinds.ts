import { drawHours, drawPeriods, type Hours, type Level } from './day.ts';
import {
  allHours,
  behindHome,
  home,
  levelOfPeriods,
  onePage,
  onePageOf,
  onPage,
  troubled,
  unreadable,
} from './makers.ts';
import { bare, DOTTED, SMALL, SPOKEN, sitePage, TWELVE, table } from './print.ts';
import type { DistrictSite, Draw, Make } from './site-kind.ts';
import { TRAPS } from './traps.ts';

const NAMES: Readonly<Record<Level, string>> = {
  elementary: 'Elementary',
  middle: 'Middle School',
  high: 'High School',
};

const lines = (hours: readonly Hours[], time: (minutes: number) => string, dash: string) =>
  hours
    .map(({ level, start, end }) => `<p>${NAMES[level]}: ${time(start)}${dash}${time(end)}</p>`)
    .join('\n');

const apptegy: Make = onePage(
  '/page/school-hours',
  ({ year }, hours) =>
    `<h1>School Hours ${year}</h1>${table(['', 'Full day', 'Early dismissal', '2-hour delay'], ...hours.map(({ level, start, end }) => [NAMES[level], `${DOTTED(start)} to ${DOTTED(end)}`, `${DOTTED(start)} to ${DOTTED(end - 150)}`, `${DOTTED(start + 120)} to ${DOTTED(end)}`]))}`,
);

const KINDS = {
  edlio: behindHome('/apps/bell_schedules', 'Bell Schedules', ({ random, place, year }) => {
    const day = drawPeriods(random, 'Period');
    const school = `${place} Middle School`;
    const rows = day.parts.map(({ name, start, end }) => [
      name,
      TWELVE(start),
      TWELVE(end),
      `${end - start} min`,
    ]);
    const head = ['Description / Period', 'Start Time', 'End Time', 'Length'];
    const short = [
      ['Period 1', TWELVE(day.start), TWELVE(day.start + 35), '35 min'],
      ['Dismissal', TWELVE(day.start + 240), '—', '—'],
    ];
    const body = `<h1>Bell Schedules ${year}</h1><h2>Early Release</h2>${table(head, ...short)}<h2>Regular Day</h2>${table(head, ['Breakfast', TWELVE(day.start - 25), TWELVE(day.start - 5), '20 min'], ...rows, ['Dismissal', TWELVE(day.end), '—', '—'])}`;
    return {
      title: `Bell Schedules – ${school}`,
      body,
      levels: [levelOfPeriods('middle', day, school, '/apps/bell_schedules')],
    };
  }),
  apptegy,
  schools: (draw) => {
    const hours = allHours(draw);
    const school = ({ level }: Hours) => `${draw.place} ${NAMES[level]}`;
    const path = ({ level }: Hours) => `/o/${level}/page/bell-times`;
    const links = Object.fromEntries(hours.map((one) => [path(one), `${school(one)} bell times`]));
    const pages = hours.map((one) => [
      path(one),
      sitePage(
        `Bell times | ${school(one)}`,
        `<h1>Bell times ${draw.year}</h1><h3>Full Day</h3><p>${DOTTED(one.start)} - ${DOTTED(one.end)}</p><h3>Early Dismissal</h3><p>${DOTTED(one.start)} - ${DOTTED(one.end - 150)}</p>`,
      ),
    ]);
    return {
      address: '/',
      pages: { '/': home(draw.place, links), ...Object.fromEntries(pages) },
      levels: hours.map((one) => ({ ...one, schools: [school(one)], pages: [path(one)] })),
    };
  },
  finalsite: behindHome('/about/bell-schedule', 'Bell Schedule', ({ random, year }) => {
    const { start, end } = drawHours('elementary', random);
    const rows = [
      [
        'Kinder',
        bare(start),
        bare(end - 15),
        `${bare(start + 90)}-${bare(start + 105)}`,
        `${bare(660)}-${bare(700)}`,
      ],
      [
        'Grades 1, 2, &amp; 3',
        bare(start),
        bare(end - 5),
        `${bare(start + 110)}-${bare(start + 125)}`,
        `${bare(680)}-${bare(720)}`,
      ],
      [
        '4th &amp; 5th',
        bare(start),
        bare(end),
        `${bare(start + 130)}-${bare(start + 145)}`,
        `${bare(720)}-${bare(760)}`,
      ],
    ];
    const body = `<h1>Bell Schedule</h1><h2>${year.slice(0, 4)} - 20${year.slice(5)}</h2>${table(['Grade', 'Start', 'End', 'Recess', 'Lunch'], ...rows)}`;
    return {
      body,
      levels: [{ level: 'elementary', start, end, lunch: 40, recess: 15, pages: ['/about/bell-schedule'] }],
    };
  }),
  blackboard: behindHome('/Page/123', 'Daily Schedule', ({ random, place, year }) => {
    const day = drawPeriods(random, 'Hour');
    const school = `${place} High School`;
    const body = `<div>${school}</div><div>School Year ${year}</div><p><strong>Regular Bell Schedule</strong></p>${day.parts.map(({ name, start, end }) => `<div>${name} ${bare(start)} – ${bare(end)}</div>`).join('')}<p><b>Assembly Schedule</b></p><div>Hour 1 ${bare(day.start)} – ${bare(day.start + 30)}</div>`;
    return { body, levels: [levelOfPeriods('high', day, school, '/Page/123')] };
  }),
  sharpschool: onePage(
    '/cms/One.aspx',
    ({ year }, hours) =>
      `<form method="post"><h2>Start &amp; Dismissal Times ${year.replace('-', '/')}</h2>${hours.map(({ level, start, end }) => `<p><b>${NAMES[level]}</b><br>Start: ${TWELVE(start)}<br>Dismissal: ${TWELVE(end)}</p>`).join('')}</form>`,
  ),
  wordpress: onePage(
    '/school-start-and-end-times/',
    ({ year }, hours) =>
      `<h1>School Start and End Times</h1><p>${year.slice(0, 5)} 20${year.slice(5)}</p>${hours.map(({ level, start, end }) => `<p>${NAMES[level]}: ${bare(start)}-${DOTTED(end)}</p>`).join('')}<h3>Athletics</h3><p>Varsity 3:30-5:30 p.m.</p>`,
  ),
  columns: onePageOf('/74457_2', 'School day', ({ random, year }) => {
    const { start, end } = drawHours('elementary', random);
    const grades = ['TK', 'K', '1', '2', '3', '4', '5', '6'];
    const cells = (from: (at: number) => string) => grades.map((_, at) => from(at));
    const lunch = (at: number) => `${bare(655 + 10 * at)}-${bare(695 + 10 * at)}`;
    const recess = (at: number) => `${bare(start + 75 + 10 * at)}-${bare(start + 90 + 10 * at)}`;
    const body = `<h1>Daily Schedule ${year}</h1>${table(['', ...grades], ['Class begins', ...cells(() => bare(start))], ['Recess', ...cells(recess)], ['Lunch', ...cells(lunch)], ['Dismissal', ...cells((at) => bare(at < 2 ? end - 60 : end))])}`;
    return {
      body,
      levels: [{ level: 'elementary', start, end, lunch: 40, recess: 15, pages: ['/74457_2'] }],
    };
  }),
  gross: onePage(
    '/bell-times',
    ({ year }, hours) =>
      `<h1>Bell Times ${year}</h1>${table(...hours.map(({ level, start, end }) => [level === 'middle' ? 'Junior High' : NAMES[level], TWELVE(start), TWELVE(end), `${end - start} min`]))}`,
  ),
  list: behindHome('/bell-schedule', 'Bell Schedule', ({ random, place, year }) => {
    const day = drawPeriods(random, 'Period');
    const school = `${place} Junior High`;
    const item = (name: string, start: number, end: number) =>
      `<li>${name}: ${TWELVE(start).toLowerCase()}-${TWELVE(end).toLowerCase()}</li>`;
    const body = `<h1>${school} Bell Schedule ${year}</h1><h2>Monday, Tuesday, Thursday, Friday</h2><ul>${item('Zero Period', day.start - 55, day.start - 5)}${day.parts.map(({ name, start, end }) => item(name, start, end)).join('')}</ul><h2>Wednesday</h2><ul>${item('Period 1', day.start + 60, day.start + 95)}${item('Period 2', day.start + 100, day.start + 135)}${item('Period 3', day.start + 140, day.start + 320)}</ul>`;
    return { body, levels: [levelOfPeriods('middle', day, school, '/bell-schedule')] };
  }),
  events: behindHome('/bells', 'Bell times', ({ random, place, year }) => {
    const { start, end } = drawHours('high', random);
    const body = `<h1>${place} High School</h1><h2>${year} Regular Schedule</h2><p>${TWELVE(start - 5)} First bell<br>${TWELVE(start)} Tardy bell, 1st Block begins<br>${TWELVE(start + 85)} Dismissal – 1st Block<br>${TWELVE(start + 90)} 2nd Block begins<br>${TWELVE(end)} Dismissal – 4th Block</p>`;
    return {
      body,
      levels: [{ level: 'high', start, end, schools: [`${place} High School`], pages: ['/bells'] }],
    };
  }),
  prose: onePage(
    '/article/55',
    ({ year }, hours) =>
      `<article><h1>Bell times for ${year}</h1><p>${hours.map(({ level, start, end }) => `${NAMES[level].replace(' School', '')} school students begin classes at ${DOTTED(start)} and dismiss at ${DOTTED(end)}`).join('. ')}.</p></article>`,
  ),
  spoken: onePage(
    '/hours',
    ({ year }, hours) =>
      `<h1>School hours ${year}</h1>${lines(hours, SPOKEN, ' to ')}<p>Kindergarten half day: ${SPOKEN(490)} to 12 Noon</p>`,
  ),
  small: onePage(
    '/hours',
    ({ year }, hours) => `<h1>School hours ${year}</h1>${lines(hours, SMALL, ' until ')}`,
  ),
  secondary: (draw) => {
    const [elementary, middle] = allHours(draw) as [Hours, Hours, Hours];
    const { start, end } = middle;
    const body = `<h1>School hours ${draw.year}</h1><p>Grades K-6: ${TWELVE(elementary.start)} - ${TWELVE(elementary.end)}</p><p>Secondary: ${TWELVE(start)} - ${TWELVE(end)}</p>`;
    return {
      address: '/hours',
      pages: { '/hours': sitePage('Hours', body) },
      levels: onPage([elementary, middle, { level: 'high', start, end }], '/hours'),
    };
  },
  subdomains: (draw) => {
    const hours = drawHours('elementary', draw.random);
    const school = `${draw.place} Elementary School`;
    const page = sitePage(
      school,
      `<h1>Bell Schedule ${draw.year}</h1><p>School hours: ${TWELVE(hours.start)} - ${TWELVE(hours.end)}</p>`,
    );
    return {
      address: '/',
      pages: {
        '/': home(draw.place, {
          '//es.{host}/bell-schedule': 'Elementary bell schedule',
          '/old-bell-schedule': 'Bell Schedule',
        }),
        'es:/bell-schedule': page,
      },
      levels: [{ ...hours, schools: [school], pages: ['es:/bell-schedule'] }],
    };
  },
  'no year': onePage('/hours', (_, hours) => `<h1>School hours</h1>${lines(hours, TWELVE, ' - ')}`, {
    doubt: 'no-year',
  }),
  'past year': unreadable(
    ({ past, random }) => `<h1>Bell times ${past}</h1>${lines([drawHours('high', random)], TWELVE, ' - ')}`,
  ),
  'past date': unreadable(
    ({ past, random }) =>
      `<h1>Bell times</h1><p>Posted August 14, ${past.slice(0, 4)}</p>${lines([drawHours('high', random)], TWELVE, ' - ')}`,
  ),
  proposal: unreadable(
    ({ year, random }) =>
      `<h1>Proposed bell times ${year}</h1>${lines([drawHours('high', random)], TWELVE, ' - ')}`,
  ),
  'unknown grade': unreadable(
    ({ year, random }) =>
      `<h1>Bell times ${year}</h1><p>School hours: ${TWELVE(480)} - ${TWELVE(900 + 5 * random.int(0, 3))}</p>`,
  ),
  pdf: unreadable(
    () => '<h1>Bell schedules</h1><p><a href="/files/hs-bell-schedule.pdf">High school bell schedule</a></p>',
  ),
  image: unreadable(
    () => '<h1>Bell schedule</h1><p>See the chart.</p><img src="/img/bell-schedule.png" alt="Bell schedule">',
  ),
  shell: unreadable(() => '<div id="root"></div><script src="/main.js"></script>'),
  login: unreadable(
    () =>
      '<form action="/login"><input name="user"><input type="password" name="word"><button>Sign in</button></form>',
  ),
  ...TRAPS,
  cloudflare: troubled('cloudflare'),
  incapsula: troubled('incapsula'),
  captcha: troubled('captcha'),
  'not found': troubled('not-found'),
  hang: troubled('hang'),
  'queue full': troubled('queue-full'),
  'busy once': (draw) => ({ ...apptegy(draw), trouble: 'busy-once' as const }),
  'no website': () => ({ pages: {}, levels: [] }),
} satisfies Record<string, Make>;

export type Kind = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];

export function siteOfKind(kind: Kind, draw: Draw): DistrictSite {
  return KINDS[kind](draw);
}
