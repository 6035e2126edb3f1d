/** A valid record of each kind, with its required fields. */
export const RECORDS = {
  tutor: {
    tutor_id: 'T001',
    name: 'Ada Quill',
    email: 'ada@tutors.example',
    onboarding_date: '2024-01-15T00:00:00Z',
    status: 'active',
    subjects: ['Math', 'Physics'],
  },
  student: { student_id: 'P001', name: 'Ben Reed' },
  session: {
    session_id: 'S001',
    tutor_id: 'T001',
    student_id: 'P001',
    scheduled_start: '2024-11-09T10:00:00Z',
    duration_minutes: 60,
    subject: 'Math',
  },
  feedback: {
    feedback_id: 'F001',
    session_id: 'S001',
    student_id: 'P001',
    tutor_id: 'T001',
    overall_rating: 4,
    submitted_at: '2024-11-09T12:00:00Z',
  },
} as const;
