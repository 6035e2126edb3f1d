import { drawHours, type Hours, type Level, type PeriodDay } from './day.ts';
import { sitePage } from './print.ts';
import type { Draw, Make, PrintedLevel, Trouble } from './site-kind.ts';

const LEVELS: readonly Level[] = ['elementary', 'middle', 'high'];

export const allHours = ({ random }: Draw): Hours[] => LEVELS.map((level) => drawHours(level, random));
/** Levels that one page prints. */
export const onPage = (
  hours: readonly Hours[],
  page: string,
  more: Partial<PrintedLevel> = {},
): PrintedLevel[] => hours.map((one) => ({ ...one, pages: [page], ...more }));
/** A level whose day of periods one page prints. */
export const levelOfPeriods = (
  level: Level,
  day: PeriodDay,
  school: string,
  ...pages: string[]
): PrintedLevel => ({
  level,
  start: day.start,
  end: day.end,
  lunch: day.lunch,
  passing: day.passing,
  schools: [school],
  pages,
});
/** The page at a site's own address. */
export const home = (place: string, links: Readonly<Record<string, string>>) =>
  sitePage(`${place} Schools`, `<h1>Welcome to ${place}</h1><p>Enrollment is open.</p>`, links);

/** A site that is read at its own address, from one page. */
export function onePage(
  path: string,
  render: (draw: Draw, hours: readonly Hours[]) => string,
  more: Partial<PrintedLevel> = {},
): Make {
  return (draw) => {
    const hours = allHours(draw);
    return {
      address: path,
      pages: { [path]: sitePage('School hours', render(draw, hours)) },
      levels: onPage(hours, path, more),
    };
  };
}

/** A site whose own address leads on to one page. */
export function behindHome(
  path: string,
  text: string,
  render: (draw: Draw) => { body: string; title?: string; levels: PrintedLevel[] },
): Make {
  return (draw) => {
    const { body, title = 'Bell Schedule', levels } = render(draw);
    return {
      address: '/',
      pages: { '/': home(draw.place, { [path]: text }), [path]: sitePage(title, body) },
      levels,
    };
  };
}

/** A site without anything that can be read. */
export function unreadable(body: (draw: Draw) => string): Make {
  return (draw) => ({
    address: '/',
    pages: {
      '/': home(draw.place, { '/bell-schedule': 'Bell Schedule' }),
      '/bell-schedule': sitePage('Bell Schedule', body(draw)),
    },
    levels: [],
  });
}

export function troubled(trouble: Trouble): Make {
  return (draw) => ({ address: '/', pages: { '/': home(draw.place, {}) }, levels: [], trouble });
}

/** As `onePage`, of a page with its own levels. */
export function onePageOf(
  path: string,
  title: string,
  render: (draw: Draw) => { readonly body: string; readonly levels: PrintedLevel[] },
): Make {
  return (draw) => {
    const { body, levels } = render(draw);
    return { address: path, pages: { [path]: sitePage(title, body) }, levels };
  };
}
