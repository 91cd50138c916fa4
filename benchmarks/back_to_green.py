"""What the ways back to green of a large book cost, next to comparing every account with every movement.

`python -m benchmarks.back_to_green`. Made-up accounts and movements, a year of them, in one process and CPU seconds. How
far similar accounts got is asked both ways of the same accounts, and must come to the same; scanning all movements, as it
was done before they were sorted, is timed on a sample and scaled.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.health_score import health_scores
from policy.policy import Policy, load_policy
from policy.segments import team_segment
from serving.workbench.back_to_green import ways_back
from serving.workbench.back_to_green.levers import actionable, better, earned
from serving.workbench.back_to_green.reach import SCORE, Reach

DAY, DAYS = date(2026, 11, 30), 28
INPUT = "seat_utilisation_28d"


def main(given: list[str] | None = None) -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.back_to_green", description=__doc__)
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--sample", type=int, default=200, help="accounts that are asked about both ways")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args(given)
    found = measured(chosen.accounts, chosen.sample)
    if chosen.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    sys.stdout.write(
        f"{found['accounts']:,} accounts, {found['movements']:,} movements: one question {found['sorted_ms']:.2f} ms "
        f"where a scan takes {found['scan_ms']:.1f} ms ({found['ratio']:.3f}×). The whole book {found['book_cpu_s']:.0f} "
        f"CPU-s, {found['searched']:,} accounts searched.\n"
    )


def measured(accounts: int, sample: int) -> dict[str, Any]:
    """Both costs of one question, their ratio, and what the whole book costs."""
    policy, rng = load_policy(), np.random.default_rng(0)
    rows = book(accounts, rng)
    moves = movements(rows, policy, rng)
    prepared, reach = _timed(lambda: Reach(moves, policy, DAYS))
    asked = [
        (str(row.account_id), team_segment(row.arr, policy.segments), float(getattr(row, INPUT)))
        for row in rows.head(sample).itertuples()
    ]
    # As texts, as the movements of a book are: coding them is part of what sorting once saves.
    told = moves[moves["indicator"] == INPUT].astype({"account_id": str})
    by = dict(iter(told.groupby(["team_segment", "indicator"], sort=False, observed=True)))
    scan, scanned = _timed(lambda: [scanned_bound(by, one, policy) for one in asked])
    sorted_, found = _timed(lambda: [reach.offer(a, s, INPUT, v) for a, s, v in asked])
    if [getattr(f, "similar_accounts", None) for f in found] != scanned:
        raise SystemExit("the two ways do not come to the same")
    tiers = health_scores(rows, policy)["health_tier"]
    whole, _ = _timed(lambda: ways_back(rows, moves, policy, DAY, currency="USD"))
    return {
        "accounts": accounts,
        "movements": len(moves),
        "searched": int((~tiers.isin(["green", "unrated"])).sum()),
        "scan_ms": 1000 * scan / len(asked),
        "sorted_ms": 1000 * sorted_ / len(asked),
        "ratio": sorted_ / scan,
        "prepared_cpu_s": prepared,
        "book_cpu_s": whole,
    }


def scanned_bound(by: dict[Any, pd.DataFrame], asked: tuple[str, str, float], policy: Policy) -> int | None:
    """How many similar accounts an offer rests on, by looking at every movement; null where there is no offer."""
    account, segment, value = asked
    own = float(earned(pd.Series([value]), INPUT, policy).iloc[0])
    rows = by[segment, INPUT]
    near = rows[
        ((rows["start_points"] - own).abs() <= policy.back_to_green.similar_points) & (rows["account_id"] != account)
    ]
    furthest = np.quantile(near["change"], policy.back_to_green.percentile, method="lower")
    offered = own < 100 and furthest > 0 and near["account_id"].nunique() >= policy.back_to_green.least_similar
    return int(near["account_id"].nunique()) if offered else None


def book(accounts: int, rng: np.random.Generator) -> pd.DataFrame:
    """Feature rows of every input that the health score reads; three in ten are not green."""
    good = np.clip(rng.normal(0.62, 0.2, accounts), 0.02, 1.0)
    near = lambda: np.clip(good + rng.normal(0, 0.15, accounts), 0.0, 1.0)  # noqa: E731 - one line of noise
    logins = 10 * near()
    return pd.DataFrame(
        {
            "account_id": [f"acc-{n}" for n in range(accounts)],
            "arr": rng.choice([6_000.0, 30_000.0, 150_000.0], accounts, p=[0.5, 0.35, 0.15]),
            "seats": rng.integers(5, 200, accounts).astype(float),
            "tenure_days": rng.integers(100, 2000, accounts).astype(float),
            "user_days_per_seat_28d": logins,
            "seat_utilisation_28d": near(),
            "login_change_28d": rng.normal(0.0, 0.15, accounts),
            "module_breadth_28d": near(),
            "core_adoption_28d": near(),
            "replies_28d": rng.poisson(3 * good).astype(float),
            "mail_open_rate_84d": 0.7 * near(),
            "meeting_attendance_182d": near(),
            "learning_91d": rng.poisson(2 * good).astype(float),
            "community_91d": rng.poisson(good).astype(float),
            "feedback_91d": rng.poisson(good).astype(float),
            "nps": 10 * near(),
            "nps_age_days": rng.integers(1, 150, accounts).astype(float),
            "csat": 1 + 4 * near(),
            "open_escalations": (rng.random(accounts) < 0.05).astype(float),
            "past_due_days": np.where(rng.random(accounts) < 0.15, rng.integers(1, 60, accounts), 0).astype(float),
            "arr_change_364d": rng.normal(0.02, 0.1, accounts),
            "term_length_days": 365.0,
            "days_to_term_end": rng.integers(30, 365, accounts).astype(float),
            "arr_percentile": rng.random(accounts),
        }
    )


def movements(rows: pd.DataFrame, policy: Policy, rng: np.random.Generator) -> pd.DataFrame:
    """Of every account and input so many periods that it moved in, as `achieved` tells them."""
    segments = np.array([team_segment(arr, policy.segments) for arr in rows["arr"]])
    scores = health_scores(rows, policy)[SCORE]
    parts = []
    for _ in range(policy.back_to_green.past_periods):
        for name in (SCORE, *actionable(policy)):
            values = scores if name == SCORE else rows[name]
            start = values if name == SCORE else earned(values, name, policy)
            spread = float(values.std()) or 1.0
            change = rng.normal(0.0, 0.5 * spread, len(rows)) * (1 if name == SCORE else better(name, policy))
            parts.append(
                pd.DataFrame(
                    {
                        "account_id": rows["account_id"],
                        "team_segment": segments,
                        "indicator": name,
                        "start_points": np.clip(start + rng.normal(0, 8, len(rows)), 0, 100),
                        "change": change,
                    }
                )
            )
    found = pd.concat(parts, ignore_index=True)
    return found.astype({"account_id": "category", "team_segment": "category", "indicator": "category"})


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


if __name__ == "__main__":
    main()
