import type { CivilDate } from '../../core/calendar/civil-date.ts';
import { type ClockFace, later, written } from './clock-face.ts';
import { CATEGORIES, type DemoFeedback, type DemoSession, startNow } from './lessons.ts';
import type { DemoStudent, DemoTutor, Feed } from './people.ts';

/** A record as the API prints it; a field that is undefined is not there. */
export type PrintedRecord = Readonly<Record<string, unknown>>;

export function tutorRecord(tutor: DemoTutor): PrintedRecord {
  const { onboarding } = tutor;
  return {
    tutor_id: tutor.id,
    name: tutor.name,
    email: `${tutor.id.toLowerCase()}@tutors.example`,
    onboarding_date:
      typeof onboarding === 'string'
        ? onboarding
        : 'invalid' in onboarding
          ? onboarding.invalid
          : written(onboarding),
    status: tutor.status,
    subjects: tutor.subjects,
    location: tutor.location,
    baseline_sessions_per_week: tutor.weekly,
    updated_at: timeOf(tutor.updatedAt),
    badge: tutor.badge,
  };
}

export function studentRecord(student: DemoStudent): PrintedRecord {
  return {
    student_id: student.id,
    name: student.name,
    age: student.age,
    grade_level: student.grade,
    subjects_interested: student.subjects,
    updated_at: timeOf(student.updatedAt),
  };
}

export function sessionRecord(session: DemoSession): PrintedRecord {
  const { start, late } = session;
  const began = late === undefined ? undefined : later(start, late);
  const ended = began && session.lasted !== undefined ? later(began, session.lasted) : undefined;
  return {
    session_id: session.id,
    tutor_id: session.tutor,
    student_id: session.student,
    scheduled_start: written(start),
    duration_minutes: session.lacks ? undefined : session.planned,
    subject: session.lacks ? null : session.subject,
    session_number: session.number,
    actual_start: timeOf(began),
    actual_end: timeOf(ended),
    late_start_minutes: late,
    no_show: session.noShow,
    engagement_score: session.engagement,
    updated_at: timeOf(session.updatedAt),
  };
}

export function feedbackRecord(
  seed: number,
  feed: Feed,
  feedback: DemoFeedback,
  today: CivilDate,
): PrintedRecord {
  const { about, saysStart, rating, categories } = feedback;
  return {
    feedback_id: feedback.id,
    session_id: feedback.session,
    student_id: feedback.student,
    tutor_id: feedback.tutor,
    overall_rating: feedback.ratingAsText ? String(rating) : rating,
    submitted_at: written(feedback.submitted),
    ...Object.fromEntries(CATEGORIES.map((name, nth) => [name, categories[nth]])),
    would_recommend: feedback.recommends,
    free_text_feedback: feedback.text,
    session_scheduled_start: about && saysStart ? written(startNow(seed, feed, about, today)) : undefined,
  };
}

function timeOf(face: ClockFace | undefined): string | undefined {
  return face && written(face);
}
