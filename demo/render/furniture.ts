import { hash32, type Random, seeded } from '../model/random.ts';

/**
 * Everything on a page that is not the result: styles, scripts, menus, adverts, teasers. Real result pages
 * are mostly this. It is drawn once per site and is pure ASCII, so that characters are bytes.
 */
export interface Furniture {
  readonly head: string;
  readonly header: string;
  readonly footer: string;
  /** Blocks that stand alone in a body; a page takes as many as its size asks for. */
  readonly blocks: readonly string[];
}

const WORDS =
  'racing results tips odds stable tour entries declared runners stakes festival season going report analysis card replay market mover trainer form jockey title race champion novice weekend feature interview column archive video podcast signed exclusive preview verdict yearling sales bloodstock pedigree breeder auction syndicate paddock parade grandstand ticket hospitality member offer voucher account balance statement deposit limit safer gambling helpline newsletter alert tracker notebook shortlist compare settings theme region language delivery edition newspaper subscribe article comment share print follow latest popular trending editorial picture gallery quiz calendar fixture course track bend straight furlong hurdle fence ditch water jump rail stalls starter steward inquiry objection photo finish judge official handicapper weights ratings speed sectional stride pace draw bias'.split(
    ' ',
  );

/** `bytes`: how much of it there is; a page that needs more has some of it twice. */
export function furnish(seed: number, bytes: number): Furniture {
  const random = seeded(seed, 'furniture');
  const blocks: string[] = [];
  for (let size = 0; size < bytes; ) {
    const block = BLOCKS[blocks.length % BLOCKS.length]!(random);
    blocks.push(block);
    size += block.length;
  }
  return { head: headOf(random), header: headerOf(random), footer: footerOf(random), blocks };
}

/**
 * Blocks up to `bytes`, from the first again when they run out, the last gap filled by a comment: exactly
 * `bytes` long where at least 9 are asked for.
 */
export function fill(furniture: Furniture, bytes: number, salt: string): string {
  const { blocks } = furniture;
  const parts: string[] = [];
  let left = bytes;
  const start = hash32(salt) % blocks.length;
  for (let nth = 0; blocks.length > 0; nth++) {
    const block = blocks[(start + nth) % blocks.length]!;
    if (block.length > left) break;
    parts.push(block);
    left -= block.length;
  }
  if (left >= 8) parts.push(`<!--${filler(salt, left - 7)}-->`);
  return parts.join('');
}

/** Words of the trade, exactly `length` characters, never with a dash (two of them would end a comment). */
function filler(salt: string, length: number): string {
  const random = seeded(salt);
  let text = '';
  while (text.length < length) text += `${random.pick(WORDS)} ${random.int(0, 99999).toString(36)} `;
  return text.slice(0, length);
}

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => random.int(0, 15).toString(16)).join('');
const phrase = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.pick(WORDS)).join(' ');
const title = (text: string): string => text.replace(/^./, (first) => first.toUpperCase());

const BLOCKS: readonly ((random: Random) => string)[] = [teaser, config, styles, icon, advert, menu];

function teaser(random: Random): string {
  const items = Array.from({ length: random.int(3, 6) }, () => {
    const id = random.int(100_000, 999_999);
    const slug = phrase(random, 5).replaceAll(' ', '-');
    return `
      <article class="ui-card ui-card_${random.pick(['wide', 'narrow', 'video'])}" data-article-uid="${id}">
        <a class="ui-card__link js-track" href="/news/${slug}-${id}/" data-analytics="[News] ${phrase(random, 3)}">
          <img class="ui-card__img" loading="lazy" width="320" height="180" src="/img/${hex(random, 12)}.jpg" alt="${title(phrase(random, 4))}">
          <h3 class="ui-card__title">${title(phrase(random, random.int(6, 11)))}</h3>
          <p class="ui-card__standfirst">${title(phrase(random, random.int(12, 26)))}.</p>
          <time class="ui-card__time">${random.int(1, 23)} hours ago</time>
        </a>
      </article>`;
  });
  return `\n    <section class="ui-teasers ui-teasers_${hex(random, 4)}">${items.join('')}\n    </section>`;
}

