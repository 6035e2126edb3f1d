import { collapse } from '../core/source/html.ts';
import { parseDistance, raceDistance } from '../sources/racing/distance.ts';
import { estimateSeconds, formatSeconds, parseWinningTime } from '../sources/racing/finish-time.ts';
import { lengthsPerSecond, surfaceOf } from '../sources/racing/going.ts';
import { NOT_MEASURED, readBeaten } from '../sources/racing/lengths.ts';
import { countryOfMeeting, courseWithoutCountry } from '../sources/racing/meeting-country.ts';
import { nameWithCountry } from '../sources/racing/named-country.ts';
import { textOrNull, withoutBrackets } from '../sources/racing/none.ts';
import { parseStartingPrice } from '../sources/racing/odds.ts';
import { type PrintedPrize, readPrizes } from '../sources/racing/prize.ts';
import { classOf, readTitle } from '../sources/racing/race-name.ts';
import { parseRacePath, profileId, profileName } from '../sources/racing/race-path.ts';
import { raceType } from '../sources/racing/race-type.ts';
import type { Runner } from '../sources/racing/schema.ts';

/** The part of a cheerio selection that is used here. */
interface Selection {
  readonly length: number;
  first(): Selection;
  last(): Selection;
  eq(at: number): Selection;
  find(selector: string): Selection;
  children(selector?: string): Selection;
  contents(): Selection;
  get(at: number): { readonly nextSibling?: { readonly data?: string } | null } | undefined;
  nextUntil(selector: string): Selection;
  filter(selector: string): Selection;
  not(selector: string): Selection;
  clone(): Selection;
  remove(): Selection;
  end(): Selection;
  attr(name: string): string | undefined;
  text(): string;
  toArray(): object[];
}

/** cheerio's `$`. */
export type Select = (selector: string | object) => Selection;

const NAME = 'rp-raceTimeCourseName';

/**
 * Every column of the racing source by cheerio's selectors, as a user of Crawlee writes them: `$` for the
 * race, `find` below a row for the runner. What turns a text into a value (fractions, lengths, stones) is the
 * source's own code, so that both contenders do the same there. Checks of the page, which Rescrape makes on
 * the way, are left out.
 */
export function readRace($: Select, url: string): Runner[] {
  const race = readHeader($, url);
  const prizes = readPrizes(printedPrizes($));
  const rate = lengthsPerSecond(race.going, race.type === 'Flat' ? 'flat' : 'jumps');
  let previous: number | null = null;
  return $('tr.rp-horseTable__mainRow')
    .toArray()
    .map((row) => {
      const run = readRunner($, $(row), previous);
      previous = run.ovr_btn;
      const secs =
        race.winning_secs === null || run.ovr_btn === null
          ? null
          : estimateSeconds(race.winning_secs, run.ovr_btn, rate);
      return {
        ...race,
        ...run,
        prize: prizes?.get(Number(run.pos)) ?? null,
        time: secs === null ? null : formatSeconds(secs),
        secs,
      };
    });
}

function readHeader($: Select, url: string) {
  const path = parseRacePath(url);
  const main = $('main[data-analytics-race-date-time]').first();
  const start = main.attr('data-analytics-race-date-time') ?? '';
  const printedTitle = textOf($(`h2.${NAME}__title`));
  const title = readTitle(printedTitle);
  const dist = withoutBrackets(textOf($('span[data-test-selector="block-distanceInd"]')));
  const full = textOf($('span[data-test-selector="block-fullDistanceInd"]'));
  const meeting = textOf($(`.${NAME}__name`));
  const country = path ? countryOfMeeting(path, meeting) : 'GB';
  const distance = raceDistance(parseDistance(dist), parseDistance(full), country);
  const going = textOrNull(withoutBrackets(textOf($(`span.${NAME}_condition`))));
  const bands = textOf($(`span.${NAME}_ratingBandAndAgesAllowed`))
    .replace(/^\(|\)$/g, '')
    .split(',')
    .map((band) => band.trim());
  const winningTime =
    /Winning time:\s*(.*?)\s*(?:Total SP:|$)/i.exec(textOf($('div.rp-raceInfo > ul > li')))?.[1] ?? '';
  return {
    race_id: path?.raceId ?? '',
    course_id: path?.courseId ?? '',
    course: courseWithoutCountry(main.attr('data-analytics-coursename')?.trim() ?? '', country),
    off: start.slice(11, 16),
    race_name: title.name,
    class: classOf(textOf($(`span.${NAME}_class`)), title),
    pattern: title.pattern,
    rating_band: bands.find((band) => /^\d+\s*[-–]\s*\d+$/.test(band)) ?? null,
    age_band: bands.find((band) => /\dyo/i.test(band)) ?? null,
    sex_rest: title.sexRestriction,
    dist: textOrNull(dist),
    dist_y: distance?.yards ?? null,
    dist_f: distance?.furlongs ?? null,
    dist_m: distance?.metres ?? null,
    course_detail: textOrNull(textOf($(`span.${NAME}_distanceDetail`))),
    going,
    surface: surfaceOf(going),
    type: raceType(distance?.furlongs ?? 0, textOf($(`span.${NAME}_hurdles`)), printedTitle),
    ran: Number.parseInt(textOf($('span.rp-raceInfo__value.rp-raceInfo__value_black')), 10),
    winning_time: textOrNull(winningTime),
    winning_secs: parseWinningTime(winningTime) ?? null,
  };
}

