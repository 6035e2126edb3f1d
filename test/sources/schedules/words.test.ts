import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { activityOf } from '../../../sources/schedules/activity.ts';
import { dayTypeIn } from '../../../sources/schedules/day-type.ts';
import { gradesIn } from '../../../sources/schedules/grades.ts';
import { datedYearsIn, schoolYearOf, schoolYearsIn } from '../../../sources/schedules/school-year.ts';
import { breakWithin, durationIn, timesIn } from '../../../sources/schedules/times.ts';

describe('times', () => {
  it.each([
    ['8:00 AM', [[480]]],
    ['8:50 a.m to 3:20 p.m.', [[530, 920]]],
    ['9 a.m.-3:30 p.m.', [[540, 930]]],
    ['7:40-2:45 p.m.', [[460, 885]]],
    ['9-3:30 p.m.', [[540, 930]]],
    ['11:45 am-12:25 pm', [[705, 745]]],
    ['7:45 – 8:37', [[465, 517]]],
    ['08:10am', [[490]]],
    [
      '11:30 to noon, 12 Noon - 1:40',
      [
        [690, 720],
        [720, 820],
      ],
    ],
    ['6:00 7:00 8:00 9:00 10:00 11:00', [[360], [420], [480], [540], [600], [660]]],
    ['12:00 1:00 2:00 3:00 4:00 5:00', [[720], [780], [840], [900], [960], [1020]]],
    ['12:00 AM', [[0]]],
    ['13:05', [[785]]],
    ['7th & 8th grade, K-5, Grades 6-8, Room 12', []],
    ['2025-26, 8/12/2025, $5.00, 555-0134, 25%', []],
    ['Period 6: 11:45 am', [[705]]],
    ['Grades 6-8 8:15 am-3:00 pm', [[495, 900]]],
    ['8 to 2:45', [[480, 885]]],
    ['School hours 8 to 2:45', [[480, 885]]],
    ['from 7 until 1:50 each day', [[420, 830]]],
    ['8:15 to 3', [[495, 900]]],
    ['8:15 to 3 on Mondays', [[495, 900]]],
    ['12 to 12:30', [[720, 750]]],
    ['8:15 to 3 classrooms', [[495]]],
    ['7 - 1:15', [[795]]],
    ['Period 7 to 8:15', [[495]]],
    ['Grades 6 to 8:00', [[480]]],
    ['K-8 to 2:45', [[885]]],
    ['Sept. 8 to 2:45', [[885]]],
    ['9 to 8:30', [[510]]],
    ['8 to 3', []],
    ['9:75', []],
    ['24:00', []],
  ])('of %j are %j', (text, times) => {
    expect(
      timesIn(text).map(({ start, end }) => (end ? [start.minutes, end.minutes] : [start.minutes])),
    ).toEqual(times);
  });

  it('are kept as they are printed', () => {
    const [span] = timesIn('from 8:50 a.m to 3:20 p.m. daily');
    expect([span?.start.text, span?.end?.text]).toEqual(['8:50 a.m', '3:20 p.m.']);
  });

  it.each([
    ['Period 4 (includes 30 min lunch)', 'lunch', 30],
    ['Period 4 / Lunch: 35 minutes', 'lunch', 35],
    ['Period 4, a lunch of 25 min', 'lunch', 25],
    ['Block 2 with a 10-minute break', 'recess', 10],
    ['Lunch and Period 4 (90 min)', 'lunch', undefined],
    ['Block 2 with a 10-minute break', 'lunch', undefined],
  ] as const)('of %j a %s within is %j', (label, kind, minutes) => {
    expect(breakWithin(label, kind)).toBe(minutes);
  });

  it.each([
    ['57 min', 57],
    ['30-minute lunch', 30],
    ['Lunch: 30 minutes', 30],
    ['8:30', undefined],
  ])('that are lengths: %j is %j', (text, minutes) => expect(durationIn(text)).toBe(minutes));
});

