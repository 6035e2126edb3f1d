/** Targets of the source. */
export const REGIONS = ['north', 'south', 'west'] as const;
