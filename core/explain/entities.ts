import { advise } from '../advice/advise.ts';
import { eachOnce, type Step } from '../advice/step.ts';
import { entityTexts, openTexts, whyNotThere } from '../completeness/entities-of-day.ts';
import { counted } from '../wording/figures.ts';
import { isoTime } from '../wording/times.ts';
import type { EntityFacts, MessageFacts, WhyEntities } from './entity-facts.ts';
import type { Answer, WhyFacts } from './facts.ts';
import { publishedText } from './wording.ts';

/** Why a partition of a table of entities is as it is: nothing of it was ever scraped. */
export function explainEntities(facts: WhyFacts, entities: WhyEntities): Answer {
  const { entity } = entities;
  const answer = entity ? entityText(facts, entity) : partitionText(facts, entities);
  return { answer, next: stepsFor(facts, entities) };
}

function partitionText(facts: WhyFacts, entities: WhyEntities): string {
  const { lastRefresh } = facts;
  if (!lastRefresh) return whyNotThere(entities);
  const { rows, failed } = lastRefresh;
  const lacking = failed > 0 ? `, ${counted(failed, 'record')} parked or dead` : '';
  const published = publishedText(facts, lastRefresh, `${counted(rows, 'row')}${lacking}`);
  return [published, ...entityTexts(entities), ...openTexts(entities)].join('; ');
}

function entityText(facts: WhyFacts, { stored, parked, dead, isUnpublished }: EntityFacts): string {
  const { partition, current, source } = facts;
  const item = current.kind === 'version' ? current.item : null;
  const isHere = stored?.feed === partition.value && stored.date === partition.date;
  const isLacking = item?.state === 'failed' || item?.state === 'carried' || isUnpublished;
  const texts: string[] = [];
  if (parked !== null) texts.push(`its newest record is ${parked}`);
  // A newer record may have taken its place: then its dead record is there, and the row is right.
  else if (dead && isLacking)
    texts.push(
      `its newest record is dead since ${isoTime(dead.at)} (message ${dead.messageId}): ${dead.errors.join('; ')}`,
    );
  if (isHere)
    texts.push(
      `what is stored came in ${messageText(stored.message)} and was enriched at ${isoTime(stored.storedAt)}`,
    );
  else if (stored && (item?.rows ?? 0) > 0)
    texts.push(`its row is that of the day; the entity goes on in ${source}/${stored.feed}/${stored.date}`);
  else if (stored) texts.push(`it belongs to ${source}/${stored.feed}/${stored.date}`);
  else if (texts.length === 0)
    texts.push(item ? 'it is stored no more: it was deleted' : 'no record of it is stored, parked or dead');
  if (item)
    texts.push(
      item.rows > 0
        ? `its row is in the table${item.state === 'carried' ? ', older than its newest record' : ''}`
        : 'it has no row in the table',
    );
  else texts.push('nothing of it was published here');
  if (isUnpublished) texts.push('what changed of it is not published yet');
  return texts.join('; ');
}

/** Which message, who sent it, and the page that it was scraped from. */
function messageText({ id, source, origin }: MessageFacts): string {
  const by = source === null ? '' : ` of ${source}`;
  if (!origin) return `message ${id}${by}`;
  const capture = origin.capture === null ? '' : `, capture ${origin.capture}`;
  return `message ${id}${by} (run ${origin.run_id}, ${origin.url}${capture})`;
}

function stepsFor(
  { lastRefresh }: WhyFacts,
  { entity, unpublished, onTheirWay, feeding }: WhyEntities,
): Step[] {
  const steps: Step[] = [];
  const isLacking = entity ? entity.parked !== null || entity.dead !== null : (lastRefresh?.failed ?? 0) > 0;
  if (isLacking) steps.push(...advise({ kind: 'ended', as: 'parked-or-dead' }));
  if (onTheirWay > 0) steps.push(...advise({ kind: 'ended', as: 'not-enriched' }));
  if (entity ? entity.isUnpublished : unpublished > 0)
    steps.push(...advise({ kind: 'ended', as: 'not-published' }));
  for (const { status, source, partition } of entity ? [] : feeding)
    if (status !== 'complete' && status !== 'empty' && status !== 'open')
      steps.push(...advise({ kind: 'story', source, partition }));
  return eachOnce(steps);
}
