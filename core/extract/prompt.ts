import type { RequestLine, UploadedFile } from '../ports/batch-provider.ts';
import type { PageKey } from '../ports/page-library.ts';
import type { Extraction, PromptVersion } from './extraction.ts';
import { pageKeyText } from './page-key.ts';

/** What a prompt may ask for: what the page before says. */
const VARIABLES = ['previous_context'] as const;
type Variable = (typeof VARIABLES)[number];
/** Undefined or empty: the page has no such. */
export type PromptValues = Readonly<Partial<Record<Variable, string | undefined>>>;

const NAME = /^[a-z0-9_]+\/v[0-9]+(?:\.[0-9]+)*$/;
/** `{{#name}}` to `{{/name}}`: only where it has a value; `{{name}}`: the value. */
const SECTION = /\{\{#([a-z_]+)\}\}([\s\S]*?)\{\{\/\1\}\}/g;
const PLACE = /\{\{([#/]?)([a-z_]+)\}\}/g;

/** Little chance: the same page is to be read the same way. */
const TEMPERATURE = 0.1;
const MAX_OUTPUT_TOKENS = 16_384;

/**
 * A version of a prompt, `page_ocr/v1.1`. Throws a RangeError for another form of name, an unknown variable
 * or a section without its end.
 */
export function definePrompt(name: string, text: string): PromptVersion {
  const refuse = (problem: string) => new RangeError(`prompt ${name}: ${problem}`);
  if (!NAME.test(name)) throw refuse('its name is no name/v1.1');
  const variables = new Set<string>();
  for (const [place, , variable] of text.matchAll(PLACE)) {
    if (!(VARIABLES as readonly string[]).includes(variable!)) throw refuse(`${place} is no variable`);
    variables.add(variable!);
  }
  for (const [place, mark] of text.replace(SECTION, '$2').matchAll(PLACE))
    if (mark !== '') throw refuse(`${place} is half a section`);
  return { name, text, variables: [...variables] };
}

/** The version of that name; undefined where the extraction has none. */
export function promptOf(extraction: Pick<Extraction, 'prompts'>, name: string): PromptVersion | undefined {
  return extraction.prompts.find((prompt) => prompt.name === name);
}

/** The text as it is sent. What stands in a value is text, also where it looks like a variable. */
export function fillPrompt(prompt: PromptVersion, values: PromptValues): string {
  const given = (name: string) => values[name as Variable] ?? '';
  return prompt.text
    .replace(SECTION, (_, name: string, inside: string) => (given(name) === '' ? '' : inside))
    .replace(PLACE, (_, _mark, name: string) => given(name))
    .trim();
}

/** The question that is sent for a page: the prompt, then its image. */
export function pageRequest(
  page: PageKey,
  prompt: PromptVersion,
  values: PromptValues,
  image: UploadedFile,
): RequestLine {
  return {
    key: pageKeyText(page),
    prompt: fillPrompt(prompt, values),
    image,
    temperature: TEMPERATURE,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
  };
}
