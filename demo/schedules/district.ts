import { seeded } from '../model/random.ts';
import { KIND_NAMES, type Kind } from './kinds.ts';

/** A district as the directory lists it. */
export interface District {
  /** NCES id, 7 digits. */
  readonly id: string;
  /** First label of its host: `<slug>.localhost`. */
  readonly slug: string;
  readonly name: string;
  readonly state: string;
  readonly tier: string;
  readonly enrollment: number;
  readonly kind: Kind;
}

const STATES = [
  { state: 'CA', prefix: '06' },
  { state: 'TX', prefix: '48' },
  { state: 'IL', prefix: '17' },
  { state: 'NY', prefix: '36' },
];
const FIRST = [
  ...[
    'Alder',
    'Birch',
    'Cedar',
    'Dogwood',
    'Elm',
    'Fern',
    'Gorse',
    'Hazel',
    'Ivy',
    'Juniper',
    'Kestrel',
    'Larch',
  ],
  ...[
    'Maple',
    'Nettle',
    'Oriole',
    'Poplar',
    'Quail',
    'Rowan',
    'Sorrel',
    'Thistle',
    'Umber',
    'Violet',
    'Willow',
  ],
];
const SECOND = ['brook', 'field', 'mere', 'ridge', 'vale', 'wick', 'ford', 'combe'];

/** The districts of the demo, a few of each kind over the states; the same seed gives the same ones. */
export function districtsOf(seed: number, count: number): District[] {
  return Array.from({ length: count }, (_, nth) => {
    const random = seeded(seed, 'district', nth);
    const { state, prefix } = STATES[nth % STATES.length]!;
    const place = `${FIRST[nth % FIRST.length]}${SECOND[Math.floor(nth / FIRST.length + random.int(0, 1)) % SECOND.length]}`;
    const enrollment = Math.round(90_000 / (nth + 1)) + random.int(0, 400);
    return {
      id: `${prefix}${String(99_000 + nth).padStart(5, '0')}`,
      slug: `${place.toLowerCase()}-${nth}`,
      name: nth % 7 === 3 ? `${place.toUpperCase()} UNIFIED` : `${place} Unified School District`,
      state,
      tier: nth < count / 4 ? 'tier1' : nth < count / 2 ? 'tier2' : 'tier3',
      enrollment,
      kind: KIND_NAMES[nth % KIND_NAMES.length]!,
    };
  });
}
