import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { openDirectoryObjectStore } from '../../../../adapters/local/directory-object-store.ts';
import { openSqliteStateStore } from '../../../../adapters/local/sqlite-state-store.ts';
import {
  type ExtractContext,
  type ExtractParts,
  extractContext,
} from '../../../../core/extract/extract-context.ts';
import type { ExtractEvent } from '../../../../core/extract/extract-event.ts';
import type { Extraction } from '../../../../core/extract/extraction.ts';
import { pageKeyText, parsePageKey } from '../../../../core/extract/page-key.ts';
import { definePrompt } from '../../../../core/extract/prompt.ts';
import { type ExtractSettings, extractSettingsSchema } from '../../../../core/extract/settings.ts';
import type { BatchProvider } from '../../../../core/ports/batch-provider.ts';
import type { Clock } from '../../../../core/ports/clock.ts';
import type { ObjectStore } from '../../../../core/ports/object-store.ts';
import type { PageKey, PageLibrary } from '../../../../core/ports/page-library.ts';
import type { StateStore } from '../../../../core/ports/state-store.ts';

const answer = z.object({ text: z.string(), year: z.int().nullable() });

/** What a page says, and what the next one is told of it. */
export const reading: Extraction<z.infer<typeof answer>> = {
  name: 'reading',
  prompts: [
    definePrompt('page/v1', 'Read.{{#previous_context}} Before: {{previous_context}}{{/previous_context}}'),
    definePrompt(
      'page/v2',
      'Read well.{{#previous_context}} Before: {{previous_context}}{{/previous_context}}',
    ),
  ],
  answer,
  previousContext: ({ text }) => text,
  tables: [],
};

export const good = (text: string) => JSON.stringify({ text, year: null });

export const page = (key: string): PageKey => {
  const read = parsePageKey(key);
  if (typeof read === 'string') throw new Error(`${key}: ${read}`);
  return read;
};

/** Time that passes when somebody sleeps. */
export class SleepingClock implements Clock {
  #now = Date.parse('2026-03-02T08:00:00Z');
  now(): number {
    return this.#now;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#now += ms;
  }
  advance(ms: number): void {
    this.#now += ms;
  }
}

export class ListedLibrary implements PageLibrary {
  readonly #keys: readonly string[];
  readonly withoutImage: Set<string>;

  constructor(keys: readonly string[], withoutImage: readonly string[] = []) {
    this.#keys = keys;
    this.withoutImage = new Set(withoutImage);
  }

  async *labels(): AsyncGenerator<PageKey> {
    for (const key of this.#keys) yield page(key);
  }

  async image(key: PageKey) {
    const text = pageKeyText(key);
    if (this.withoutImage.has(text) || !this.#keys.includes(text)) return undefined;
    return { bytes: new TextEncoder().encode(text), mimeType: 'image/png' } as const;
  }
}

/** UUIDv7s in the order of their making. */
function idsFrom(clock: Pick<Clock, 'now'>): () => string {
  let made = 0;
  return () => {
    const ms = clock.now().toString(16).padStart(12, '0');
    const rest = (++made).toString(16).padStart(12, '0');
    return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-${rest}`;
  };
}

export interface World {
  readonly state: StateStore;
  readonly lake: ObjectStore;
  readonly events: ExtractEvent[];
  /** A new orchestrator. */
  orchestrator(parts?: Partial<ExtractParts>): ExtractContext;
  close(): void;
}

/** A real state store and a real lake, for orchestrators over a library and a provider that are played. */
export function openWorld(
  provider: BatchProvider,
  library: PageLibrary,
  clock: Clock,
  settings: Partial<ExtractSettings> = {},
): World {
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-extract-'));
  const state = openSqliteStateStore(join(directory, 'state.sqlite'));
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  const events: ExtractEvent[] = [];
  const newId = idsFrom(clock);
  return {
    state,
    lake,
    events,
    orchestrator: (parts = {}) =>
      extractContext({
        extraction: reading,
        settings: extractSettingsSchema().parse({ model: 'played-1', promptVersion: 'page/v1', ...settings }),
        provider,
        library,
        state,
        lake,
        clock,
        newId,
        tell: (event) => void events.push(event),
        ...parts,
      }),
    close() {
      state.close();
      lake.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
