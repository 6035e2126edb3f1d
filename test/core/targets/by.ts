import type { ChangedBy } from '../../../core/targets/target-events.ts';

/** Who changes records in tests. */
export const BY: ChangedBy = { actor: 'somebody', at: 0 };
