import { setImmediate as othersFirst } from 'node:timers/promises';
import { stepsText } from '../core/advice/render.ts';
import { drainEnrichment, type HandledBatch, type HandledMessage } from '../core/enrich/drain.ts';
import { entityName } from '../core/enrich/entity.ts';
import { expireParked } from '../core/enrich/expire-parked.ts';
import type { MessageAnswer } from '../core/enrich/handle-batch.ts';
import type { LocalPlatform } from '../runtime/local.ts';
import { adviseAt, type Place } from './advice.ts';
import { CountingLine } from './counting-line.ts';
import { printLine } from './json.ts';
import { counted } from './list.ts';
import { cellText } from './print.ts';
import { Due, repeat, type WorkOptions } from './worker-loop.ts';
import { printWaiting, waitingIn, waitingText } from './worker-queues.ts';
import { statisticsLine, WorkerStatistics } from './worker-statistics.ts';

/** Milliseconds between two looks at queues that had nothing due; a look reads an index and no more. */
const LOOK_EVERY_MS = 100;
/** Milliseconds between two looks for records that were parked for too long: for seven days. */
const EXPIRE_EVERY_MS = 600_000;

/**
 * Works the queues of all kinds of records, and stays alive whatever happens to a single one. Interrupted, it
 * ends after the batches in hand.
 */
export async function workEnrichment(platform: LocalPlatform, options: WorkOptions): Promise<void> {
  const { json, place, signal } = options;
  const statistics = new WorkerStatistics();
  const line = new CountingLine();
  let began = 0;
  let toldAt = 0;
  const tell = (): void => {
    line.end();
    const { counts } = statistics;
    toldAt = counts.batches;
    if (json) printLine(counts);
    else console.log(statisticsLine(counts));
  };
  const onBatch = async (batch: HandledBatch): Promise<void> => {
    const now = platform.clock.now();
    // A clock that is set back says nothing of how long it took.
    statistics.add(batch, Math.max(0, now - began) / 1000);
    began = now;
    const failed = batch.messages === 'untaken' ? [] : batch.messages.filter(isTold);
    if (failed.length > 0) line.end();
    for (const message of failed) say(batch.kind, message, json);
    if (statistics.isLineDue) tell();
    else line.at(`${statistics.counts.processed} records, ${statistics.counts.failed} failed`);
    await othersFirst();
  };
  const parked = new Due(platform.clock, EXPIRE_EVERY_MS);
  console.error(`enrichment, at first: ${await depthText(platform, place)}`);
  await repeat(platform, { ...options, everyMs: LOOK_EVERY_MS }, async () => {
    await parked.whenDue(() => expireParked(platform));
    began = platform.clock.now();
    await drainEnrichment(platform, { mustStop: () => signal.aborted, onBatch });
  }).finally(() => {
    line.end();
    if (statistics.counts.batches > toldAt) tell();
  });
  console.error(`enrichment, at the end: ${await depthText(platform, place)}`);
  if (options.once && json) printWaiting('enrichment', await waitingIn(queuesOf(platform)));
}

function queuesOf({ enrichers, enrichmentQueue }: LocalPlatform): LocalPlatform['failedItems'][] {
  return enrichers.map(({ kind }) => enrichmentQueue(kind));
}

async function depthText(platform: LocalPlatform, place: Place): Promise<string> {
  const waiting = await waitingIn(queuesOf(platform));
  const { dead } = waiting;
  const see = stepsText(adviseAt(place, { kind: 'ended', as: 'dead-letters' }));
  const deadText = dead === 0 ? '' : `, ${counted(dead, 'dead letter')} (${see})`;
  return `${waitingText(waiting)}${deadText}`;
}

/** What is not stored is told one by one. */
function isTold({ answer }: HandledMessage): boolean {
  return answer.kind === 'dead' || answer.kind === 'parked' || answer.kind === 'retry';
}

function say(kind: string, { delivery, answer }: HandledMessage, json: boolean): void {
  const entity = 'entity' in answer ? entityName(answer.entity) : null;
  if (json) printLine({ kind, entity, message_id: delivery.id, result: answer.kind, ...detailOf(answer) });
  else console.log(cellText(`${entity ?? `${kind} of message ${delivery.id}`} ${textOf(answer)}`));
}

function detailOf(answer: MessageAnswer): object {
  switch (answer.kind) {
    case 'dead':
      return { errors: answer.errors };
    case 'parked':
      return { missing: answer.missing };
    case 'retry':
      return { reason: answer.reason };
    default:
      return {};
  }
}

function textOf(answer: MessageAnswer): string {
  switch (answer.kind) {
    case 'dead':
      return `is dead: ${answer.errors.join('; ')}`;
    case 'parked':
      return `is parked: it waits for ${answer.missing.map(entityName).join(', ')}`;
    case 'retry':
      return `was not stored, and comes again: ${answer.reason}`;
    default:
      return `is stored: ${answer.kind}`;
  }
}
