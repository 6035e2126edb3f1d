"""Derives the fields of records with Python's own datetime, fractions and decimal: a second reckoning.

Reads lines of {"kind", "now", "record"} and prints what is derived of each, a line of JSON. Known to both
readings: times as ISO 8601 with an offset, with Z, or with none (UTC).
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

CATEGORIES = ["subject_knowledge", "communication", "patience", "engagement", "helpfulness"]


def time(text):
    if text is None:
        return None
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


def two_decimals(value):
    with localcontext() as context:
        context.prec = 60
        quotient = Decimal(value.numerator) / Decimal(value.denominator)
        return float(quotient.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)) + 0.0


def tutor(record, now):
    tenure = max(0, (now - time(record["onboarding_date"])).days)
    derived = {
        "tenure_days": tenure,
        "is_new_tutor": tenure < 30,
        "experience_level": "junior" if tenure < 90 else "mid" if tenure <= 364 else "senior",
        "subject_count": len(record["subjects"]),
    }
    updated = time(record.get("updated_at"))
    if updated is not None:
        derived["is_active_today"] = updated.astimezone(timezone.utc).date() == now.date()
    return derived


def session(record, _now):
    start = time(record["scheduled_start"])
    hour = start.hour
    derived = {
        "is_weekend": start.strftime("%a") in ("Sat", "Sun"),
        "time_of_day": "morning" if hour in range(5, 12)
        else "afternoon" if hour in range(12, 17)
        else "evening" if hour in range(17, 22)
        else "night",
        "week_of_year": start.isocalendar()[1],
        "month_of_year": start.month,
        "is_late_start": (record.get("late_start_minutes") or 0) > 5,
    }
    began, ended = time(record.get("actual_start")), time(record.get("actual_end"))
    if began is not None:
        planned = timedelta(minutes=record["duration_minutes"])
        span = ended - began if ended else planned - max(timedelta(0), began - start)
        derived["actual_duration_minutes"] = max(0, span // timedelta(minutes=1))
    return derived


def feedback(record, _now):
    text = record.get("free_text_feedback")
    derived = {
        "is_positive": record["overall_rating"] >= 4,
        "is_poor": record["overall_rating"] < 3,
        "has_text_feedback": bool(text and text.strip()),
    }
    ratings = [record.get(f"{name}_rating") for name in CATEGORIES]
    ratings = [Fraction(Decimal(repr(rating))) for rating in ratings if rating is not None]
    if ratings:
        mean = sum(ratings) / len(ratings)
        variance = sum((rating - mean) ** 2 for rating in ratings) / len(ratings)
        derived["avg_category_rating"] = two_decimals(mean)
        derived["category_variance"] = two_decimals(variance)
    start = time(record.get("session_scheduled_start"))
    if start is not None:
        delay = (time(record["submitted_at"]) - start) // timedelta(microseconds=1)
        derived["feedback_delay_hours"] = two_decimals(Fraction(delay, 3_600_000_000))
    return derived


KINDS = {"tutor": tutor, "session": session, "feedback": feedback, "student": lambda _record, _now: {}}
for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(KINDS[case["kind"]](case["record"], time(case["now"]))))
