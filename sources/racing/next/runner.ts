import { isNone, textOrNull } from '../none.ts';
import { parsePosition } from '../position.ts';
import type { PrintedParent, PrintedProfile, PrintedRunner, Starter } from '../printed-race.ts';
import { profileId } from '../race-path.ts';
import { isUnnamed, quote } from '../run-columns.ts';
import type { JsonNode } from './json-node.ts';

/**
 * Reads one runner of today's markup; undefined where it was withdrawn, a text where its outcome cannot be
 * read. Faults of keys are kept by the nodes. Arabian horses have no official rating, whatever number stands
 * there.
 */
export function readNextRunner(runner: JsonNode, isArabianRace: boolean): PrintedRunner | string | undefined {
  const name = runner.key('horseName').text();
  const outcome = runner.key('outcomeCode').text();
  const position = positionOf(outcome, runner.key('isDisqualified').flag());
  if (!position) return `${name}: position ${quote(outcome)} is no position`;
  if (position.kind === 'withdrawn' || position.kind === 'void') return undefined;
  const pedigree = runner.key('pedigree');
  return {
    position,
    draw: runner.key('drawLabel').text(),
    saddleCloth: runner.key('saddleClothNo').text(),
    margins: marginsOf(runner),
    horse: {
      name,
      country: runner.key('horseSuffix').text(),
      id: textOrNull(runner.key('horseUid').text()),
    },
    price: runner.key('odds').text(),
    jockey: profileOf(runner, 'jockey'),
    trainer: profileOf(runner, 'trainer'),
    owner: profileOf(runner, 'owner'),
    silkUrl: runner.key('silkUrl').text(),
    age: runner.key('age').text(),
    pounds: poundsOf(runner),
    headgear: headgearOf(runner),
    officialRating: isArabianRace ? '' : runner.key('officialRating').text(),
    racingPostRating: runner.key('rpRating').text(),
    topspeed: runner.key('topspeed').text(),
    colourAndSex: pedigree.key('colourSex').text(),
    sire: parentOf(pedigree, 'sire'),
    dam: parentOf(pedigree, 'dam'),
    damsire: damsireOf(pedigree),
    comment: commentOf(runner),
  };
}

function positionOf(outcome: string, isDisqualified: boolean): ReturnType<typeof parsePosition> {
  const position = parsePosition(outcome);
  const disqualified: Starter = { kind: 'disqualified', code: 'DSQ' };
  return position && isDisqualified ? disqualified : position;
}

/**
 * The margin to the winner is null where it is the same as the one to the horse in front; brackets say which
 * it is.
 */
function marginsOf(runner: JsonNode): readonly string[] {
  const inFront = runner.key('beatenDistance').text();
  const overall = runner.key('beatenDistanceToWinner').text().replace(/[[\]]/g, '');
  return [inFront, isNone(overall) ? '' : `[${overall}]`].filter((margin) => margin !== '');
}

function profileOf(runner: JsonNode, who: 'jockey' | 'trainer' | 'owner'): PrintedProfile {
  const name = runner.key(`${who}Name`).text();
  const url = runner.key(`${who}Url`).text();
  return { name: textOrNull(name), id: profileId(url) ?? null };
}

function parentOf(pedigree: JsonNode, who: 'sire' | 'dam'): PrintedParent | undefined {
  const name = pedigree.key(`${who}Name`).text();
  const country = pedigree.key(`${who}Suffix`).text();
  const id = profileId(pedigree.key(`${who}Url`).text()) ?? null;
  return name === '' ? undefined : { name, country, id };
}

function damsireOf(pedigree: JsonNode): PrintedProfile {
  const name = pedigree.key('damSireName').text();
  const id = profileId(pedigree.key('damSireUrl').text()) ?? null;
  return { name: isUnnamed(name) ? null : name, id };
}

const POUNDS_IN_STONE = 14;

function poundsOf(runner: JsonNode): number | null {
  const carried = runner.key('weightCarriedLbs').text();
  const stones = runner.key('weightStones').text();
  const pounds = runner.key('weightPounds').text();
  if (/^\d+$/.test(carried)) return Number(carried);
  return /^\d+$/.test(stones) && /^\d+$/.test(pounds)
    ? Number(stones) * POUNDS_IN_STONE + Number(pounds)
    : null;
}

function headgearOf(runner: JsonNode): string {
  const letters = runner.key('headgear').text().replaceAll(' ', '');
  const isFirstTime = runner.key('isFirstTimeHeadgear').flag();
  return isNone(letters) ? '' : `${letters}${isFirstTime ? '1' : ''}`;
}

/** As the classic markup prints it: the betting in brackets behind the comment. */
function commentOf(runner: JsonNode): string {
  const printed = runner.key('comment');
  const comment = printed.key('comment').text();
  const betting = printed.key('bettingMovements').text();
  if (isNone(betting)) return comment;
  const bracketed = betting.startsWith('(') ? betting : `(${betting})`;
  return isNone(comment) ? bracketed : `${comment} ${bracketed}`;
}
