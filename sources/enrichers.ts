import type { Enricher } from '../core/enrich/enricher.ts';
import { feedback } from './tutoring/enrichers/feedback.ts';
import { session } from './tutoring/enrichers/session.ts';
import { student } from './tutoring/enrichers/student.ts';
import { tutor } from './tutoring/enrichers/tutor.ts';

/** Every kind of record that is enriched, those that others refer to first. A new one is added here. */
export const ENRICHERS: readonly Enricher[] = [tutor, student, session, feedback];
