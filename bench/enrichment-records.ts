import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../demo/model/random.ts';

/** In the order in which they are pushed: those that others refer to first. */
export const KINDS = ['tutor', 'student', 'session', 'feedback'] as const;
export type Kind = (typeof KINDS)[number];

/** Of a hundred records. */
const SHARES: Readonly<Record<Kind, number>> = { tutor: 5, student: 15, session: 50, feedback: 30 };

const FORMS = ['Z', '+02:00', '-05:00', ''];

export function countOf(kind: Kind, records: number): number {
  return (records * SHARES[kind]) / 100;
}

export function fileOf(folder: string, kind: Kind): string {
  return join(folder, `${kind}.jsonl`);
}

/** Writes so many valid records, a file a kind: the same on every machine. `records`: a multiple of 100. */
export async function writeRecords(folder: string, records: number): Promise<void> {
  for (const kind of KINDS) {
    const file = createWriteStream(fileOf(folder, kind));
    for (let nth = 0; nth < countOf(kind, records); nth++)
      if (!file.write(`${JSON.stringify(MAKERS[kind](nth, records))}\n`)) await once(file, 'drain');
    file.end();
    await once(file, 'finish');
  }
}

const id = (kind: Kind, nth: number) => `${kind[0]!.toUpperCase()}-${String(nth).padStart(7, '0')}`;

const MAKERS: Readonly<Record<Kind, (nth: number, records: number) => object>> = {
  tutor: (nth) => {
    const random = seeded(1, 'tutor', nth);
    return {
      tutor_id: id('tutor', nth),
      name: `Tutor ${nth}`,
      email: `tutor-${nth}@tutors.example`,
      onboarding_date: timeOf(random.int(0, 700), random.int(0, 1439), random.pick(FORMS)),
      status: 'active',
      subjects: ['Algebra', 'Physics', 'French'].slice(0, random.int(0, 3)),
      education_level: 'master',
      location: 'Elm Street',
      baseline_sessions_per_week: random.int(3, 20),
      updated_at: timeOf(690, random.int(0, 1439), 'Z'),
    };
  },
  student: (nth) => ({
    student_id: id('student', nth),
    name: `Student ${nth}`,
    age: 7 + (nth % 12),
    grade_level: String(1 + (nth % 12)),
    subjects_interested: ['Algebra'],
  }),
  session: (nth, records) => {
    const random = seeded(1, 'session', nth);
    const [day, minute, form] = [random.int(0, 700), random.int(0, 1380), random.pick(FORMS)];
    const late = random.int(0, 20);
    return {
      session_id: id('session', nth),
      tutor_id: id('tutor', random.int(0, countOf('tutor', records) - 1)),
      student_id: id('student', random.int(0, countOf('student', records) - 1)),
      session_number: random.int(1, 30),
      scheduled_start: timeOf(day, minute, form),
      ...(random.chance(0.7) && { actual_start: timeOf(day, minute + late, form) }),
      duration_minutes: random.pick([30, 45, 60, 90]),
      subject: 'Algebra',
      session_type: 'online',
      tutor_initiated_reschedule: random.chance(0.1),
      no_show: random.chance(0.05),
      late_start_minutes: late,
      engagement_score: random.int(0, 100) / 100,
      learning_objectives_met: true,
      technical_issues: false,
      updated_at: timeOf(day, minute, 'Z'),
    };
  },
  feedback: (nth) => {
    const random = seeded(1, 'feedback', nth);
    const rating = () => random.int(1, 5);
    return {
      feedback_id: id('feedback', nth),
      session_id: id('session', nth),
      ...ofSession(nth),
      overall_rating: rating(),
      is_first_session: random.chance(0.1),
      subject_knowledge_rating: rating(),
      communication_rating: rating(),
      ...(random.chance(0.5) && { patience_rating: rating() }),
      engagement_rating: rating(),
      helpfulness_rating: rating(),
      would_recommend: random.chance(0.8),
      free_text_feedback: random.pick(['', 'Patient, and clear.', '  ']),
      submitted_at: timeOf(random.int(0, 720), random.int(0, 1439), random.pick(FORMS)),
      ...(random.chance(0.5) && { session_scheduled_start: timeOf(random.int(0, 700), 600, 'Z') }),
    };
  },
};

/** Any tutor and student that are there in every size. */
function ofSession(nth: number): object {
  return { student_id: id('student', nth % 1500), tutor_id: id('tutor', nth % 500) };
}

const FIRST_DAY = Date.UTC(2024, 0, 1);

/** So many days after 2024-01-01. */
function timeOf(day: number, minute: number, form: string): string {
  return `${new Date(FIRST_DAY + day * 86_400_000 + minute * 60_000).toISOString().slice(0, 19)}${form}`;
}
