import type { Race, Runner } from './racing-day.ts';

/**
 * The race as the site first tells it: no ratings, no close-ups, and for the second horse a price that is
 * corrected later.
 */
export function provisional(race: Race): Race {
  return { ...race, runners: race.runners.map(firstReport) };
}

function firstReport(runner: Runner, row: number): Runner {
  const price = row === 1 ? { sp: '28/1', decimal: 29 } : {};
  return { ...runner, ...price, rpr: null, topspeed: null, comment: 'Comment to follow', betting: null };
}
