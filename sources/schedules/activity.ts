import { breakWithin } from './times.ts';

/** What a row of a schedule is about. `aside` is nothing of a pupil's day; `other` is a name of its own. */
export type Activity =
  | 'aside'
  | 'passing'
  | 'lunch'
  | 'recess'
  | 'dismissal'
  | 'start'
  | 'day'
  | 'class'
  | 'other';

/** The first that matches says what it is. */
const ACTIVITIES: readonly (readonly [Activity, RegExp])[] = [
  ['aside', /\b(?:front\s)?office\b|front desk|\badministrat/i],
  ['aside', /\bteachers?\b(?! assist)|\bstaff\b|\bfaculty\b|\bemployees?\b|\bcontract/i],
  [
    'aside',
    /\bextended\b|\b(?:after|before)[\s-]{0,2}(?:school|care)\b|\b(?:child|day)\s?care\b|\blatchkey\b|\btutor|\bclubs?\b|\bathletic|\bpractice\b|\bhomework\b/i,
  ],
  [
    'aside',
    /\bgates?\b|\bdoors?\b|\bcampus opens?\b|\bbuilding\b|\bsupervis|\barriv|\bdrop[\s-]?off\b|\benter\b/i,
  ],
  ['aside', /\bbreakfast\b/i],
  ['aside', /\bwarning\b|\b(?:first|1st) bell\b/i],
  [
    'aside',
    /\bzero\s(?:period|hour|block)|\b(?:period|hour|block)\s0\b|\b0(?:th)?\s(?:period|hour|block)|\bearly[\s-]?bird\b/i,
  ],
  [
    'aside',
    /\bmeetings?\b|\bopen house\b|\bboard\b|\bregistration\b|\bsports?\b|\bgames?\b|\blibrary hours\b|\bnurse\b|\bpick[\s-]?up\b|\bhalf[\s-]{0,2}day\b|\b(?:am|pm|a\.m\.|p\.m\.|morning|afternoon)\s(?:pre-?k|pre-?school|kinder|session)/i,
  ],
  ['passing', /\bpassing\b|\btransition\b|^pass$/i],
  ['lunch', /\blunch/i],
  ['recess', /\brecess\b|\bbreak\b|\bnutrition\b|\bsnack\b|\bbrunch\b/i],
  [
    'dismissal',
    /\bdismiss|\brelease[ds]?\b|\bschool\s(?:day\s)?(?:ends?|is out|out|is over|lets out|closes)\b|\bend of\b|^(?:day |classes |students )?ends?(?: time)?$|\b(?:last|final|closing) bell\b|\bstudents? (?:leave|depart)\b|\bclasses end\b/i,
  ],
  ['aside', /\bbus(?:es)?\b/i],
  [
    'start',
    /\btardy\b|\blate bell\b|\bschool\s(?:day\s)?(?:starts?|begins?)\b|\b(?:class(?:es)?|instruction|day|students?)\s(?:begins?|starts?)\b|\bbegin(?:s|ning)?\b|^starts?(?: time)?$|\bstart of\b/i,
  ],
  [
    'class',
    /\bper(?:iod)?\b|\bhour\b|\bblock\b|\bhome\s?room\b|\badvis|\bHR\b|\bclass\b|\bmod\b|\bseminar\b|\bflex\b|\bintervention\b|^\d(?:st|nd|rd|th)$|^\d$/i,
  ],
  ['day', /\bhours?\b|\bday\b|\bbell\b|\btimes?\b|\bschedules?\b/i],
];

/** The breaks that may lie within something else. */
export const BREAKS = ['lunch', 'recess'] as const;

/** Minutes; a period with a break in its name is the period where it is longer than any such break. */
const LONGEST = { lunch: 60, recess: 45 };
const PERIOD = /\bperiod|\bhour\b|\bblock\b/i;
/** `Lunch period` is the lunch. */
const OF_BREAK = /\b(?:lunch|recess|break)\s(?:period|hour|block)/i;

/** `minutes`: how long it is, where that is known. */
export function activityOf(label: string, minutes?: number): Activity {
  const found = ACTIVITIES.find(([, pattern]) => pattern.test(label))?.[0] ?? 'other';
  if ((found !== 'lunch' && found !== 'recess') || minutes === undefined || !PERIOD.test(label)) return found;
  const within = OF_BREAK.test(label) ? undefined : breakWithin(label, found);
  return minutes > LONGEST[found] || (within !== undefined && within < minutes) ? 'class' : found;
}

/** True where a row of something else has such a break in its name. */
export function namesBreak(label: string, kind: 'lunch' | 'recess'): boolean {
  return ACTIVITIES.some(([activity, pattern]) => activity === kind && pattern.test(label));
}
