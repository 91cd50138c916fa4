"""Who is scored, and whether the account was lost: domain.md §7 in loops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from proof.oracle.past import Row, View, World, day, latest_versions, moment

LOSSES = ("voluntary", "non_payment", "acquired")
DAY = timedelta(days=1)


def in_force(view: View, on: date) -> list[Row]:
    """Terms known at as_of that run on a date: the first morning counts, the end is exclusive."""
    return [t for t in view.of("subscriptions") if t["starts_on"] <= on < t["ends_on"]]


def is_loss(term: Row, kinds: Sequence[str] = LOSSES) -> bool:
    """A decision to leave; a decision of unknown kind is one."""
    return term["decision_at"] is not None and (term["decision_kind"] or kinds[0]) in kinds


def line(view: View, min_tenure_days: int = 7, kinds: Sequence[str] = LOSSES) -> Row | None:
    """The account's line in the cohort, or None where it is not in it."""
    terms = in_force(view, view.as_of)
    begun = [t for t in view.of("subscriptions") if t["starts_on"] <= view.as_of]
    account = next(iter(view.of("accounts")), Row())
    if not terms or _merged(view, account):
        return None
    tenure = (view.as_of - min(t["starts_on"] for t in begun)).days
    if tenure < min_tenure_days:
        return None
    seats = [t["seats"] for t in terms if t["seats"] is not None]
    return Row({
        "account_id": view.account,
        "as_of": view.as_of,
        "known_loss": all(is_loss(t, kinds) for t in terms),
        "tenure_days": tenure,
        "days_to_term_end": min((t["ends_on"] - view.as_of).days for t in terms),
        "days_to_notice": min((t["ends_on"] - DAY * (t["notice_days"] or 0) - view.as_of).days for t in terms),
        "account_age_days": (view.as_of - account["created_on"]).days if account["created_on"] else None,
        "arr": round(sum(t["arr"] for t in terms), 2),
        "seats": sum(seats) if seats else None,
        "term_days": max((t["ends_on"] - t["starts_on"]).days for t in terms),
        "deadline": min(t["ends_on"] - DAY * (t["notice_days"] or 0) for t in terms),
        "segment": account["segment"],
    })  # fmt: skip


def _merged(view: View, account: Row) -> bool:
    """Merged away from the day the merger was known; an undated merger counts from the account's own row on.

    `merged_into` stands in a row that is edited in place: the first `acquired` decision dates it, even one to come.
    """
    if not account["merged_into"]:
        return False
    dated = account["first_acquired"]
    return dated is None or dated < moment(view.as_of)


def with_merger_dates(world: World) -> World:
    """The world with each account's first `acquired` decision, known or yet to come, written into its row."""
    found: dict[str, list[datetime]] = {}
    for term in world["subscriptions"]:
        if term.get("decision_kind") == "acquired":
            found.setdefault(term["account_id"], []).append(max(term["decision_at"], term["known_at"]))
    accounts = [{**a, "first_acquired": min(found.get(a["account_id"], []), default=None)} for a in world["accounts"]]
    return {**world, "accounts": accounts}


def lost_days(world: World, account: str, *, lapse_days: int = 30, kinds: Sequence[str] = LOSSES) -> set[date]:
    """Days on which it was decided that the account leaves; looks forward over all facts."""
    versions = [Row(t) for t in world["subscriptions"] if t["account_id"] == account]
    terms = [Row(t) for t in latest_versions("subscriptions", versions, date.max)]

    def over(term: Row) -> date:
        return (term["effective_on"] or term["ends_on"]) if is_loss(term, kinds) else term["ends_on"]

    def noticed(term: Row) -> date:
        """The day the decision could first be known: made, entered, in whichever version of the row."""
        same = [v for v in versions if v["subscription_id"] == term["subscription_id"] and is_loss(v, kinds)]
        return min(day(max(v["decision_at"], v["known_at"] or v["decision_at"])) for v in same)

    found = set()
    for term in terms:
        if not is_loss(term, kinds):
            continue
        others = [o for o in terms if o is not term and o["starts_on"] <= over(term) + DAY * lapse_days]
        if any(over(o) > over(term) for o in others):
            continue  # carried on by another term, or renewed within the lapse
        decided = noticed(term)
        # While another term still runs undecided, the account is not yet lost.
        running = [noticed(o) for o in others if is_loss(o, kinds) and over(o) > decided]
        found.add(max([decided, *running]))
    return found


def label(
    world: World,
    row: Row,
    *,
    horizon_days: int = 90,
    gap_days: int = 14,
    data_until: date,
    lapse_days: int = 30,
    kinds: Sequence[str] = LOSSES,
) -> Row:
    """churned (0, 1, None), decided_in_gap, in_window and mature of one cohort line."""
    opens = row["as_of"] + DAY * gap_days
    closes = opens + DAY * horizon_days
    lost = lost_days(world, row["account_id"], lapse_days=lapse_days, kinds=kinds)
    in_gap = any(row["as_of"] <= d < opens for d in lost)
    mature = closes <= data_until
    hit = any(opens <= d < closes for d in lost)
    return Row({
        "in_window": opens <= row["deadline"] < closes,
        "decided_in_gap": in_gap,
        "mature": mature,
        "churned": int(hit) if mature and not in_gap else None,
    })  # fmt: skip
