import { addDays } from '../../../core/calendar/civil-date.ts';
import type { HorseName, Person, Race, Runner } from '../../model/racing-day.ts';
import { escapeHtml } from '../html.ts';
import type { PageDamage } from '../race-rendering.ts';

/** Main row, pedigree row, comment row and the row of tools of every runner. */
export function runnerRows(race: Race, damage: PageDamage): string {
  return race.runners
    .map(
      (runner, row) =>
        mainRow(race, runner, row, damage) + pedigreeRow(runner) + commentRow(runner) + toolsRow(runner),
    )
    .join('');
}

function mainRow(race: Race, runner: Runner, row: number, damage: PageDamage): string {
  const { horse, owner } = runner;
  const age = damage.invalidRow === row ? 'n/a' : String(runner.age);
  const number = runner.number === null ? '&nbsp;' : `${runner.number}.`;
  return `
          <tr class="rp-horseTable__mainRow" data-test-selector="table-row">
            <td class="rp-horseTable__pos">
              <div class="rp-horseTable__posWrapper">
                <span class="rp-horseTable__pos__number" data-test-selector="text-horsePosition">
                  ${runner.position}<!-- --><sup class="rp-horseTable__pos__draw">&nbsp;${runner.draw === null ? '' : `(${runner.draw})`}</sup>
                </span>${lengths(runner)}${otherRaces(race, runner)}
              </div>
            </td>
            <td class="rp-horseTable__silks">
              <a class="rp-horseTable__silkLink ui-profileLink js-popupLink" href="/profile/owner/${owner.id}/${owner.slug}" data-test-selector="link-silk">
                <img class="rp-horseTable__silk" src="/silks/png/${owner.id % 97}/${owner.id}.png" alt="Silks of ${escapeHtml(owner.name)}" width="34" height="25">
              </a>
              <span class="rp-horseTable__saddleClothNo">${number}</span>
            </td>
            <td class="rp-horseTable__horseCell">
              <div class="rp-horseTable__horse">
                <a class="rp-horseTable__horse__name ui-profileLink js-popupLink" href="/profile/horse/${horse.id}/${horse.slug}" data-test-selector="link-horseName">
                  ${escapeHtml(horse.name)}
                </a>
                <span class="rp-horseTable__horse__country">
                  ${horse.country ? `(${horse.country})` : '&nbsp;'}
                </span>
                <span class="rp-horseTable__horse__price">
                  ${runner.sp}
                </span>
              </div>
              ${people(runner, 'narrow')}
            </td>
            <td class="rp-horseTable__human rp-horseTable__human_wide">
              ${people(runner, 'wide')}
            </td>
            <td class="rp-horseTable__spanNarrow rp-horseTable__spanNarrow_age" data-ending="yo" data-test-selector="horse-age">
              ${age}
            </td>
            <td class="rp-horseTable__spanNarrow rp-horseTable__wgt">
              <span class="rp-horseTable__st" data-ending="st" data-test-selector="horse-weight-st">${Math.floor(runner.lbs / 14)}</span>-<span data-ending="lb" data-test-selector="horse-weight-lb">${runner.lbs % 14}</span>${extraWeight(runner)}${headgear(runner)}
            </td>${ratings(race, runner, damage.shiftedRow === row)}
          </tr>`;
}

/** One empty span for a winner and a non-finisher; one where the margin is the whole distance; else two. */
function lengths({ beaten, overall }: Runner): string {
  const both = beaten && overall && overall !== beaten;
  return `
                <span class="rp-horseTable__pos__length">
                  <span>${beaten?.text ?? ''}</span>${both ? `\n                  <span>[${overall.text}]</span>` : ''}
                </span>`;
}

/** Arrows to where the horse ran before and after. */
function otherRaces({ course, date, id }: Race, { horse }: Runner): string {
  const arrow = (to: 'previous' | 'next', days: number): string => `
                <a class="rp-horseTable__formArrow rp-horseTable__formArrow_${to}" href="/results/${course.id}/${course.slug}/${addDays(date, days)}/${id + days * 1000}"><svg class="ui-icon"><use href="#arrow-${to}"></use></svg></a>`;
  return arrow('previous', -21 - (horse.id % 40)) + (horse.id % 3 ? '' : arrow('next', 14 + (horse.id % 30)));
}

/**
 * Both layouts name jockey and trainer; a style sheet hides one of them. White space ends every link but the
 * second one to the jockey: readers that count the text nodes of a row depend on it.
 */
