import { addDays } from '../../../core/window/civil-date.ts';
import { civilDateAt } from '../../../core/window/window.ts';

/** The command line lives in the present: it refuses dates in the future. Two days ago stays so while the tests run. */
export const TODAY = civilDateAt(Date.now(), 'Europe/London');
export const DAY = addDays(TODAY, -2);
export const ONE_DAY = ['--start', DAY, '--end', DAY];
/** Arguments of a run of one partition, and that partition's path. */
export const RUN = ['run', 'racing', ...ONE_DAY, '--target', 'gb'];
export const GB = `country=gb/date=${DAY}`;
