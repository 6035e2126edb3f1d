import * as z from 'zod';

const text = (description: string) => z.string().nullable().describe(description);
const whole = (description: string) => z.int32().nullable().describe(description);
const decimal = (description: string) => z.number().nullable().describe(description);

const raceShape = {
  race_id: z.string().describe('Id of the race, from its address'),
  course_id: z.string().describe('Id of the course, from the address of the race'),
  course: z.string().describe('Course as the page names it, without its country'),
  off: z.string().describe('Advertised start, local time, HH:MM'),
  race_name: z.string().describe('Title without class, group and listed marks'),
  class: text('Class 1 to Class 7'),
  pattern: text('Group 1-3, Grade 1-3, Grade A-C, Listed'),
  rating_band: text('Official ratings allowed, 0-85'),
  age_band: text('Ages allowed, 3yo+'),
  sex_rest: text('Sexes allowed: F & M, C & F, C & G, F, M'),
  dist: text('Distance as printed, 1m2½f'),
  dist_y: whole('Distance in yards, from the full distance where the page has it'),
  dist_f: decimal('Distance in furlongs, a mile is 8'),
  dist_m: whole(
    'Distance in metres, rounded; a furlong is 200 m outside Great Britain, Ireland, the USA and Canada',
  ),
  course_detail: text('Which course or track, as printed'),
  going: text('State of the ground as printed'),
  surface: text('Turf, AW or Dirt, from the going'),
  type: z.string().describe('Flat, Hurdle, Chase or NH Flat'),
  ran: z.int32().describe('Number of runners'),
  winning_time: text('Winning time as printed, 1m 38.52s (slow by 2.12s)'),
  winning_secs: decimal('Winning time in seconds; null where none was taken'),
};

const runShape = {
  pos: z
    .string()
    .describe('Finishing position, or why there is none: PU F UR RR BD CO SU REF RO LFT RTR DSQ'),
  draw: whole('Stall number'),
  num: whole('Saddle cloth number'),
  btn: decimal('Lengths behind the horse in front; 0 for the winner and in a dead heat'),
  ovr_btn: decimal('Lengths behind the winner'),
  horse: z.string().describe('Horse with its country, Frankel (GB)'),
  horse_id: z.string().describe('Id of the horse'),
  horse_country: z.string().describe('Country that bred the horse: GB, IRE, FR'),
  sp: text('Starting price, with the favourite mark F, J or C; even money is Evens'),
  dec: decimal('Starting price as a decimal, stake included, two decimals'),
  jockey: text('Jockey'),
  jockey_id: text('Id of the jockey'),
  trainer: text('Trainer'),
  trainer_id: text('Id of the trainer'),
  owner: text('Owner; a classic page names it only in the address of the profile'),
  owner_id: text('Id of the owner'),
  silk_url: text('Image of the silks'),
  age: whole('Age in years'),
  lbs: whole('Weight carried in pounds'),
  hg: text('Headgear letters, with 1 the first time'),
  or: whole('Official rating'),
  rpr: whole('Racing Post rating'),
  ts: whole('Topspeed figure'),
  sex: text('Sex as printed: c f g h m r'),
  colour: text('Colour as printed: b, ch, gr'),
  sire: text('Sire with its country'),
  sire_id: text('Id of the sire'),
  dam: text('Dam with its country'),
  dam_id: text('Id of the dam'),
  damsire: text("Dam's sire, a bare name: no page prints its country"),
  damsire_id: text("Id of the dam's sire"),
  comment: text('Comment on the run'),
};

/** What takes both to tell: the place and the prizes, the distance and the winning time. */
const resultShape = {
  prize: decimal(
    'Prize money of the place, in the currency that the page prints; null unplaced or disqualified',
  ),
  time: text('Estimated finishing time, m:ss.cc'),
  secs: decimal('Estimated finishing time in seconds'),
};

/**
 * One runner of one race. The descriptions become the column comments of the lake. Absent is null everywhere;
 * ids are text, since they only name things. Fields stay free of checks: a checked field costs seven times a
 * plain one.
 */
export const runnerSchema = z.object({ ...raceShape, ...runShape, ...resultShape });

export type Runner = z.infer<typeof runnerSchema>;
/** The columns that all runners of a race share. */
export type RaceColumns = Pick<Runner, keyof typeof raceShape>;
/** The columns that are a runner's own. */
export type RunColumns = Pick<Runner, keyof typeof runShape>;
export type ResultColumns = Pick<Runner, keyof typeof resultShape>;
