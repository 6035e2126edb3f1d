/**
 * A race in the words of neither markup, for pages that a test renders in both. Written from the contract,
 * not from the readers.
 */
export interface RaceFacts {
  readonly country: 'GB' | 'IRE' | 'FR';
  readonly isArabian: boolean;
  readonly title: string;
  readonly raceClass: number | null;
  readonly ratings: string | null;
  readonly ages: string;
  readonly yards: number;
  readonly going: string;
  readonly hurdles: boolean;
  readonly winningTime: string | null;
  readonly fastSlow: string | null;
  /** Whole amounts of the first places. */
  readonly prizes: readonly number[];
  readonly runners: readonly RunnerFacts[];
}

export interface HorseFacts {
  readonly name: string;
  /** Null for Great Britain, which no page prints. */
  readonly country: string | null;
}

export interface RunnerFacts {
  readonly horse: HorseFacts;
  /** A place, `PU`, or `DSQ`. */
  readonly outcome: string;
  readonly margin: string | null;
  /** Null where it is the margin. */
  readonly overall: string | null;
  readonly draw: number | null;
  readonly number: number;
  readonly price: string | null;
  readonly jockey: string | null;
  readonly owner: string;
  readonly pounds: number;
  readonly headgear: string | null;
  readonly isFirstTime: boolean;
  readonly ratings: readonly (number | null)[];
  readonly colourSex: string;
  readonly sire: HorseFacts | null;
  readonly dam: HorseFacts;
  readonly damsire: string;
  readonly comment: string | null;
  readonly betting: string | null;
}

export const RACE_URL = '/results/77/any-town/2026-03-14/4711';
const CURRENCY = { GB: '£', IRE: '€', FR: '€' };

function miles(yards: number): string {
  const parts = [
    [Math.floor(yards / 1760), 'm'],
    [Math.floor((yards % 1760) / 220), 'f'],
    [yards % 220, 'yds'],
  ] as const;
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}

