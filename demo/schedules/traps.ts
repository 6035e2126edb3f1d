import { drawHours, drawPeriods } from './day.ts';
import { levelOfPeriods, onePageOf } from './makers.ts';
import { bare, sitePage, TWELVE, table } from './print.ts';
import type { Make } from './site-kind.ts';

const HEAD = ['Period', 'Start Time', 'End Time'];

const PATH = '/bell-schedule';
/** A site whose page is its own address. */
const page = (render: Parameters<typeof onePageOf>[2]): Make => onePageOf(PATH, 'Bell Schedule', render);

/** Sites on which a hasty reader finds something that is not there. */
export const TRAPS = {
  'rows of others': page(({ random, place, year }) => {
    const { start, end } = drawHours('elementary', random);
    const row = (name: string, from: number, to: number) => [name, TWELVE(from), TWELVE(to)];
    const rows = [
      row('Office hours', start - 60, end + 75),
      row('Gates open', start - 40, start - 5),
      row('Teacher hours', start - 30, end + 45),
      row('Breakfast', start - 30, start - 5),
      ['Warning bell', TWELVE(start - 5), ''],
      row('Instruction', start, start + 105),
      row('Recess', start + 105, start + 120),
      row('Instruction', start + 120, start + 200),
      row('Lunch', start + 200, start + 240),
      row('Instruction', start + 240, end),
      row('Extended care', end, 1080),
    ];
    const school = `${place} Elementary School`;
    const body = `<h1>${school} ${year} Regular Day</h1>${table(['What', 'Start', 'End'], ...rows)}`;
    return {
      body,
      levels: [
        {
          level: 'elementary',
          start,
          end,
          lunch: 40,
          recess: 15,
          schools: [school],
          pages: [PATH],
        },
      ],
    };
  }),
  'half-day kindergarten': page(({ random, year }) => {
    const { start, end } = drawHours('elementary', random);
    const line = (name: string, from: number, to: number) =>
      `<p>${name}: ${TWELVE(from)} - ${TWELVE(to)}</p>`;
    const body = `<h1>School hours ${year}</h1>${line('AM Kindergarten', start, start + 180)}${line('PM Kindergarten', end - 180, end)}${line('Grades 1-5', start, end)}`;
    return { body, levels: [{ level: 'elementary', start, end, pages: [PATH] }] };
  }),
  mistyped: page(({ random, place, year }) => {
    const day = drawPeriods(random, 'Period');
    const rows = day.parts.map(({ name, start, end }) => [
      name,
      TWELVE(name === 'Period 2' ? start + 60 : start),
      TWELVE(end),
    ]);
    const school = `${place} High School`;
    const body = `<h1>${school} Bell Schedule ${year}</h1>${table(HEAD, ['Zero bell', '7:00 AM', '7:15 PM'], ...rows)}<p>Doors are locked until 12:00 AM.</p>`;
    // The period that ends before it begins takes the gaps on both of its sides with it.
    const gap = day.passing / (day.parts.filter(({ name }) => name !== 'Lunch').length - 1);
    const passing = day.passing - 2 * gap;
    return {
      body,
      levels: [{ ...levelOfPeriods('high', { ...day, passing }, school, PATH), doubt: 'ignored-row' }],
    };
  }),
  'lunch waves': page(({ place, year }) => {
    const rows = [
      ['1st Block', '7:45 AM', '9:15 AM'],
      ['2nd Block', '9:20 AM', '10:50 AM'],
      ['3rd Block', '10:55 AM', '12:55 PM'],
      ...['A', 'B', 'C', 'D'].map((wave, at) => [
        `${wave} Lunch`,
        TWELVE(655 + 30 * at),
        TWELVE(680 + 30 * at),
      ]),
      ['4th Block', '1:00 PM', '2:30 PM'],
    ];
    const school = `${place} High School`;
    return {
      body: `<h1>${school} Bell Schedule ${year}</h1>${table(HEAD, ...rows)}`,
      levels: [
        {
          level: 'high',
          start: 465,
          end: 870,
          lunch: 25,
          passing: 15,
          schools: [school],
          pages: [PATH],
        },
      ],
    };
  }),
  'lunch per grade': page(({ random, place, year }) => {
    const { start, end } = drawHours('elementary', random);
    const lunch = (name: string, from: number) => `<li>${name} Lunch ${bare(from)} - ${bare(from + 30)}</li>`;
    const school = `${place} Elementary School`;
    const body = `<h1>${school} Daily Schedule ${year}</h1><ul><li>School begins ${TWELVE(start)}</li>${lunch('Kindergarten', 650)}${lunch('1st Grade', 675)}${lunch('2nd Grade', 700)}<li>Dismissal ${TWELVE(end)}</li></ul>`;
    return {
      body,
      levels: [{ level: 'elementary', start, end, lunch: 30, schools: [school], pages: [PATH] }],
    };
  }),
  'four days': page(({ random, year }) => {
    const { start } = drawHours('high', random);
    const end = start + 490;
    const body = `<h1>School hours ${year}</h1><p>High School: Monday-Thursday ${TWELVE(start)} - ${TWELVE(end)}</p><p>Friday: ${TWELVE(start)} - ${TWELVE(start + 240)}</p>`;
    return { body, levels: [{ level: 'high', start, end, pages: [PATH] }] };
  }),
  'A and B days': page(({ place, year }) => {
    const day = (periods: readonly string[]) =>
      `<p>Period ${periods[0]} 8:00-9:30<br>Period ${periods[1]} 9:35-11:05<br>Lunch 11:05-11:35<br>Period ${periods[2]} 11:40-1:10<br>Period ${periods[3]} 1:15-2:45</p>`;
    const school = `${place} High School`;
    const body = `<h1>${school} Bell Schedule ${year}</h1><h2>A Day (odd)</h2>${day(['1', '3', '5', '7'])}<h2>B Day (even)</h2>${day(['2', '4', '6', '8'])}<h2>Finals</h2><p>Period 1 8:00-10:00<br>Period 2 10:10-12:10</p>`;
    return {
      body,
      levels: [
        {
          level: 'high',
          start: 480,
          end: 885,
          lunch: 30,
          passing: 15,
          schools: [school],
          pages: [PATH],
        },
      ],
    };
  }),
  'two pages': (draw) => {
    const day = drawPeriods(draw.random, 'Period');
    const school = `${draw.place} High School`;
    const rows = day.parts.map(({ name, start, end }) => [name, TWELVE(start), TWELVE(end)]);
    const hours = `<h1>School hours ${draw.year}</h1><p>High School: ${TWELVE(day.start)} - ${TWELVE(day.end)}</p><p><a href="/hs/bell-schedule">High School bell schedule</a></p>`;
    return {
      address: '/school-hours',
      pages: {
        '/school-hours': sitePage('School hours', hours),
        '/hs/bell-schedule': sitePage(school, `<h1>${school} ${draw.year}</h1>${table(HEAD, ...rows)}`),
      },
      levels: [levelOfPeriods('high', day, school, '/hs/bell-schedule', '/school-hours')],
    };
  },
} satisfies Record<string, Make>;
