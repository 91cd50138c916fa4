"""Small random books for all thirteen source tables, with every nasty timing we know of.

A world is table name → list of plain rows; columns a row does not name are null. Facts fall on as_of midnight and one
second before it, are learned late or on an as_of midnight, come twice a day; terms are renewed, lapse, run month to
month, overlap; accounts are merged, young, without terms, without use, or not covered by a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tests.features.dice import DAY, FIRST, Dice, midnight
from tests.features.restatements import with_restatements
from tests.features.world_facts import FILLERS, messages

Row = dict[str, Any]
World = dict[str, list[Row]]
# Accounts a table cannot speak about; it may hold rows of them all the same.
UNCOVERED: Mapping[str, set[str]] = {
    "usage_events": {"a03", "a08"},
    "entitlements": {"a03"},
    "support_tickets": {"a07"},
    "ticket_messages": {"a07"},
    "survey_responses": {"a02"},
    "invoices": {"a00"},
    "milestones": {"a06"},
    "users": {"a05"},
    "touchpoints": {"a01"},
    "crm_feedback": {"a04"},
    "opportunities": {"a06"},
}


def world(seed: int) -> World:
    """A random book of a dozen accounts."""
    dice = Dice(seed)
    found: World = {name: [] for name in FILLERS}
    found |= {"accounts": [], "subscriptions": [], "ticket_messages": []}
    for i, shape in enumerate(_SHAPES):
        account = f"a{i:02d}"
        created = dice.day(FIRST - DAY * 100, FIRST) if i != 9 else date(2025, 4, 7)
        row = {"account_id": account, "segment": ("smb", "large", "smb", None)[i % 4], "created_on": created}
        row["known_at"] = dice.known(midnight(created))
        found["accounts"].append(row)
        for n, term in enumerate(shape(dice, row)):
            found["subscriptions"].append(_term(dice, account, n, **term))
        for name, fill in FILLERS.items():
            # Some accounts are silent in a table altogether.
            if dice.chance(0.85):
                found[name] += fill(dice, account)
    found["ticket_messages"] = messages(dice, found["support_tickets"])
    return with_restatements(found, dice) if restates(seed) else found


def restates(seed: int) -> bool:
    """Every second book corrects itself: late, backdated and restated rows in every table."""
    return seed % 2 == 0


def covered(table: str, rows: World) -> list[str]:
    """The accounts a table can speak about."""
    return sorted({r["account_id"] for r in rows["accounts"]} - UNCOVERED[table])


def _term(dice: Dice, account: str, n: int, *, start: date, days: int, signed: bool = True, **decided: Any) -> Row:
    signed_at = dice.moment(start - DAY * 40, start - DAY * 8) if signed else None
    event = signed_at or midnight(start - DAY)
    arr = dice.number(50_000, 9_000_000) / 100
    return {
        "subscription_id": f"{account}-s{n}",
        "account_id": account,
        "signed_at": signed_at,
        "starts_on": start,
        "ends_on": start + DAY * days,
        "arr": dice.pick(arr, arr, arr, arr, arr, 0.0),
        "seats": dice.pick(0, 3, 10, 10, 25, 25, None),
        "product": dice.pick("suite", "suite", "reports", None),
        "list_arr": dice.pick(None, round(arr * 1.25, 2), round(arr * 0.9, 2), 0.0),
        "auto_renew": dice.pick(True, False, None),
        "notice_days": dice.pick(None, 0, 30, 60),
        "known_at": dice.known(event) if dice.chance(0.3) else event,
        **decided,
    }


def _decision(dice: Dice, start: date, days: int, kind: str | None) -> Row:
    effective = start + DAY * dice.pick(days, days, days // 2 + 40)
    at = dice.moment(start + DAY * (days // 3), start + DAY * (days - 1))
    return {"decision_at": at, "decision_kind": kind, "effective_on": effective, "reason": dice.pick("price", None)}


def _annual(dice: Dice, row: Row) -> list[Row]:
    start = dice.day(FIRST - DAY * 60, FIRST + DAY * 30)
    return [{"start": start + DAY * 365 * n, "days": 365} for n in range(3)]


def _monthly(dice: Dice, row: Row) -> list[Row]:
    start, found = dice.day(date(2024, 9, 1), date(2024, 10, 1)), []
    for _ in range(12):
        days = dice.pick(28, 30, 31)
        found.append({"start": start, "days": days, "signed": False})
        start += DAY * days
    return found


def _lapsing(dice: Dice, row: Row) -> list[Row]:
    start, found = dice.day(FIRST, date(2024, 6, 1)), []
    for gap in (dice.number(1, 30), 30, dice.number(31, 60)):
        days = dice.number(90, 150)
        found.append({"start": start, "days": days, **_decision(dice, start, days, "voluntary")})
        start += DAY * (days + gap)
    return [*found, {"start": start, "days": 200}]


def _leaving(dice: Dice, row: Row) -> list[Row]:
    start = dice.snapshot_day(dice.day(FIRST, date(2024, 11, 1)))
    kind = dice.pick("voluntary", "non_payment", "acquired", None)
    return [{"start": start, "days": 365, **_decision(dice, start, 365, kind)}]


def _merging(dice: Dice, row: Row) -> list[Row]:
    row["merged_into"] = "a00"
    start = dice.day(FIRST, date(2024, 8, 1))
    return [{"start": start, "days": 600, **_decision(dice, start, 600, "acquired")}]


def _merged_undated(dice: Dice, row: Row) -> list[Row]:
    row["merged_into"] = "a01"
    return [{"start": date(2024, 3, 1), "days": 600}]


def _several_products(dice: Dice, row: Row) -> list[Row]:
    start, found = dice.day(FIRST, date(2024, 9, 1)), []
    for _ in range(3):
        days = dice.pick(365, 365, 420, 180)
        decided = _decision(dice, start, days, "voluntary") if dice.chance(0.7) else {}
        found.append({"start": start, "days": days, **decided})
    return found


def _young(dice: Dice, row: Row) -> list[Row]:
    return [{"start": dice.snapshot_day(dice.day(date(2025, 3, 1), date(2025, 7, 1))), "days": 365}]


def _contracting(dice: Dice, row: Row) -> list[Row]:
    start = dice.day(FIRST, date(2024, 6, 1))
    return [
        {"start": start, "days": 365, **_decision(dice, start, 365, "contraction")},
        {"start": start + DAY * 365, "days": 400},
    ]


def _without_terms(dice: Dice, row: Row) -> list[Row]:
    return []


_SHAPES: list[Callable[[Dice, Row], list[Row]]] = [
    _annual, _monthly, _lapsing, _leaving, _merging, _merged_undated, _several_products, _young, _contracting,
    _annual, _several_products, _without_terms,
]  # fmt: skip
