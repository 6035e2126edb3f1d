import { distanceOfYards } from '../distance.ts';
import { parseLocalStart } from '../local-start.ts';
import { countryByCode, isArabian } from '../meeting-country.ts';
import { withoutBrackets } from '../none.ts';
import { parsePosition } from '../position.ts';
import type { PrintedRace, PrintedRunner, ReadRace } from '../printed-race.ts';
import type { Prizes } from '../prize.ts';
import { readPrizes } from '../prize.ts';
import { findOtherRace, type PromisedRace } from '../promised-race.ts';
import { rejected } from '../rejected.ts';
import type { JsonNode } from './json-node.ts';
import { readNextRunner } from './runner.ts';

/** Reads a result of today's markup. A missing key is HTML_CHANGED with its path; null is a value. */
export function readNextRace(state: JsonNode, promised: PromisedRace): ReadRace {
  const data = state.key('raceResult').key('data');
  if (state.faults[0] !== undefined) return rejected('HTML_CHANGED', state.faults[0]);
  if (data.isNull) return rejected('NO_RECORDS', 'raceResult.data is null');
  const start = data.key('raceDatetime').text();
  const local = parseLocalStart(start);
  const code = data.key('countryCode').text();
  const header = data.key('header');
  const course = data.key('courseName').text() || header.key('courseDisplayName').text();
  const raceId = data.key('raceId').text();
  const courseId = data.key('courseUid').text();
  const runners = data.key('runners').list();
  if (state.faults[0] !== undefined) return rejected('HTML_CHANGED', state.faults[0]);
  if (course === '' || code === '')
    return rejected('HTML_CHANGED', 'raceResult.data.courseName or countryCode is empty');
  if (!local) return rejected('PARSE_ERROR', `start ${JSON.stringify(start)} is no date-time`);
  const country = countryByCode(promised.path, code, course);
  const other = findOtherRace({ raceId, courseId, date: local.date, country }, promised);
  if (other) return other;

  const outcomes = (runners ?? []).map((runner) => runner.key('outcomeCode').text());
  if (state.faults[0] !== undefined) return rejected('HTML_CHANGED', state.faults[0]);
  if (outcomes.some((outcome) => parsePosition(outcome)?.kind === 'void'))
    return { kind: 'empty', reason: 'the race is void' };
  if (outcomes.every((outcome) => outcome === ''))
    return rejected('NO_RECORDS', outcomes.length === 0 ? 'no runners yet' : 'no runner has a position yet');
  const race = readRace(data, header, { country, course, off: local.off });
  const starters: PrintedRunner[] = [];
  for (const runner of runners ?? []) {
    const starter = readNextRunner(runner, isArabian(code));
    if (typeof starter === 'string') return rejected('PARSE_ERROR', starter);
    if (starter) starters.push(starter);
  }
  if (state.faults[0] !== undefined) return rejected('HTML_CHANGED', state.faults[0]);
  if (!race) return rejected('PARSE_ERROR', 'a prize has no readable amount');
  if (race === 'no distance') return rejected('PARSE_ERROR', 'header.distanceYard is no number of yards');
  return { kind: 'race', race, runners: starters };
}

function readRace(
  data: JsonNode,
  header: JsonNode,
  place: Pick<PrintedRace, 'country' | 'course' | 'off'>,
): PrintedRace | 'no distance' | undefined {
  const details = data.key('details');
  const ran = details.key('numberOfRunners').text();
  const yards = header.key('distanceYard').text();
  const prizes = prizesOf(header);
  const race = {
    ...place,
    title: header.key('raceTitle').text(),
    class: header.key('raceClass').text(),
    bands: header.key('agesAllowed').text(),
    distance: header.key('distanceShort').text(),
    exactDistance: /^\d+$/.test(yards) && Number(yards) > 0 ? distanceOfYards(Number(yards)) : undefined,
    courseDetail: '',
    going: header.key('going').text(),
    obstacles: header.key('obstacles').text(),
    typeCode: header.key('raceTypeCode').text(),
    ran: /^\d+$/.test(ran) ? Number(ran) : null,
    winningTime: winningTimeOf(details),
  };
  if (yards !== '' && !race.exactDistance) return 'no distance';
  return prizes && { ...race, prizes };
}

/** As the classic markup prints it: `1m 1.53s (slow by 2.12s)`. */
function winningTimeOf(details: JsonNode): string {
  const time = details.key('winningTime').text();
  const against = withoutBrackets(details.key('fastSlow').text());
  return time === '' || against === '' ? time : `${time} (${against})`;
}

function prizesOf(header: JsonNode): Prizes | undefined {
  const prizes = header.key('prizes').list() ?? [];
  return readPrizes(
    prizes.map((prize) => ({
      place: prize.key('position').text(),
      amount: prize.key('formatted').text(),
    })),
  );
}