describe('grades', () => {
  it.each([
    ['TK', ['elementary']],
    ['PK', ['elementary']],
    ['Kinder', ['elementary']],
    ['K-5', ['elementary']],
    ['K-6', ['elementary']],
    ['K-8', ['elementary', 'middle']],
    ['PK-12', ['elementary', 'middle', 'high']],
    ['Grades 1, 2, & 3', ['elementary']],
    ['7th & 8th', ['middle']],
    ['5-8', ['middle']],
    ['Grades 6-8', ['middle']],
    ['Middle School (5-8)', ['middle']],
    ['Grades 7-12', ['middle', 'high']],
    ['9th-12th Grade', ['high']],
    ['Junior High', ['middle']],
    ['Jr. High', ['middle']],
    ['Junior/Senior High', ['middle', 'high']],
    ['Intermediate', ['middle']],
    ['Intermediate (3-5)', ['elementary']],
    ['Middle & High', ['middle', 'high']],
    ['Secondary', ['middle', 'high']],
    ['Oak Hollow Elementary', ['elementary']],
    ['Carver Senior High School', ['high']],
    ['1st Hour', undefined],
    ['4th Block', undefined],
    ['2nd Period', undefined],
    ['Dogwood Academy', undefined],
    ['we expect high attendance', undefined],
    ['Room 12', undefined],
  ])('of the label %j are %j', (text, levels) => expect(gradesIn(text, 'label')?.levels).toEqual(levels));

  it.each([
    ['High school students start at', ['high']],
    ['Our middle schools begin', ['middle']],
    ['Students in grades 6-8 begin', ['middle']],
    ['We hold high hopes in the middle of the year', undefined],
  ])('of the sentence %j are %j', (text, levels) => expect(gradesIn(text, 'prose')?.levels).toEqual(levels));
});

describe('school years', () => {
  it.each([
    ['2026-06-30', '2025-26'],
    ['2026-07-01', '2026-27'],
    ['2025-12-31', '2025-26'],
    ['2000-01-01', '1999-00'],
  ])('on %s is %s', (date, year) => expect(schoolYearOf(civilDate(date))).toBe(year));

  it.each([
    ['2025-2026', ['2025-26']],
    ['2025- 2026 School Year', ['2025-26']],
    ['2024-25 and 2023/24', ['2024-25', '2023-24']],
    ['2025–2026', ['2025-26']],
    ['2025-2027', []],
    ['2025-12-26', []],
    ['555-2025-26', []],
  ])('in %j are %j', (text, years) => expect(schoolYearsIn(text)).toEqual(years));

  it.each([
    ['Note of October 1, 2018', ['2018-19']],
    ['Revised 3/4/19', ['2018-19']],
    ['Posted 2014', ['2014-15', '2013-14']],
    ['since 1912', []],
  ])('of the dates in %j are %j', (text, years) => expect(datedYearsIn(text)).toEqual(years));
});

describe('kinds of day', () => {
  it.each([
    ['Regular Day', 'regular', 0],
    ['Full day', 'regular', 0],
    ['Early Release', 'other', 0],
    ['Early Dismissal Wednesdays', 'other', 1],
    ['Minimum Day', 'other', 0],
    ['Shortened', 'other', 0],
    ['Half Day', 'other', 0],
    ['Late Start', 'other', 0],
    ['2-hour delay', 'other', 0],
    ['Assembly', 'other', 0],
    ['Finals', 'other', 0],
    ['M, T, TH, F', 'unnamed', 4],
    ['Monday-Friday', 'unnamed', 5],
    ['Mon/Tue/Thurs/Fri', 'unnamed', 4],
    ['Monday through Thursday', 'unnamed', 4],
    ['Monday-Friday except Wednesday', 'unnamed', 4],
    ['M-F', 'unnamed', 5],
    ['W', 'unnamed', 0],
    ['Bell Schedule', 'unnamed', 0],
  ])('%j is %s with %i weekdays', (text, kind, weekdays) =>
    expect(dayTypeIn(text)).toMatchObject({ kind, weekdays }),
  );

  it.each(['A Day', 'B-Day', 'Odd', 'Even'])('%j alternates', (text) =>
    expect(dayTypeIn(text).rotation).toBeDefined(),
  );
});

describe('what a row is about', () => {
  it.each([
    ['Office hours', 'aside'],
    ['Teacher hours', 'aside'],
    ['Extended care', 'aside'],
    ['After School Program', 'aside'],
    ['Gates open', 'aside'],
    ['Breakfast', 'aside'],
    ['Warning bell', 'aside'],
    ['Zero Period', 'aside'],
    ['AM Kindergarten', 'aside'],
    ['Passing', 'passing'],
    ['Lunch B', 'lunch'],
    ['Lunch / Recess', 'lunch'],
    ['Nutrition', 'recess'],
    ['Morning Recess', 'recess'],
    ['Dismissal – 4th Block', 'dismissal'],
    ['School ends', 'dismissal'],
    ['Tardy bell', 'start'],
    ['School begins', 'start'],
    ['1st Hour', 'class'],
    ['Period 6', 'class'],
    ['School hours', 'day'],
    ['Mathematics', 'other'],
  ])('%j is %s', (label, activity) => expect(activityOf(label)).toBe(activity));

  it('a period with a lunch in it is the period', () => {
    expect([activityOf('4th Block / Lunch', 120), activityOf('Period 4 Lunch', 30)]).toEqual([
      'class',
      'lunch',
    ]);
  });
});