/** The one block of prizes: the title of each place, and the text up to the next. */
function printedPrizes($: Select): PrintedPrize[] {
  const prizes: { place: string; amount: string }[] = [];
  for (const node of $('div[data-test-selector="text-prizeMoney"]').first().contents().toArray()) {
    const last = prizes.at(-1);
    const text = $(node).text();
    if ($(node).attr('class')?.includes('prizeMoneyTitle')) prizes.push({ place: text, amount: '' });
    else if (last) last.amount += text;
  }
  return prizes;
}

function readRunner($: Select, row: Selection, previous: number | null) {
  const below = row.nextUntil('tr.rp-horseTable__mainRow');
  const link = row.find('a[data-test-selector="link-horseName"]').first();
  const horse = nameWithCountry(textOf(link), textOf(row.find('span.rp-horseTable__horse__country')));
  const jockey = row.find('a[data-test-selector="link-jockeyName"]').first();
  const trainer = row.find('a[data-test-selector="link-trainerName"]').first();
  const owner = row.find('a[data-test-selector="link-silk"]').attr('href');
  const silk = row.find('img.rp-horseTable__silk');
  const weight = row.find('td.rp-horseTable__wgt');
  const price = parseStartingPrice(textOf(row.find('span.rp-horseTable__horse__price')));
  const position = row.find('span[data-test-selector="text-horsePosition"]').first().clone();
  position.find('sup').remove();
  const pos = textOf(position);
  const lengths = textsOf($, row.find('span.rp-horseTable__pos__length > span')).filter(
    (text) => text !== '',
  );
  const finished = /^\d+$/.test(pos) || lengths.length > 0;
  const beaten = (finished && readBeaten(lengths, pos === '1', previous)) || NOT_MEASURED;
  return {
    pos,
    draw: numberIn(textOf(row.find('sup.rp-horseTable__pos__draw'))),
    num: numberIn(textOf(row.find('span.rp-horseTable__saddleClothNo'))),
    btn: beaten.by,
    ovr_btn: beaten.overall,
    horse: horse?.name ?? '',
    horse_id: profileId(link.attr('href')) ?? '',
    horse_country: horse?.country ?? '',
    sp: price?.sp ?? null,
    dec: price?.dec ?? null,
    jockey: textOrNull(textOf(jockey)),
    jockey_id: profileId(jockey.attr('href')) ?? null,
    trainer: textOrNull(textOf(trainer)),
    trainer_id: profileId(trainer.attr('href')) ?? null,
    owner: profileName(owner) ?? null,
    owner_id: profileId(owner) ?? null,
    silk_url: textOrNull(silk.attr('src')?.trim() || silk.attr('data-src')?.trim()),
    age: numberIn(textOf(row.find('td[data-test-selector="horse-age"]'))),
    lbs:
      14 * (numberIn(textOf(weight.find('span[data-ending="st"]'))) ?? 0) +
      (numberIn(textOf(weight.find('span[data-ending="lb"]'))) ?? 0),
    hg: textOrNull(textOf(weight.find('span.rp-horseTable__headGear')).replaceAll(' ', '')),
    or: numberIn(textOf(row.find('td[data-ending="OR"]'))),
    rpr: numberIn(textOf(row.find('td[data-test-selector="full-result-rpr"]'))),
    ts: numberIn(textOf(row.find('td[data-test-selector="full-result-topspeed"]'))),
    ...readPedigree($, below.filter('[data-test-selector="block-pedigreeInfoFullResults"]').find('td')),
    comment: textOrNull(textOf(below.filter('tr.rp-horseTable__commentRow').find('td'))),
  };
}

/** `b g Sire (IRE) - Dam (FR) (Dam's sire)`; without a sire the first link is the dam. */
function readPedigree($: Select, cell: Selection) {
  const [colour = '', sex = ''] = collapse(cell.contents().first().text()).split(' ');
  const links = cell
    .find('a')
    .toArray()
    .map((link) => $(link));
  const [damsire, dam, sire] = links.reverse();
  /** The sire's country stands between his link and the dash. */
  const behind = (link: Selection) => link.get(0)?.nextSibling?.data?.replace('-', '').trim() ?? '';
  const nameOf = (parent: Selection | undefined) =>
    parent ? (nameWithCountry(textOf(parent))?.name ?? null) : null;
  return {
    sex: textOrNull(sex),
    colour: textOrNull(colour),
    sire: sire ? (nameWithCountry(textOf(sire), behind(sire))?.name ?? null) : null,
    sire_id: profileId(sire?.attr('href')) ?? null,
    dam: nameOf(dam),
    dam_id: profileId(dam?.attr('href')) ?? null,
    damsire: damsire ? textOrNull(textOf(damsire).replace(/^\(|\)$/g, '')) : null,
    damsire_id: profileId(damsire?.attr('href')) ?? null,
  };
}

function textOf(selection: Selection): string {
  return collapse(selection.first().text());
}

function textsOf($: Select, selection: Selection): string[] {
  return selection.toArray().map((element) => collapse($(element).text()));
}

function numberIn(text: string): number | null {
  const digits = /\d+/.exec(text)?.[0];
  return digits === undefined ? null : Number(digits);
}
