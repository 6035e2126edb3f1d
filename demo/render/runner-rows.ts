import type { HorseName, Person, Race, Runner } from '../model/racing-day.ts';
import { escapeHtml } from './html.ts';

/** What a fault does to the rows; all of it absent on an honest page. */
export interface RowDamage {
  /** Row that lacks a cell, so that a reader of columns shifts its neighbours up. */
  readonly shiftedRow?: number;
  /** Row with a cell that cannot be true. */
  readonly invalidRow?: number;
}

/** Main row, comment row, pedigree row of every runner. */
export function runnerRows(race: Race, damage: RowDamage): string {
  return race.runners
    .map((runner, row) => mainRow(race, runner, row, damage) + commentRow(runner) + pedigreeRow(runner))
    .join('');
}

function mainRow(race: Race, runner: Runner, row: number, damage: RowDamage): string {
  const age = damage.invalidRow === row ? 'n/a' : String(runner.age);
  return `
          <tr class="rp-horseTable__mainRow" data-test-selector="table-row">
            <td class="rp-horseTable__pos">
              <div class="rp-horseTable__posWrapper">
                <span class="rp-horseTable__pos__number" data-test-selector="text-horsePosition">
                  ${runner.position}
                </span>
                <sup class="rp-horseTable__pos__draw">&nbsp;${runner.draw === null ? '' : `(${runner.draw})`}</sup>${lengths(runner)}
              </div>
            </td>
            <td class="rp-horseTable__horseCell">
              <div class="rp-horseTable__horseContainer">
                <a class="rp-horseTable__silkLink ui-profileLink js-popupLink" href="/profile/owner/${runner.owner.id}/${runner.owner.slug}" data-test-selector="link-silk">
                  <img class="rp-horseTable__silk" src="/silks/png/${runner.owner.id % 97}/${runner.owner.id}.png" alt="Silks of ${escapeHtml(runner.owner.name)}" width="34" height="25">
                </a>
                <span class="rp-horseTable__saddleClothNo">${runner.number}.</span>
                <div class="rp-horseTable__horse">
                  <a class="rp-horseTable__horse__name ui-profileLink js-popupLink" href="/profile/horse/${runner.horse.id}/${runner.horse.slug}" data-test-selector="link-horseName">
                    ${escapeHtml(runner.horse.name)}
                  </a>
                  <span class="rp-horseTable__horse__country">${runner.horse.country ? `(${runner.horse.country})` : ''}</span>
                  <span class="rp-horseTable__horse__price">
                    ${runner.sp}
                  </span>
                </div>
                ${people(runner, 'narrow')}
                <span class="rp-horseTable__pos__narrow" data-test-selector="text-horsePosition">${ordinal(runner.position)} of ${race.runners.length}</span>
              </div>
            </td>
            <td class="rp-horseTable__human rp-horseTable__human_wide">
              ${people(runner, 'wide')}
            </td>
            <td class="rp-horseTable__spanNarrow rp-horseTable__spanNarrow_age" data-ending="yo" data-test-selector="horse-age">
              ${age}
            </td>
            <td class="rp-horseTable__spanNarrow rp-horseTable__wgt">
              <span class="rp-horseTable__st" data-ending="st" data-test-selector="horse-weight-st">${Math.floor(runner.lbs / 14)}</span>-<span data-ending="lb" data-test-selector="horse-weight-lb">${runner.lbs % 14}</span>${overweight(runner)}${headgear(runner)}
            </td>${ratings(runner, damage.shiftedRow === row)}
          </tr>`;
}

/** Nothing for a non-finisher; one span where the margin is the whole distance; else two. */
function lengths(runner: Runner): string {
  if (!runner.beaten || !runner.overall) return '';
  const both = runner.overall !== runner.beaten;
  const overall = both ? `\n                  <span>[${runner.overall.text}]</span>` : '';
  return `
                <span class="rp-horseTable__pos__length">
                  <span>${runner.beaten.text}</span>${overall}
                </span>`;
}

/** Both layouts name jockey and trainer; a style sheet hides one of them. */
function people(runner: Runner, layout: 'wide' | 'narrow'): string {
  const claim = runner.claim ? `<sup class="rp-horseTable__human__wgt">${runner.claim}</sup>` : '';
  return `<div class="rp-horseTable__human__wrapper rp-horseTable__human__wrapper_${layout}">
                  <span class="rp-horseTable__human__label">J:</span>
                  ${personLink('jockey', runner.jockey)}${claim}
                  <span class="rp-horseTable__human__label">T:</span>
                  ${personLink('trainer', runner.trainer)}
                </div>`;
}

function personLink(role: 'jockey' | 'trainer', person: Person): string {
  const selector = role === 'jockey' ? 'link-jockeyName' : 'link-trainerName';
  return `<a class="rp-horseTable__human__link ui-profileLink js-popupLink" href="/profile/${role}/${person.id}/${person.slug}" data-test-selector="${selector}">
                    ${escapeHtml(person.name)}
                  </a>`;
}

function overweight(runner: Runner): string {
  if (!runner.overweight) return '';
  return `<img src="/img/over_weight.gif" alt="Over-Weights" data-test-selector="img-overWeight"><span>${runner.overweight}</span>`;
}

function headgear(runner: Runner): string {
  if (!runner.headgear) return '';
  const first = runner.firstTimeHeadgear ? '<span class="rp-horseTable__headGear__first">1</span>' : '';
  return `\n              <span class="rp-horseTable__headGear">${runner.headgear}${first}</span>`;
}

function ratings(runner: Runner, shifted: boolean): string {
  const cell = (ending: string, value: number | null): string => `
            <td class="rp-horseTable__spanNarrow" data-ending="${ending}">${value ?? '–'}</td>`;
  const topspeed = shifted ? '' : cell('TS', runner.topspeed);
  return cell('OR', runner.officialRating) + topspeed + cell('RPR', runner.rpr);
}

function commentRow(runner: Runner): string {
  return `
          <tr class="rp-horseTable__commentRow ng-cloak" data-ng-show="settings.comments" data-test-selector="text-comments">
            <td colspan="11">
              ${escapeHtml(runner.comment)}
            </td>
          </tr>`;
}

/** Colour and sex, the sire before a dash where he is known, then the dam and in brackets her sire. */
function pedigreeRow(runner: Runner): string {
  const sire = runner.sire ? `${horseLink(runner.sire)} - ` : '';
  return `
          <tr class="rp-horseTable__pedigreeRow ng-cloak" data-ng-show="settings.pedigree" data-test-selector="block-pedigreeInfoFullResults">
            <td colspan="11">
              ${runner.colour} ${runner.sex} ${sire}${horseLink(runner.dam)} (${horseLink(runner.damsire)})
            </td>
          </tr>`;
}

function horseLink(horse: HorseName): string {
  const country = horse.country ? ` (${horse.country})` : '';
  return `<a class="ui-profileLink ui-link ui-link_table js-popupLink" href="/profile/horse/${horse.id}/${horse.slug}">${escapeHtml(horse.name)}${country}</a>`;
}

function ordinal(position: string): string {
  const number = Number(position);
  if (Number.isNaN(number)) return position;
  const teen = number % 100 > 10 && number % 100 < 14;
  return `${number}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')}`;
}
