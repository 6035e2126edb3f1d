import type { Random } from './random.ts';

const START = [
  'Dwelt, held up in rear',
  'Led narrowly',
  'Tracked leaders',
  'Prominent',
  'Midfield',
  'Keen early, chased leader',
  'Slowly away, towards rear',
  'In touch on inner',
];
const MIDDLE = [
  'pushed along over 2f out',
  'headway from 3 out',
  'ridden and every chance entering final furlong',
  'hampered at the 2nd',
  'not fluent 4 out',
  'short of room over 1f out',
  'switched right & ridden',
  'drifted left under pressure',
];
const END = [
  'stayed on well final 110yds',
  'no impression',
  'weakened approaching last',
  'kept on same pace',
  'ran on strongly towards finish',
  'found little for pressure (jockey said gelding hung right-handed)',
  'always behind',
  'eased when beaten',
  'tailed off (trainer’s rep said colt was unsuited by the ground – vet found nothing)',
];
const BETTING = ['op 9/2 tchd 5/1', 'op 7/4', 'tchd 20/1', 'op 11/10 tchd evens', 'tchd 11/2 and 6/1'];

const LOST: Readonly<Record<string, string>> = {
  PU: 'pulled up before 3 out',
  F: 'fell 5th',
  UR: 'unseated rider 2nd',
  RR: 'refused to race',
  BD: 'brought down 4 out',
  CO: 'carried out approaching 7th',
  SU: 'slipped up on bend after 3rd',
  REF: 'refused last',
  RO: 'ran out before 6th',
  LFT: 'left at start',
  RTR: 'refused to race',
  DSQ: 'finished in the frame, disqualified: rider failed to draw the correct weight',
};

/** How the race went for one horse, in a close-up writer's words. */
export function commentOf(position: string, random: Random): string {
  return `${random.pick(START)}, ${random.pick(MIDDLE)}, ${LOST[position] ?? random.pick(END)}`;
}

/** How its price moved before the off; null where nobody wrote it down. */
export function bettingOf(random: Random): string | null {
  return random.chance(0.35) ? random.pick(BETTING) : null;
}
