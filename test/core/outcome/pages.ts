import type { BlockType } from '../../../core/outcome/outcome.ts';
import type { HttpResponse } from '../../../core/ports/http-client.ts';

/** Sentences enough to make a page of the wanted size, so that size never gives a case away by itself. */
export function prose(characters: number): string {
  const sentence = '<p>The going is good to soft and the stewards report no change since declaration.</p>\n';
  return sentence.repeat(Math.ceil(characters / sentence.length));
}

export function html(title: string, body: string, head = ''): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>${body}</body></html>`;
}

export interface PageCase {
  readonly name: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  readonly url?: string;
}

export interface BlockCase extends PageCase {
  readonly blockType: BlockType;
  readonly rule: string;
}

export function responseOf(page: PageCase): HttpResponse {
  return {
    kind: 'response',
    url: page.url ?? 'https://racing.example/results/ascot/2025-11-17/1430',
    status: page.status,
    statusText: '',
    headers: [['Content-Type', 'text/html; charset=utf-8'], ...Object.entries(page.headers ?? {})],
    body: new TextEncoder().encode(page.body),
  };
}
