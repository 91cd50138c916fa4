"""Relationship indicators, recomputed from their docstrings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from proof.oracle.past import Row, View, capped, day, mean

TOUCHES = "touchpoints"
MEETINGS = ("meeting", "qbr", "call")


def touches(view: View, days: int, *kinds: str, side: str | None = None, came: bool = False) -> int:
    rows = view.of(TOUCHES, "occurred_at", days)
    return sum(
        1
        for r in rows
        if (not kinds or r["kind"] in kinds) and side in (None, r["direction"]) and (not came or r["attended"])
    )


def mails_opened(view: View) -> float | None:
    sent = touches(view, 84, "email", side="ours")
    opened = view.count(TOUCHES, "opened_at", 84, when=lambda r: r["kind"] == "email")
    return None if sent < 3 else capped(opened / sent, 0, 1)


def attendance(view: View) -> float | None:
    rows = [r for r in view.of(TOUCHES, "occurred_at", 182) if r["kind"] in MEETINGS and r["attended"] is not None]
    return mean(float(r["attended"]) for r in rows)


def learning(view: View) -> int:
    """A training whose attendance nobody noted counts as attended."""
    rows = view.of(TOUCHES, "occurred_at", 91)
    return min(10, sum(1 for r in rows if r["kind"] in ("training", "webinar") and r["attended"] is not False))


def replies(view: View, days: int | None = None) -> list[Row]:
    """Answers of theirs to contacts of ours; what we answered is nothing they did."""
    return [r for r in view.of(TOUCHES, "responded_at", days) if r["direction"] == "ours"]


def reply_rate(view: View) -> float | None:
    ours = touches(view, 84, side="ours")
    return None if ours < 3 else capped(len(replies(view, 84)) / ours, 0, 1)


def days_since(view: View, moments: Iterable[datetime]) -> int | None:
    return min((view.age(m) for m in moments), default=None)


def came(view: View) -> list[Row]:
    return [r for r in view.of(TOUCHES) if r["kind"] in MEETINGS and r["attended"]]


def missed(view: View) -> int:
    rows = view.of(TOUCHES, "occurred_at", 84)
    return sum(1 for r in rows if r["kind"] in MEETINGS and r["attended"] is False)


def theirs(view: View, days: int, ago: int = 0) -> int:
    return view.count(TOUCHES, "occurred_at", days, ago, when=lambda r: r["direction"] == "theirs")


def contact_change(view: View) -> float | None:
    before = theirs(view, 84, 28)
    return theirs(view, 28) / (before / 3) - 1 if before >= 3 else None


def taking_part(view: View) -> int:
    rows = view.of(TOUCHES, "occurred_at", 84)
    return len({r["user_id"] for r in rows if r["direction"] == "theirs" or r["attended"]} - {None})


INDICATORS = {
    "replies_28d": ((TOUCHES,), lambda v: len(replies(v, 28))),
    "mail_open_rate_84d": ((TOUCHES,), mails_opened),
    "meetings_attended_84d": ((TOUCHES,), lambda v: touches(v, 84, *MEETINGS, came=True)),
    "meeting_attendance_182d": ((TOUCHES,), attendance),
    "customer_contacts_28d": ((TOUCHES,), lambda v: touches(v, 28, side="theirs")),
    "learning_91d": ((TOUCHES,), learning),
    "community_91d": ((TOUCHES,), lambda v: min(10, touches(v, 91, "community", side="theirs"))),
    "feedback_91d": ((TOUCHES,), lambda v: min(10, touches(v, 91, "feedback", "feature_request", side="theirs"))),
    "reply_rate_84d": ((TOUCHES,), reply_rate),
    "reply_days_84d": (
        (TOUCHES,), lambda v: mean((day(r["responded_at"]) - day(r["occurred_at"])).days for r in replies(v, 84))),
    "days_since_last_reply": (
        (TOUCHES,), lambda v: days_since(v, (r["responded_at"] for r in replies(v)))),
    "days_since_last_meeting": ((TOUCHES,), lambda v: days_since(v, (r["occurred_at"] for r in came(v)))),
    "days_since_last_contact": (
        (TOUCHES,), lambda v: days_since(v, (r["occurred_at"] for r in v.of(TOUCHES) if r["direction"] == "theirs"))),
    "meetings_missed_84d": ((TOUCHES,), missed),
    "contact_change_28d": ((TOUCHES,), contact_change),
    "people_taking_part_84d": ((TOUCHES,), taking_part),
    "feature_requests_182d": ((TOUCHES,), lambda v: touches(v, 182, "feature_request", side="theirs")),
}  # fmt: skip
EVIDENCE = {"contact_change_28d": (lambda v: theirs(v, 84, 28) / 3, lambda v: theirs(v, 28))}