/** To the half furlong, as races are compared. */
function rounded(yards: number): string {
  const halves = Math.round(yards / 110);
  const furlongs = Math.floor((halves % 16) / 2);
  const half = halves % 2 === 1 ? '½' : '';
  const rest = furlongs === 0 && half === '' ? '' : `${furlongs === 0 ? '' : furlongs}${half}f`;
  return `${halves >= 16 ? `${Math.floor(halves / 16)}m` : ''}${rest}`;
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const slug = (name: string) => name.toLowerCase().replaceAll(' ', '-');
const dash = (rating: number | null | undefined) => String(rating ?? '–');
const ordinal = (place: number) => `${place}${['th', 'st', 'nd', 'rd'][place] ?? 'th'}`;

export function renderClassic(race: RaceFacts): string {
  const country = race.country === 'GB' ? '' : ` (${race.country})`;
  const band = [race.ratings, race.ages].filter((text) => text !== null).join(', ');
  const exact =
    race.yards % 110 === 0
      ? ''
      : `<span data-test-selector="block-fullDistanceInd">(${miles(race.yards)})</span>`;
  const prizes = race.prizes.map(
    (amount, at) =>
      `<span class="rp-raceTimeCourseName__prizeMoneyTitle">${ordinal(at + 1)}</span> ${CURRENCY[race.country]}${amount.toLocaleString('en-GB')} `,
  );
  const time = race.winningTime && `${race.winningTime}${race.fastSlow ? ` (${race.fastSlow})` : ''}`;
  return `<!DOCTYPE html><html><body>
<main data-analytics-race-date-time="2026-03-14T15:40:00+01:00" data-analytics-coursename="Any Town">
<a class="rp-raceTimeCourseName__name" href="#">Any Town${country}${race.isArabian ? ' (ARAB)' : ''}</a>
<h2 class="rp-raceTimeCourseName__title">${escaped(race.title)}</h2>
${race.raceClass === null ? '' : `<span class="rp-raceTimeCourseName_class">(Class ${race.raceClass})</span>`}
<span class="rp-raceTimeCourseName_ratingBandAndAgesAllowed">(${band})</span>${exact}
<span data-test-selector="block-distanceInd">${rounded(race.yards)}</span>
<span class="rp-raceTimeCourseName_condition">${race.going}</span>
${race.hurdles ? '<span class="rp-raceTimeCourseName_hurdles">9 hurdles</span>' : ''}
${prizes.length === 0 ? '' : `<div data-test-selector="text-prizeMoney">${prizes.join('')}</div>`}
<table class="rp-horseTable__table">${race.runners.map((runner) => classicRunner(runner, race.isArabian)).join('')}</table>
<div class="rp-raceInfo"><ul><li><span class="rp-raceInfo__value rp-raceInfo__value_black">${race.runners.length} ran</span>
Winning time: <span class="rp-raceInfo__value">${time ?? ''}</span> Total SP: <span class="rp-raceInfo__value">120%</span></li></ul></div>
</main></body></html>`;
}

function classicRunner(runner: RunnerFacts, isArabian: boolean): string {
  const { horse, sire, dam } = runner;
  const lengths = [runner.margin, runner.overall && `[${runner.overall}]`].filter((text) => text !== null);
  const jockey = runner.jockey
    ? `<a href="/profile/jockey/5/x" data-test-selector="link-jockeyName">${runner.jockey}<svg></svg><!-- --></a><sup>3</sup>`
    : '<span data-test-selector="link-jockeyName"></span>';
  const people = `${jockey}<a href="/profile/trainer/6/x" data-test-selector="link-trainerName">A Trainer<svg></svg></a>`;
  const [or, ts, rpr] = runner.ratings.map(dash);
  const gear = runner.headgear
    ? `<span class="rp-horseTable__headGear">${runner.headgear}<!-- -->${runner.isFirstTime ? '<sup>1</sup>' : ''}</span>`
    : '';
  const bracketed = (text: string | null) => (text === null ? '' : `(${text})`);
  const comment = [runner.comment, runner.betting && `(${runner.betting})`].filter(Boolean).join(' ');
  return `<tr class="rp-horseTable__mainRow"><td><span data-test-selector="text-horsePosition">${runner.outcome}<!-- --><sup class="rp-horseTable__pos__draw"> ${bracketed(runner.draw === null ? null : String(runner.draw))}</sup></span>
<span class="rp-horseTable__pos__length">${lengths.length === 0 ? '<span></span>' : lengths.map((text) => `<span>${text}</span>`).join('')}</span></td>
<td><a href="/profile/owner/8/${slug(runner.owner)}" data-test-selector="link-silk"><img class="rp-horseTable__silk" src="/silk/8.svg"></a>
<span class="rp-horseTable__saddleClothNo">${runner.number}.</span><a href="/profile/horse/${100 + runner.number}/x" data-test-selector="link-horseName"> ${horse.name} </a>
<span class="rp-horseTable__horse__country"> ${bracketed(horse.country)} </span><span class="rp-horseTable__horse__price">${runner.price ?? ''}</span>${people}</td><td>${people}</td>
<td data-test-selector="horse-age">4</td><td class="rp-horseTable__wgt"><span data-ending="st">${Math.floor(runner.pounds / 14)}</span>-<span data-ending="lb">${runner.pounds % 14}</span><span class="rp-horseTable__extraData">ow1</span>${gear}</td>
<td data-ending="${isArabian ? 'ARO' : 'OR'}">${or}</td><td data-ending="${isArabian ? '' : 'TS'}" data-test-selector="full-result-topspeed">${ts}</td><td data-ending="${isArabian ? '' : 'RPR'}" data-test-selector="full-result-rpr">${rpr}</td><td data-ending="MR">–</td></tr>
<tr data-test-selector="block-pedigreeInfoFullResults"><td>${runner.colourSex} ${sire ? `<a href="/profile/horse/1/x">${sire.name}</a> ${bracketed(sire.country)} - ` : ''}<a href="/profile/horse/2/x">${dam.name} <span>${bracketed(dam.country)}</span></a> <a href="/profile/horse/3/x">(${runner.damsire})</a></td></tr>
${comment === '' ? '' : `<tr class="rp-horseTable__commentRow"><td> ${comment} </td></tr>`}<tr class="rp-horseTable__hackRow"><td></td></tr>`;
}

/** `raceResult.data`, and the page around it. */
export function renderNext(race: RaceFacts): string {
  const prizes = race.prizes.map((amount, at) => ({
    position: at + 1,
    formatted: `${CURRENCY[race.country]}${amount.toLocaleString('en-GB')}`,
  }));
  const name = `Any Town${race.country === 'GB' ? '' : ` (${race.country})`}`;
  const data = {
    raceId: 4711,
    courseUid: 77,
    courseName: name,
    countryCode: race.isArabian ? 'ARO' : race.country,
    raceDatetime: '2026-03-14T15:40:00+01:00',
    header: {
      courseDisplayName: name,
      raceTitle: race.title,
      raceClass: race.raceClass === null ? null : String(race.raceClass),
      agesAllowed: [race.ratings, race.ages].filter((text) => text !== null).join(', '),
      distanceShort: rounded(race.yards),
      distanceYard: race.yards,
      going: race.going,
      raceTypeCode: null,
      obstacles: race.hurdles ? '9 hurdles' : null,
      prizes,
    },
    details: {
      numberOfRunners: race.runners.length,
      winningTime: race.winningTime,
      fastSlow: race.winningTime && race.fastSlow,
    },
    runners: race.runners.map(nextRunner),
  };
  const state = { props: { pageProps: { initialState: { raceResult: { data } } } }, buildId: 'b' };
  const json = JSON.stringify(state).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html><html><body><div id="__next"></div><script id="__NEXT_DATA__" type="application/json">${json}</script></body></html>`;
}

function nextRunner(runner: RunnerFacts): Record<string, unknown> {
  const suffix = ({ country }: HorseFacts) => country && `(${country})`;
  const [or, ts, rpr] = runner.ratings.map(dash);
  const isDisqualified = runner.outcome === 'DSQ';
  return {
    horseUid: 100 + runner.number,
    horseName: runner.horse.name,
    horseSuffix: suffix(runner.horse),
    outcomeCode: isDisqualified ? '1' : runner.outcome,
    isDisqualified,
    drawLabel: runner.draw === null ? null : `(${runner.draw})`,
    saddleClothNo: runner.number,
    beatenDistance: runner.margin,
    beatenDistanceToWinner: runner.overall,
    odds: runner.price?.replace('Evens', 'Evs') ?? null,
    headgear: runner.headgear,
    isFirstTimeHeadgear: runner.headgear !== null && runner.isFirstTime,
    jockeyName: runner.jockey ?? '',
    jockeyUrl: runner.jockey ? '/profile/jockey/5/x/' : null,
    trainerName: 'A Trainer',
    trainerUrl: '/profile/trainer/6/x/',
    ownerName: runner.owner,
    ownerUrl: `/profile/owner/8/${slug(runner.owner)}`,
    age: 4,
    weightCarriedLbs: runner.number % 2 === 0 ? null : runner.pounds,
    weightStones: Math.floor(runner.pounds / 14),
    weightPounds: runner.pounds % 14,
    officialRating: or,
    rpRating: rpr,
    topspeed: ts,
    pedigree: {
      colourSex: runner.colourSex,
      sireName: runner.sire?.name ?? null,
      sireSuffix: runner.sire && suffix(runner.sire),
      sireUrl: runner.sire ? '/profile/horse/1/x' : null,
      damName: runner.dam.name,
      damSuffix: suffix(runner.dam),
      damUrl: '/profile/horse/2/x',
      damSireName: runner.damsire,
      damSireUrl: '/profile/horse/3/x',
    },
    comment: { comment: runner.comment, bettingMovements: runner.betting },
    silkUrl: '/silk/8.svg',
  };
}