function config(random: Random): string {
  const entries = Array.from(
    { length: random.int(12, 30) },
    () =>
      `"${random.pick(WORDS)}${title(random.pick(WORDS))}":{"id":"${hex(random, 8)}","enabled":${random.chance(0.5)},"weight":${random.int(1, 9999)},"label":"${phrase(random, 3)}"}`,
  );
  return `\n    <script>window.__rc=window.__rc||[];window.__rc.push({${entries.join(',')}});(function(d,t){var s=d.createElement(t);s.async=1;s.dataset.k="${hex(random, 24)}";d.head.appendChild(s)})(document,"script");</script>`;
}

function styles(random: Random): string {
  const rules = Array.from({ length: random.int(14, 34) }, () => {
    const name = `${random.pick(WORDS)}__${random.pick(WORDS)}`;
    return `.ui-${name}{display:${random.pick(['flex', 'block', 'grid', 'none'])};padding:${random.int(0, 32)}px ${random.int(0, 32)}px;color:#${hex(random, 6)};font-size:${random.int(10, 28)}px}`;
  });
  return `\n    <style>@media (min-width:${random.int(320, 1280)}px){${rules.join('')}}</style>`;
}

function icon(random: Random): string {
  const paths = Array.from({ length: random.int(2, 5) }, () => {
    const points = Array.from(
      { length: random.int(8, 22) },
      () => `${random.pick(['L', 'C', 'l', 'c'])}${random.int(0, 240) / 10} ${random.int(0, 240) / 10}`,
    );
    return `<path d="M${random.int(0, 24)} ${random.int(0, 24)}${points.join('')}Z" fill="#${hex(random, 6)}"/>`;
  });
  return `\n    <svg class="ui-icon" viewBox="0 0 24 24" aria-hidden="true"><symbol id="i-${hex(random, 6)}">${paths.join('')}</symbol></svg>`;
}

function advert(random: Random): string {
  const unit = hex(random, 10);
  return `\n    <div class="ad-slot js-ad" id="ad-${unit}" data-ad-unit="/${random.int(1000, 99999)}/results/${random.pick(WORDS)}" data-sizes="[[${random.pick([300, 320, 728, 970])},${random.pick([50, 90, 250])}]]" data-targeting='{"pos":"${random.pick(WORDS)}","kv":"${hex(random, 16)}"}'><!-- ${phrase(random, 3)} --></div>`;
}

function menu(random: Random): string {
  const links = Array.from(
    { length: random.int(6, 14) },
    () =>
      `\n        <li class="ui-nav__item"><a class="ui-nav__link" href="/${random.pick(WORDS)}/${random.pick(WORDS)}" data-analytics-id="${random.int(1000, 99999)}">${title(phrase(random, 2))}</a></li>`,
  );
  return `\n    <nav class="ui-nav" aria-label="${title(random.pick(WORDS))}"><ul class="ui-nav__list">${links.join('')}\n      </ul></nav>`;
}

function headOf(random: Random): string {
  return `
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="/assets/app.${hex(random, 8)}.css">
    <script>window.dataLayer=window.dataLayer||[];dataLayer.push({"event":"view","build":"${hex(random, 20)}"});</script>${styles(random)}`;
}

/**
 * The newsletter form carries a captcha widget, as sign-up forms do: it must not make a good page look like a
 * wall.
 */
function headerOf(random: Random): string {
  return `
  <header class="ui-header">${menu(random)}${menu(random)}${icon(random)}
    <form class="ui-newsletter" action="/newsletter" method="post"><input type="email" name="email"><div class="g-recaptcha" data-sitekey="${hex(random, 40)}"></div><button>Sign up</button></form>
  </header>`;
}

function footerOf(random: Random): string {
  return `
  <footer class="ui-footer">${menu(random)}
    <p>Prices are indicative and subject to change. 18+ GambleAware.</p>
  </footer>
  <script defer src="/cdn-cgi/beacon/${hex(random, 16)}.js" data-token="${hex(random, 32)}"></script>${config(random)}`;
}
