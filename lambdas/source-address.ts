import type { Source } from '../core/source/source.ts';
import { variableOf } from '../runtime/setting-names.ts';

/** Names that are kept for examples (RFC 2606): nobody scrapes there. */
const EXAMPLES = /(?:^|\.)(?:example|invalid|example\.(?:com|net|org))$/;

/**
 * The variable that has to say where a deployment scrapes the source, and does not, or names an example:
 * whoever deploys has to have the right to scrape there, so the address of the definition alone is never
 * asked. Undefined where it says so, and of a source whose targets each have an address of their own.
 */
export function missingAddress(
  { name, baseUrl }: Pick<Source, 'name' | 'baseUrl'>,
  variables: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (baseUrl === undefined) return undefined;
  const variable = variableOf(name, 'URL');
  const given = URL.parse(variables[variable] ?? '');
  return given && !EXAMPLES.test(given.hostname) ? undefined : variable;
}
