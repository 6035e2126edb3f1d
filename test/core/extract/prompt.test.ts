import { describe, expect, it } from 'vitest';
import { definePrompt, fillPrompt, pageRequest, promptOf } from '../../../core/extract/prompt.ts';

const prompt = definePrompt(
  'p/v1',
  'Read.\n{{#previous_context}}Before: {{previous_context}}!\n{{/previous_context}}Now.',
);

describe('a prompt', () => {
  it('has its variable where there is a value, and no trace of it where there is none', () => {
    expect(fillPrompt(prompt, { previous_context: 'x' })).toBe('Read.\nBefore: x!\nNow.');
    for (const previous_context of ['', undefined])
      expect(fillPrompt(prompt, { previous_context })).toBe('Read.\nNow.');
    expect(prompt.variables).toEqual(['previous_context']);
    expect(definePrompt('p/v1', 'Read.').variables).toEqual([]);
  });

  it('takes a value as it is: no pattern of a replacement, no variable', () => {
    const hostile = '$& $1 $$ {{previous_context}} {{/previous_context}} {{#previous_context}}';
    expect(fillPrompt(prompt, { previous_context: hostile })).toBe(`Read.\nBefore: ${hostile}!\nNow.`);
  });

  it.each([
    ['v1', 'x'],
    ['p/1.1', 'x'],
    ['../p/v1', 'x'],
    ['p/v1', '{{page}}'],
    ['p/v1', '{{#previous_context}}'],
    ['p/v1', 'x{{/previous_context}}'],
  ])('is refused: %s %s', (name, text) => {
    expect(() => definePrompt(name, text)).toThrow(RangeError);
  });

  it('is found by its version', () => {
    const prompts = [prompt, definePrompt('p/v1.1', 'x')];
    expect(promptOf({ prompts }, 'p/v1.1')).toBe(prompts[1]);
    expect(promptOf({ prompts }, 'p/v2')).toBeUndefined();
  });

  it('is sent with its page and image, at a low temperature', () => {
    const image = { kind: 'uploaded', uri: 'https://files.example/1', mimeType: 'image/png' } as const;
    const page = { state: 'A', school: "St. Mary's", year: 1850, page: 1 };
    expect(pageRequest(page, prompt, {}, image)).toEqual({
      key: "A:St. Mary's:1850:1",
      prompt: 'Read.\nNow.',
      image,
      temperature: 0.1,
      maxOutputTokens: 16_384,
    });
  });
});
