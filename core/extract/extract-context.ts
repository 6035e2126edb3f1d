import type { BatchProvider } from '../ports/batch-provider.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { PageLibrary } from '../ports/page-library.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Batch } from './batch.ts';
import { BatchStore } from './batch-store.ts';
import type { ExtractEvent } from './extract-event.ts';
import type { Extraction } from './extraction.ts';
import { FailureLog } from './failure-log.ts';
import { PageStore } from './page-store.ts';
import type { ExtractSettings } from './settings.ts';

/** What extraction stands on, as `runtime/` puts it together. */
export interface ExtractParts {
  readonly extraction: Extraction;
  readonly settings: ExtractSettings;
  readonly provider: BatchProvider;
  /** Takes jobs of any size, page by page at the full price; for what is too few for `provider`. */
  readonly singleProvider?: BatchProvider;
  readonly library: PageLibrary;
  readonly state: StateStore;
  readonly lake: ObjectStore;
  readonly clock: Clock;
  /** Ends what is under way: its reason is thrown, and nothing is lost. */
  readonly signal?: AbortSignal;
  /**
   * Asked before each piece of work: true where too little time is left for it. What is under way is brought
   * to where the next wave goes on. @default never
   */
  readonly mustStop?: () => boolean;
  /** Who this is, for those that wait for it: `process 4711 on host`. @default told by its id alone */
  readonly process?: string;
  /** A fresh UUIDv7. */
  newId(): string;
  /** Told as it happens; for progress and logs. Never throws. */
  tell(event: ExtractEvent): void;
}

/** What is on record of an extraction, and where: nobody outside is asked. */
export interface ExtractRecords
  extends Pick<ExtractParts, 'extraction' | 'settings' | 'state' | 'lake' | 'clock'> {
  readonly batches: BatchStore;
  readonly pages: PageStore;
  readonly failures: FailureLog;
}

/** That, and what a scan looks at. */
export interface ScanContext extends ExtractRecords, Pick<ExtractParts, 'library' | 'tell'> {}

/** One orchestrator at work. */
export interface ExtractContext extends ExtractParts, ScanContext {
  /** Of this orchestrator alone: the owner of its leases. */
  readonly owner: string;
  mustStop(): boolean;
}

/** One that asks no provider: it publishes what others have read. */
export type PublisherContext = Omit<ExtractContext, 'provider' | 'singleProvider'>;

export function extractRecords(
  parts: Pick<ExtractParts, 'extraction' | 'settings' | 'state' | 'lake' | 'clock'>,
): ExtractRecords {
  const { state, extraction } = parts;
  return {
    ...parts,
    batches: new BatchStore(state, extraction.name),
    pages: new PageStore(state, extraction.name),
    failures: new FailureLog(state, extraction.name),
  };
}

/** A new orchestrator: what another one has a lease of, it leaves alone. */
export function extractContext(parts: ExtractParts): ExtractContext {
  return { ...parts, ...publisherContext(parts) };
}

export function publisherContext(parts: Omit<ExtractParts, 'provider' | 'singleProvider'>): PublisherContext {
  const { mustStop = () => false, process } = parts;
  const id = parts.newId();
  const owner = process === undefined ? id : `${process} (${id})`;
  return { ...parts, ...extractRecords(parts), mustStop, owner };
}

/** Who has the job of a batch; undefined where it is at another provider than is configured now. */
export function providerOf(
  { provider, singleProvider }: Pick<ExtractParts, 'provider' | 'singleProvider'>,
  { route, provider: name }: Pick<Batch, 'route' | 'provider'>,
): BatchProvider | undefined {
  const configured = route === 'single' ? singleProvider : provider;
  return configured?.name === name ? configured : undefined;
}
