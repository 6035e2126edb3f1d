import { OUTCOME_CODES } from '../../../core/outcome/outcome.ts';

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
/** Maps of counts have the codes themselves for keys. */
const CODES: ReadonlySet<string> = new Set(OUTCOME_CODES);
const MOMENT = /(^|_)at$|^(since|until|now)$/;
const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/**
 * Milliseconds since 1970 of the years 2017 to 2049: what is that large is a moment that nobody has
 * converted.
 */
const ERA = { from: 1.5e12, to: 2.5e12 };

/** What breaks the rules of docs/json.md, deep inside as well: a line each. */
export function lawsBrokenIn(value: unknown, path = '$'): string[] {
  if (typeof value === 'number' && value > ERA.from && value < ERA.to)
    return [`${path}: ${value} is a moment in milliseconds`];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((inner, at) => lawsBrokenIn(inner, `${path}[${at}]`));
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(SNAKE_CASE.test(name) || CODES.has(name) ? [] : [`${path}.${name}: the name is not in snake_case`]),
    ...(MOMENT.test(name) && inner !== null && !(typeof inner === 'string' && ISO_UTC.test(inner))
      ? [`${path}.${name}: ${JSON.stringify(inner)} is no ISO 8601 in UTC`]
      : []),
    ...lawsBrokenIn(inner, `${path}.${name}`),
  ]);
}