function people({ jockey, claim, trainer }: Runner, layout: 'wide' | 'narrow'): string {
  const allowance = claim ? `<sup>${claim}</sup>` : '';
  const rider = jockey
    ? personLink('jockey', jockey, layout === 'narrow')
    : '<span data-test-selector="link-jockeyName"></span>';
  return `<div class="rp-horseTable__human__wrapper rp-horseTable__human__wrapper_${layout}">
                  <span class="rp-horseTable__human__label">J:</span>
                  ${rider}${allowance}
                  <span class="rp-horseTable__human__label">T:</span>
                  ${personLink('trainer', trainer)}
                </div>`;
}

function personLink(role: 'jockey' | 'trainer', person: Person, space = true): string {
  const selector = role === 'jockey' ? 'link-jockeyName' : 'link-trainerName';
  return `<a class="rp-horseTable__human__link ui-profileLink js-popupLink" href="/profile/${role}/${person.id}/${person.slug}" data-test-selector="${selector}">
                    ${escapeHtml(person.name)}<!-- --><svg class="ui-icon"><use href="#form"></use></svg><!-- -->${space ? '\n                  ' : ''}</a>`;
}

const EXTRA_IMAGES = {
  'over-weights': 'over_weight',
  'out of handicap': 'out_of_handicap',
  'extra weight': 'extra_weight',
} as const;

/** Looks like headgear and is none. */
function extraWeight({ extraWeight: extra }: Runner): string {
  if (extra === null) return '';
  return `\n              <span class="rp-horseTable__extraData"><img src="/img/${EXTRA_IMAGES[extra.kind]}.gif" alt="${extra.kind}"><!-- -->${extra.lbs}</span>`;
}

function headgear(runner: Runner): string {
  if (!runner.headgear) return '';
  const first = runner.firstTimeHeadgear ? '<!-- --><sup>1</sup>' : '';
  return `\n              <span class="rp-horseTable__headGear">${runner.headgear}${first}</span>`;
}

/** An Arabian card labels its cells otherwise, and the first of them is no official rating. */
function ratings(race: Race, runner: Runner, shifted: boolean): string {
  const cell = (ending: string, selector: string, value: number | null): string => `
            <td class="rp-horseTable__spanNarrow" data-ending="${ending}" data-test-selector="full-result-${selector}">${value ?? '–'}</td>`;
  const arabian = race.country === 'aro';
  const [or, ts, rpr] = arabian ? ['ARO', '', ''] : ['OR', 'TS', 'RPR'];
  const first = arabian ? runner.lbs - 60 : runner.officialRating;
  const topspeed = shifted ? '' : cell(ts!, 'topspeed', runner.topspeed);
  return (
    cell(or!, 'or', first) +
    topspeed +
    cell(rpr!, 'rpr', runner.rpr) +
    cell('MR', 'mr', runner.rpr && runner.rpr + 3)
  );
}

/**
 * Colour and sex; the sire where he is known, his country as text behind the link; the dam, her country in a
 * span of the link; her sire, brackets and all inside the link, without a country.
 */
function pedigreeRow({ colour, sex, sire, dam, damsire }: Runner): string {
  const father = sire
    ? `${profile(sire, escapeHtml(sire.name))}${sire.country ? ` (${sire.country})` : ''} - `
    : '';
  const mother = `${escapeHtml(dam.name)} <span>${dam.country ? `(${dam.country})` : ''}</span>`;
  return `
          <tr class="rp-horseTable__pedigreeRow ng-cloak" data-ng-show="settings.pedigree" data-test-selector="block-pedigreeInfoFullResults">
            <td colspan="11">
              ${colour} ${sex} ${father}${profile(dam, mother)} ${profile(damsire, `(${escapeHtml(damsire.name)})`)}
            </td>
          </tr>`;
}

function profile({ id, slug }: HorseName | Person, html: string): string {
  return `<a class="ui-profileLink ui-link ui-link_table js-popupLink" href="/profile/horse/${id}/${slug}">${html}</a>`;
}

function commentRow({ comment, betting }: Runner): string {
  return `
          <tr class="rp-horseTable__commentRow ng-cloak" data-ng-show="settings.comments" data-test-selector="text-comments">
            <td colspan="11">
              ${escapeHtml(betting === null ? comment : `${comment} (${betting})`)}
            </td>
          </tr>`;
}

function toolsRow({ horse }: Runner): string {
  return `
          <tr class="rp-horseTable__hackRow"><td colspan="11"><button class="js-note" data-horse="${horse.id}">Add a note</button></td></tr>`;
}
