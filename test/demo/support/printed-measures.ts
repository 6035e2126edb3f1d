const MARGINS: Readonly<Record<string, number>> = {
  nse: 0.05,
  shd: 0.1,
  'sht-hd': 0.1,
  snk: 0.2,
  hd: 0.2,
  nk: 0.3,
  lgnk: 0.4,
  dht: 0,
  dist: 30,
};
const QUARTERS: Readonly<Record<string, number>> = { '': 0, '¼': 0.25, '½': 0.5, '¾': 0.75 };
/** Races where a furlong is an eighth of a mile; all others are run over metres. */
/** An Arabian card is held in Great Britain. */
const MEASURED_IN_YARDS = ['GB', 'ARAB', 'IRE', 'USA', 'CAN'];

/** `nk`, `2½`, `¾` in lengths; NaN for what is no margin. */
export function lengths(printed: string): number {
  const [, whole, quarter] = /^(\d*)([¼½¾]?)$/.exec(printed) ?? [];
  return MARGINS[printed] ?? (whole === undefined ? Number.NaN : Number(whole) + QUARTERS[quarter!]!);
}

/** `9/4F`, `EvensJ`: the fraction plus 1 to two decimals; null for `No Odds`. */
export function decimalOdds(printed: string): number | null {
  const bare = printed.replace(/[FJC]$/, '');
  if (bare === 'No Odds') return null;
  if (/^Ev(en)?s$/.test(bare)) return 2;
  const [stake, per] = bare.split('/').map(Number);
  return hundredths(stake! / per! + 1);
}

/** A number, or null for blank and for a dash. */
export function rating(printed: string): number | null {
  return printed === '–' ? null : number(printed);
}

/** Null where nothing is printed, NaN for what is no number. */
export function number(printed: string): number | null {
  return printed === '' ? null : Number(printed);
}

export interface PrintedDistance {
  readonly miles: number;
  readonly furlongs: number;
  readonly yards: number;
}

/** `1m2½f`, `6f`, `2m3f75yds` */
export function distance(printed: string): PrintedDistance {
  const [all, miles, , whole, half, yards] = /^(?:(\d+)m)?((\d*)(½?)f)?(?:(\d+)yds)?$/.exec(printed) ?? [];
  if (!all) throw new Error(`no distance: ${printed}`);
  return {
    miles: Number(miles ?? 0),
    furlongs: Number(whole ?? 0) + (half ? 0.5 : 0),
    yards: Number(yards ?? 0),
  };
}

export function inYards({ miles, furlongs, yards }: PrintedDistance): number {
  return miles * 1760 + furlongs * 220 + yards;
}

/** Whole metres. */
export function inMetres({ miles, furlongs, yards }: PrintedDistance, country: string): number {
  if (!MEASURED_IN_YARDS.includes(country)) return Math.round((miles * 8 + furlongs) * 200);
  return Math.round(miles * 1609.34 + furlongs * 201.168 + yards * 0.9144);
}

/** `1m 38.52s (slow by 2.12s)`; null for `standard time` and for zero. */
export function clockSeconds(printed: string): number | null {
  const [, minutes, seconds] = /^(?:(\d+)m )?(\d+[.]\d+)s/.exec(printed) ?? [];
  return seconds === undefined ? null : hundredths(Number(minutes ?? 0) * 60 + Number(seconds)) || null;
}

/** By the first word of the going that has a pace (`Good To Soft` is good); null without one. */
export function lengthsPerSecond(going: string, type: string): number | null {
  const flat = !['Hurdle', 'Chase', 'NH Flat'].includes(type);
  const fast = flat ? 6 : 5;
  const firm = flat
    ? ['good', 'firm', 'standard', 'fast', 'hard', 'slow', 'sloppy']
    : ['firm', 'standard', 'hard', 'fast', 'good'];
  const soft = flat
    ? ['soft', 'heavy', 'yielding', 'holding']
    : ['soft', 'heavy', 'yielding', 'slow', 'holding'];
  for (const word of going.toLowerCase().split(/\W+/)) {
    if (firm.includes(word)) return fast;
    if (soft.includes(word)) return fast - 1;
  }
  return null;
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
