"""What real exports carry: late rows, duplicates, gaps, empty cells and rows that a contract has to refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulation.streams import stream
from simulation.world import World

_HAPPENED = {
    "usage_events": "occurred_at",
    "support_tickets": "opened_at",
    "survey_responses": "answered_at",
    "invoices": "issued_on",
}
_OPTIONAL = {
    "accounts": ("industry", "region"),
    "users": ("department",),
    "usage_events": ("user_id", "feature"),
    "support_tickets": ("user_id", "priority", "topic"),
    "survey_responses": ("user_id",),
    "touchpoints": ("user_id", "reason"),
    "subscriptions": ("list_arr", "reason"),
    "opportunities": ("amount",),
}
UNKNOWN_ACCOUNT = "acc-99999"
LOST_ACCOUNT_DAYS = 12


def dirtied(world: World, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same tables as an export would deliver them. Accounts, users and subscriptions keep unique keys."""
    rng = stream(world.seed, "dirt", world.draw)
    result = dict(tables)
    for name, column in _HAPPENED.items():
        result[name] = _late(rng, world, result[name], column)
    for name, columns in _OPTIONAL.items():
        result[name] = _with_gaps(rng, result[name], columns, world.null_share)
    usage = _without_lost_days(rng, result["usage_events"])
    bad_usage = _bad_usage(rng, usage) if world.refused_rows else usage
    result["usage_events"] = _duplicated(rng, bad_usage, world.duplicate_share)
    # A ticket that is not known yet has no messages either.
    messages, known = result["ticket_messages"], result["support_tickets"]["ticket_id"]
    result["ticket_messages"] = messages[messages["ticket_id"].isin(known)].reset_index(drop=True)
    if not world.refused_rows:
        return result
    result["support_tickets"] = _bad_tickets(rng, result["support_tickets"])
    result["survey_responses"] = _bad_surveys(rng, result["survey_responses"])
    result["invoices"] = _bad_invoices(rng, result["invoices"])
    return result


def _late(rng: np.random.Generator, world: World, frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """`known_at` = occurrence, a few per cent one to ten days later; what is not known by `data_until` is not there."""
    late = rng.random(len(frame)) < world.late_share
    seconds = np.where(late, rng.integers(86_400, 10 * 86_400, len(frame)), 0)
    known = frame[column] + pd.to_timedelta(seconds, unit="s").astype("timedelta64[us]")
    kept = known < pd.Timestamp(world.data_until)
    return frame.assign(known_at=known)[kept].reset_index(drop=True)


def _with_gaps(rng: np.random.Generator, frame: pd.DataFrame, columns: tuple[str, ...], share: float) -> pd.DataFrame:
    gaps = {column: frame[column].mask(rng.random(len(frame)) < share) for column in columns}
    return frame.assign(**gaps)


def _without_lost_days(rng: np.random.Generator, usage: pd.DataFrame) -> pd.DataFrame:
    """A few days of single accounts were never loaded."""
    picked = usage.iloc[np.sort(rng.choice(len(usage), LOST_ACCOUNT_DAYS, replace=False))]
    day = usage["occurred_at"].dt.floor("D")
    lost = pd.Series(False, index=usage.index)
    for account, moment in zip(picked["account_id"], picked["occurred_at"].dt.floor("D"), strict=True):
        lost |= (usage["account_id"] == account) & (day == moment)
    return usage[~lost].reset_index(drop=True)


def _some(rng: np.random.Generator, rows: int) -> tuple[int, np.ndarray]:
    """How many bad rows (5 to 20), and which."""
    count = min(int(rng.integers(5, 21)), rows)
    return count, np.sort(rng.choice(rows, count, replace=False))


def _bad_usage(rng: np.random.Generator, usage: pd.DataFrame) -> pd.DataFrame:
    """Rows of an account nobody knows, and rows that count nothing."""
    _, strangers = _some(rng, len(usage))
    stray = usage.iloc[strangers].assign(
        account_id=pd.array([UNKNOWN_ACCOUNT] * len(strangers), dtype="string"),
        event_id=pd.array([f"evt-x{number:03d}" for number in range(len(strangers))], dtype="string"),
    )
    _, empty = _some(rng, len(usage))
    zero = usage.iloc[empty].assign(
        count=pd.array([0] * len(empty), dtype="Int64"),
        event_id=pd.array([f"evt-z{number:03d}" for number in range(len(empty))], dtype="string"),
    )
    return pd.concat([usage, stray, zero], ignore_index=True)


def _duplicated(rng: np.random.Generator, usage: pd.DataFrame, share: float) -> pd.DataFrame:
    """Some rows twice, key and all; everything in the order in which it became known."""
    again = np.sort(rng.choice(len(usage), round(share * len(usage)), replace=False))
    both = pd.concat([usage, usage.iloc[again]], ignore_index=True)
    return both.sort_values("known_at", kind="stable", ignore_index=True)


def _bad_tickets(rng: np.random.Generator, tickets: pd.DataFrame) -> pd.DataFrame:
    """Tickets that were closed before they were opened."""
    closed = np.flatnonzero(tickets["closed_at"].notna().to_numpy())
    _, chosen = _some(rng, len(closed))
    values = tickets["closed_at"].copy()
    rows = closed[chosen]
    values.iloc[rows] = tickets["opened_at"].iloc[rows] - pd.Timedelta(hours=30)
    return tickets.assign(closed_at=values)


def _bad_surveys(rng: np.random.Generator, surveys: pd.DataFrame) -> pd.DataFrame:
    """Scores beyond their scale."""
    _, rows = _some(rng, len(surveys))
    values = surveys["score"].copy()
    values.iloc[rows] = surveys["scale_max"].iloc[rows] + 5.0
    return surveys.assign(score=values)


def _bad_invoices(rng: np.random.Generator, invoices: pd.DataFrame) -> pd.DataFrame:
    """Amounts with the wrong sign."""
    _, rows = _some(rng, len(invoices))
    values = invoices["amount"].copy()
    values.iloc[rows] = -values.iloc[rows]
    return invoices.assign(amount=values)
