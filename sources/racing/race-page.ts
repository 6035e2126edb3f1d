import type { Page } from '../../core/source/page.ts';
import type { Item, Parsed, Partition } from '../../core/source/source.ts';
import { readClassicRace } from './classic/race-page.ts';
import { readMarkup } from './markup.ts';
import { readNextRace } from './next/race-page.ts';
import { promisedRace } from './promised-race.ts';
import { raceRecords } from './race-records.ts';
import type { Runner } from './schema.ts';

/**
 * Reads a result page of either markup into one record a runner. Throws only where the page is too large.
 * `empty`: a void race, and an abandoned one that says so on its page.
 * HTML_CHANGED: a landmark or a key is gone, the page is cut off, or it is of another race than its address
 * promised. NO_RECORDS: the frame is there and nobody has a result in it yet. PARSE_ERROR: a runner's cells
 * do not line up with its neighbours', or a cell cannot be read.
 */
export function parseRacePage(page: Page, item: Item, partition: Partition): Parsed<Runner> {
  const promised = promisedRace(item, page.url, partition);
  if (promised.kind === 'rejected') return promised;
  const markup = readMarkup(page);
  if (markup.kind === 'rejected') return markup;
  const read =
    markup.kind === 'next' ? readNextRace(markup.state, promised) : readClassicRace(markup.page, promised);
  return read.kind === 'race' ? raceRecords(read.race, read.runners, promised.path) : read;
}
