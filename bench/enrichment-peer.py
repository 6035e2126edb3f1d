"""The straightforward worker of this kind, for bench/enrichment.ts: JSON Lines into dicts, derived fields, an upsert
into SQLite with a look for what a record refers to, one transaction a batch of 10. The standard library only.

  enrichment-peer.py store FOLDER DATABASE   all four files into the database; prints usage as JSON
  enrichment-peer.py derive KIND NOW FILE    a line of derived fields for each line of the file
"""

import json
import resource
import sqlite3
import statistics
import sys
import time
from datetime import datetime, timezone

BATCH = 10
KINDS = ("tutor", "student", "session", "feedback")
CATEGORIES = (
    "subject_knowledge_rating",
    "communication_rating",
    "patience_rating",
    "engagement_rating",
    "helpfulness_rating",
)
REQUIRED = {
    "tutor": ("tutor_id", "name", "email", "onboarding_date", "status", "subjects"),
    "student": ("student_id", "name"),
    "session": ("session_id", "tutor_id", "student_id", "scheduled_start", "duration_minutes", "subject"),
    "feedback": ("feedback_id", "session_id", "student_id", "tutor_id", "overall_rating", "submitted_at"),
}
REFERENCES = {
    "tutor": (),
    "student": (),
    "session": ("tutor", "student"),
    "feedback": ("session", "tutor", "student"),
}


def time_of(text):
    value = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def derive_tutor(record, now, session):
    days = max(0, (now - time_of(record["onboarding_date"])).days)
    derived = {
        "tenure_days": days,
        "is_new_tutor": days < 30,
        "experience_level": "junior" if days < 90 else "mid" if days < 365 else "senior",
        "subject_count": len(record["subjects"]),
    }
    if record.get("updated_at"):
        derived["is_active_today"] = time_of(record["updated_at"]).astimezone(timezone.utc).date() == now.date()
    return derived


def derive_session(record, now, session):
    start = time_of(record["scheduled_start"])
    hour = start.hour
    derived = {
        "is_weekend": start.weekday() >= 5,
        "time_of_day": "morning"
        if 5 <= hour <= 11
        else "afternoon"
        if 12 <= hour <= 16
        else "evening"
        if 17 <= hour <= 21
        else "night",
        "week_of_year": start.isocalendar()[1],
        "month_of_year": start.month,
        "is_late_start": (record.get("late_start_minutes") or 0) > 5,
    }
    if record.get("actual_start"):
        late = (time_of(record["actual_start"]) - start).total_seconds() / 60
        derived["actual_duration_minutes"] = max(0, int(record["duration_minutes"] - late))
    return derived


def derive_feedback(record, now, session):
    rating = record["overall_rating"]
    given = [record[name] for name in CATEGORIES if record.get(name) is not None]
    derived = {
        "is_positive": rating >= 4,
        "is_poor": rating < 3,
        "has_text_feedback": bool((record.get("free_text_feedback") or "").strip()),
    }
    if given:
        derived["avg_category_rating"] = round(statistics.mean(given), 2)
        derived["category_variance"] = round(statistics.pvariance(given), 2)
    start = record.get("session_scheduled_start") or (session or {}).get("scheduled_start")
    if start:
        delay = time_of(record["submitted_at"]) - time_of(start)
        derived["feedback_delay_hours"] = round(delay.total_seconds() / 3600, 2)
    return derived


DERIVE = {
    "tutor": derive_tutor,
    "student": lambda record, now, session: {},
    "session": derive_session,
    "feedback": derive_feedback,
}


def batches(path):
    batch = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            batch.append(json.loads(line))
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def missing_of(kind, record):
    return [name for name in REQUIRED[kind] if record.get(name) is None]


def store_batch(database, kind, batch, now):
    stored = 0
    with database:
        for record in batch:
            if missing_of(kind, record):
                continue
            parents = {
                other: database.execute(
                    f"SELECT record FROM {other} WHERE id = ?", (record[f"{other}_id"],)
                ).fetchone()
                for other in REFERENCES[kind]
            }
            if any(parent is None for parent in parents.values()):
                continue
            session = json.loads(parents["session"][0]) if "session" in parents else None
            derived = DERIVE[kind](record, now, session)
            database.execute(
                f"""INSERT INTO {kind} (id, record, derived, updated_at) VALUES (?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET record = excluded.record, derived = excluded.derived,
                      updated_at = excluded.updated_at""",
                (record[f"{kind}_id"], json.dumps(record), json.dumps(derived), record.get("updated_at")),
            )
            stored += 1
    return stored


def store(folder, path):
    started = time.perf_counter()
    now = datetime.now(timezone.utc)
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    for kind in KINDS:
        database.execute(
            f"CREATE TABLE {kind} (id TEXT PRIMARY KEY, record TEXT NOT NULL, derived TEXT NOT NULL, updated_at TEXT)"
        )
    stored = sum(
        store_batch(database, kind, batch, now) for kind in KINDS for batch in batches(f"{folder}/{kind}.jsonl")
    )
    database.close()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1 if sys.platform == "darwin" else 1024
    answer = {
        "stored": stored,
        "wallMs": (time.perf_counter() - started) * 1000,
        "cpuMs": (usage.ru_utime + usage.ru_stime) * 1000,
        "peakBytes": usage.ru_maxrss * scale,
    }
    print(json.dumps(answer))


def derive(kind, now, path):
    moment = time_of(now)
    for batch in batches(path):
        for record in batch:
            print(json.dumps(DERIVE[kind](record, moment, None)))


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    {"store": store, "derive": derive}[command](*rest)
