"""The no-alert holdout: accounts drawn once and for ever that keep their score and get no task and no play.

Only such a comparison can say whether acting on the scores keeps customers: whoever is called is called for a reason.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from policy.policy import Policy
from policy.segments import touch_model
from serving.score import Scored

ASSIGNED = ["account_id", "held", "stratum", "assigned_on", "share", "seed", "origin"]
WITHHELD = ["account_id", "as_of", "run_id", "held_since", "stratum", "origin", "tasks_withheld"]


@dataclass(frozen=True)
class Draw:
    """The share of accounts held out, and the seed of the draw."""

    share: float
    seed: int


def nobody() -> pd.DataFrame:
    """No account assigned yet."""
    return pd.DataFrame(columns=ASSIGNED, dtype=object)


def assigned(
    known: pd.DataFrame, strata: Mapping[str, str], draw: Draw, as_of: date, *, recorded: frozenset[str] = frozenset()
) -> pd.DataFrame:
    """`known` and, after it, an assignment for every account of `strata` (account → stratum) that has none.

    Nothing known changes: who is assigned stays so, whatever happens to the account, the share or the seed. Within a
    stratum accounts are taken in the order of their hash, and every 1/share-th is held, from a start that the hash of
    the stratum gives: each has the chance `share`, and the strata keep their shares as the book grows. `recorded`
    accounts are held because the CRM remembers it: so a lost state folder does not release them.
    """
    seen, positions = set(known["account_id"]), known["stratum"].value_counts().to_dict()
    rows = []
    for account in sorted(set(strata) - seen, key=lambda a: (unit(draw.seed, "account", a), a)):
        stratum = strata[account]
        place = positions[stratum] = positions.get(stratum, 0) + 1
        start = unit(draw.seed, "stratum", stratum)
        drawn = math.floor(draw.share * place + start) > math.floor(draw.share * (place - 1) + start)
        origin = "recorded" if account in recorded else "drawn"
        held = drawn or account in recorded
        rows.append((account, held, stratum, as_of, draw.share, draw.seed, origin))
    return pd.concat([known, pd.DataFrame(rows, columns=ASSIGNED, dtype=object)], ignore_index=True)


def unit(seed: int, kind: str, name: str) -> float:
    """A number in [0, 1) that is the same on every machine and says nothing about the account."""
    digest = hashlib.sha256(f"{seed}|{kind}|{name}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def strata_of(scores: pd.DataFrame, policy: Policy) -> dict[str, str]:
    """Account → its ARR's touch model and its risk tier, as they are when it is drawn."""
    return {
        str(account): f"{touch_model(float(arr), policy.segments) if pd.notna(arr) else 'unknown'}, "
        f"{tier if isinstance(tier, str) else 'unrated'} risk"
        for account, arr, tier in zip(scores["account_id"], scores["arr"], scores["risk_tier"], strict=True)
    }


def held_on(assignments: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The assignments that hold an account out on this day: not before the day it was drawn."""
    return assignments[assignments["held"].astype(bool) & (assignments["assigned_on"] <= as_of)]


def without_tasks(scored: Scored, held: pd.DataFrame) -> tuple[Scored, pd.DataFrame]:
    """(what was scored without tasks and plays for the accounts held out, a row for each of them).

    `tasks_withheld` counts the tasks that an account would have got.
    """
    scores, tasks = scored.scores.copy(), scored.tasks
    out = scores["account_id"].isin(set(held["account_id"]))
    scores.loc[out, "play"] = None
    spared = tasks["account_id"].isin(set(held["account_id"]))
    counts = tasks.loc[spared, "account_id"].value_counts()
    rows = scores.loc[out, ["account_id", "as_of", "run_id"]].merge(
        held.rename(columns={"assigned_on": "held_since"})[["account_id", "held_since", "stratum", "origin"]],
        on="account_id",
        validate="one_to_one",
    )
    rows["tasks_withheld"] = rows["account_id"].map(counts).fillna(0).astype(int)
    return replace(scored, scores=scores, tasks=tasks[~spared].reset_index(drop=True)), rows[WITHHELD]
