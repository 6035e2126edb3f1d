import { createHash } from 'node:crypto';
import { type Fields, feedback, session, student, tutor } from '../../cli/support/records.ts';

/** A message of the queue of a kind, as somebody sends it. */
export interface KindMessage {
  readonly kind: string;
  readonly body: string;
}

const HOUR_MS = 3_600_000;
const CHILDREN = 12;

/** Everything that a queue may bring, in two waves: children, and all their parents after them. */
export interface Waves {
  readonly children: readonly KindMessage[];
  readonly parents: readonly KindMessage[];
  /** Records that end as entities, and children that are parked until their parents come. */
  readonly entities: number;
  readonly parked: number;
}

/** `now`: milliseconds. No derived field changes within eleven hours of it. */
export function waves(now: number): Waves {
  const onboarding_date = new Date(now - (100 * 24 + 12) * HOUR_MS).toISOString();
  const tutors = [1, 2, 3].map((n) => tutor(`t-${n}`, { onboarding_date }));
  const newer = tutor('t-2', { onboarding_date, name: 'Newer', updated_at: '2025-11-21T10:00:00Z' });
  const older = tutor('t-2', { onboarding_date, name: 'Older', updated_at: '2025-11-21T11:59:00+02:00' });
  const students = [1, 2, 3, 4].map((n) =>
    student(`u-${n}`, { age: 10 + n, subjects_interested: ['Algebra'] }),
  );
  const refer = (n: number) => ({ tutor_id: `t-${(n % 3) + 1}`, student_id: `u-${(n % 4) + 1}` });
  const numbers = Array.from({ length: CHILDREN }, (_, at) => at + 1);
  const sessions = numbers.map((n) =>
    session(`s-${n}`, {
      ...refer(n),
      scheduled_start: `2025-11-${String(17 + (n % 2))}T23:30:00-05:00`,
      late_start_minutes: n,
    }),
  );
  const feedbacks = numbers.map((n) =>
    feedback(`f-${n}`, {
      ...refer(n),
      session_id: `s-${n}`,
      overall_rating: (n % 5) + 1,
      communication_rating: 3,
      patience_rating: n % 4,
      submitted_at: '2025-11-19T08:15:00Z',
    }),
  );
  const lost = feedback('f-lost', { tutor_id: 't-none', student_id: 'u-none', session_id: 's-none' });
  const children = [
    ...sessions.map((record) => message('session', record)),
    ...[...feedbacks, lost].map((record) => message('feedback', record)),
  ];
  const spoiled = [
    message('tutor', tutor('t-bad', { email: null, subjects: 'Algebra' })),
    { kind: 'student', body: 'no JSON' },
    { kind: 'session', body: JSON.stringify({ schema_version: 2, record: sessions[0] }) },
  ];
  const twice = [children[2]!, children[15]!];
  const parents = [
    ...tutors.filter(({ tutor_id }) => tutor_id !== 't-2').map((record) => message('tutor', record)),
    ...[newer, older].map((record) => message('tutor', record)),
    ...students.map((record) => message('student', record)),
  ];
  return {
    children: shuffled([...children, ...twice, ...spoiled]),
    parents: shuffled(parents),
    entities: tutors.length + students.length + sessions.length + feedbacks.length,
    parked: sessions.length + feedbacks.length + 1,
  };
}

/** Sessions of one tutor whose record changes all the time: all at once. */
export function popularTutor(): KindMessage[] {
  const changes = Array.from({ length: 12 }, (_, n) =>
    message('tutor', tutor('t-1', { name: `Change ${n}`, updated_at: `2025-11-22T10:00:${10 + n}Z` })),
  );
  const sessions = Array.from({ length: 60 }, (_, n) => message('session', session(`p-${n}`)));
  return shuffled([...changes, ...sessions]);
}

function message(kind: string, record: Fields): KindMessage {
  const id = digest(JSON.stringify(record));
  const scraped = kind === 'session' && {
    origin: {
      run_id: '01938f5e-0000-7000-8000-000000000000',
      url: `http://site/sessions/${record.session_id}`,
      scraped_at: '2025-11-20T09:00:00Z',
      capture: 'captures/tutoring/north.warc.gz#17',
    },
  };
  const said = { schema_version: 1, id, kind, source: 'signup', feed: 'north', ...scraped };
  return {
    kind,
    body: JSON.stringify({ ...said, date: '2025-11-20', sent_at: '2025-11-20T10:00:00Z', record }),
  };
}

/** In an order that nobody chose, the same in every run. */
function shuffled(messages: readonly KindMessage[]): KindMessage[] {
  return messages.toSorted((a, b) => (digest(a.body) < digest(b.body) ? -1 : 1));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
