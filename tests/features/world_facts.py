"""Random rows of every source table but accounts, terms and messages: one function a table, one call an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any

from tests.features.dice import DAY, FIRST, LAST, Dice, midnight

Row = dict[str, Any]


def _usage(dice: Dice, account: str) -> list[Row]:
    found = []
    rate = dice.pick(0.02, 0.1, 0.25, 0.45)
    silent_from = dice.pick(LAST, LAST, dice.day(date(2025, 1, 1), LAST))
    for user in [f"{account}-u{i}" for i in range(dice.number(1, 4))]:
        for week in range((LAST - FIRST).days // 7):
            for _ in range(sum(dice.chance(rate) for _ in range(7))):
                at = dice.moment(FIRST + DAY * 7 * week, FIRST + DAY * (7 * week + 6))
                if at.date() >= silent_from:
                    continue
                row = {
                    "account_id": account,
                    "user_id": dice.pick(user, user, user, None),
                    "occurred_at": at,
                    "module": dice.pick("m0", "m1", "m2", None),
                    "feature": dice.pick("f0", "f1", "f2", "f3", None),
                    "channel": dice.pick("ui", "ui", "api", None),
                    "count": dice.pick(None, 1, 7),
                    "event_id": dice.maybe(0.3, f"{user}-{len(found)}"),
                    "known_at": dice.known(at),
                }
                found.append(row)
                if dice.chance(0.15):
                    # The same user-day a second time, learned at another time.
                    found.append({**row, "event_id": None, "known_at": dice.known(at)})
    return found


def _entitlements(dice: Dice, account: str) -> list[Row]:
    found = []
    for module, feature in [*product(("m0", "m1", "m2"), ("f0", "f1", "f2")), ("m3", "API")]:
        # Some features are bought twice, with a gap or on top of each other.
        for _ in range(dice.pick(0, 0, 1, 2)):
            start = dice.maybe(0.8, dice.snapshot_day(dice.day(FIRST, date(2025, 6, 1))))
            if any((r["module"], r["feature"], r["starts_on"]) == (module, feature, start) for r in found):
                continue
            known = dice.known(midnight(start or dice.day(FIRST, date(2025, 6, 1))))
            found.append({
                "account_id": account, "module": module, "feature": feature,
                "level": dice.pick("core", "core", "advanced"), "starts_on": start,
                "ends_on": dice.maybe(0.4, (start or FIRST) + DAY * dice.number(0, 400)),
                "known_at": dice.maybe(0.9 if start is None else 1, known),
            })  # fmt: skip
    return found


def _tickets(dice: Dice, account: str) -> list[Row]:
    found = []
    for i in range(dice.number(0, 40)):
        at = dice.moment(date(2024, 6, 1), LAST)
        found.append({
            "ticket_id": f"{account}-t{i}", "account_id": account, "opened_at": at,
            "user_id": dice.pick(f"{account}-u0", f"{account}-u1", None), "topic": dice.pick("billing", "login", None),
            "first_response_at": dice.maybe(0.7, dice.after(at, 5)), "closed_at": dice.maybe(0.7, dice.after(at, 60)),
            "priority": dice.pick("low", "normal", "high", "urgent", None),
            "escalated_at": dice.maybe(0.3, dice.after(at, 20)), "known_at": dice.known(at),
        })  # fmt: skip
    return found


def messages(dice: Dice, tickets: list[Row]) -> list[Row]:
    found = []
    for ticket in tickets:
        for i in range(dice.number(0, 5)):
            at = dice.after(ticket["opened_at"], 20)
            found.append({
                "message_id": f"{ticket['ticket_id']}-{i}", "ticket_id": ticket["ticket_id"], "sent_at": at,
                "author": dice.pick("customer", "customer", "agent"),
                "sentiment": dice.maybe(0.8, dice.number(-1000, 1000) / 1000), "known_at": dice.known(at),
            })  # fmt: skip
    return found


def _surveys(dice: Dice, account: str) -> list[Row]:
    found: list[Row] = []
    for i in range(dice.number(0, 40)):
        kind = dice.pick("nps", "csat", "ces", "outcome")
        at = dice.moment(date(2024, 6, 1), LAST)
        # Often on a day on which the same contact has answered before.
        earlier = [r for r in found if r["kind"] == kind]
        if earlier and dice.chance(0.4):
            at = midnight(dice.random.choice(earlier)["answered_at"].date()) + timedelta(minutes=dice.number(0, 1439))
        usual = {"nps": 10, "csat": 5, "ces": 7, "outcome": 100}[kind]
        top = dice.pick(None, None, usual, usual * 2)
        found.append({
            "response_id": f"{account}-r{i}", "account_id": account, "user_id": dice.pick(f"{account}-u0", "x", None),
            "kind": kind, "score": float(dice.number(0, top or usual)), "scale_max": top, "answered_at": at,
            "known_at": dice.known(at),
        })  # fmt: skip
    return found


def _invoices(dice: Dice, account: str) -> list[Row]:
    found = []
    for i in range(dice.number(0, 24)):
        issued = FIRST + DAY * (30 * i)
        due = issued + DAY * dice.pick(0, 14, 30)
        at = midnight(issued)
        failed, disputed = dice.after(at, 60), dice.after(at, 60)
        found.append({
            "invoice_id": f"{account}-i{i}", "account_id": account, "issued_on": issued,
            "due_on": dice.pick(due, dice.snapshot_day(due)), "amount": dice.number(0, 500_000) / 100,
            "paid_at": dice.maybe(0.7, dice.after(at, 90)), "failed_at": dice.maybe(0.4, failed),
            "failure_resolved_at": dice.maybe(0.4, dice.after(failed, 60)),
            "disputed_at": dice.maybe(0.4, disputed), "dispute_resolved_at": dice.maybe(0.4, dice.after(disputed, 60)),
            "known_at": dice.known(at),
        })  # fmt: skip
    return found


def _touchpoints(dice: Dice, account: str) -> list[Row]:
    found = []
    kinds = ("email", "email", "email", "call", "meeting", "qbr", "training", "webinar", "community", "feedback",
             "feature_request")  # fmt: skip
    for i in range(dice.number(20, 150)):
        at = dice.moment(date(2024, 6, 1), LAST)
        kind, ours = dice.pick(*kinds), dice.chance(0.7)
        found.append({
            "touch_id": f"{account}-p{i}", "account_id": account, "kind": kind, "occurred_at": at,
            "user_id": dice.pick(f"{account}-u0", f"{account}-u1", f"{account}-u2", None),
            "direction": "ours" if ours else "theirs", "attended": dice.pick(True, False, None),
            "opened_at": dice.maybe(0.5, dice.after(at, 20)) if ours and kind == "email" else None,
            # One of theirs is answered by us: nothing that they did.
            "responded_at": dice.maybe(0.4, dice.after(at, 20)) if ours else at + timedelta(days=i % 30),
            "known_at": dice.known(at),
        })  # fmt: skip
    return found


def _milestones(dice: Dice, account: str) -> list[Row]:
    found = []
    for i in range(dice.number(0, 40)):
        due = dice.maybe(0.8, dice.snapshot_day(dice.day(date(2024, 6, 1), LAST)))
        reached = dice.maybe(0.6, dice.moment((due or date(2025, 1, 1)) - DAY * 20, (due or LAST) + DAY * 40))
        events = [x for x in (midnight(due) if due else None, reached) if x]
        found.append({
            "account_id": account, "milestone": f"step {i}", "due_on": due, "reached_at": reached,
            "kind": dice.pick("key_action", "first_value", "task", "goal", "handoff"),
            "known_at": dice.known(min(events)) if events else None,
        })  # fmt: skip
    return found


def _opportunities(dice: Dice, account: str) -> list[Row]:
    found = []
    for i in range(dice.number(0, 6)):
        at = dice.moment(date(2024, 6, 1), LAST)
        closed = dice.maybe(0.6, dice.after(at, 120))
        found.append({
            "opportunity_id": f"{account}-o{i}", "account_id": account, "created_at": at, "closed_at": closed,
            "kind": dice.pick("expansion", "expansion", "renewal", "new"), "won": dice.chance(0.5) if closed else None,
            "known_at": dice.known(at),
        })  # fmt: skip
    return found


def _feedback(dice: Dice, account: str) -> list[Row]:
    found: list[Row] = []
    for i in range(dice.number(0, 12)):
        at = dice.moment(date(2024, 6, 1), LAST)
        if found and dice.chance(0.3):
            at = midnight(found[-1]["recorded_at"].date()) + timedelta(minutes=dice.number(0, 1439))
        expires = dice.maybe(0.6, dice.snapshot_day(at.date() + DAY * dice.number(1, 120)))
        found.append({
            "feedback_id": f"{account}-c{i}", "account_id": account, "recorded_at": at, "expires_on": expires,
            "kind": dice.pick("sponsor_rating", "sponsor_rating", "sponsor_rating", "holdout"),
            "value": dice.pick("1", "2", "3", "4", "5", None), "known_at": dice.known(at),
        })  # fmt: skip
    return found


def _users(dice: Dice, account: str) -> list[Row]:
    found = []
    for i in range(dice.number(3, 14)):
        at = dice.moment(FIRST, LAST)
        found.append({
            "user_id": f"{account}-u{i}", "account_id": account, "created_at": at, "known_at": dice.known(at),
            "role": dice.pick("champion", "sponsor", "admin", "admin", "user", None),
            "department": dice.pick("sales", "finance", "it", None),
            "deactivated_at": dice.maybe(0.4, dice.after(at, 300)), "bounced_at": dice.maybe(0.3, dice.after(at, 300)),
        })  # fmt: skip
    return found


FILLERS: Mapping[str, Callable[[Dice, str], list[Row]]] = {
    "users": _users,
    "usage_events": _usage,
    "entitlements": _entitlements,
    "support_tickets": _tickets,
    "survey_responses": _surveys,
    "invoices": _invoices,
    "touchpoints": _touchpoints,
    "milestones": _milestones,
    "opportunities": _opportunities,
    "crm_feedback": _feedback,
}
