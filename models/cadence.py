"""What a model loses as it ages, and how often it is worth fitting anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from models.backtest import CALENDAR, CONSTANT, MONTH_DAYS, OLDEST_WEEKS, SHIPPED, Stop
from models.bootstrap import Resampler, interval
from models.metrics import LEAST_CHURNED, roc_auc, row_loss
from models.scorer import Array


def step_weeks(stops: Sequence[Stop]) -> int:
    """Weeks between origins: the shortest cadence that can be judged."""
    days = pd.Series([stop.origin for stop in stops]).diff().dropna()
    return round(float(pd.to_timedelta(days).median().days) / 7) if len(days) else MONTH_DAYS // 7


def decay(stops: Sequence[Stop], scorer: str = SHIPPED) -> list[dict[str, Any]]:
    """By age: the log-loss of models so old beside that of the newest ones, on the same rows, paired by account.

    `extra_log_loss` is null below ten churned accounts. The first entry is the newest against itself.
    """
    table, step = losses(stops, scorer), step_weeks(stops)
    newest = table[table["age"] == 0].set_index("place")
    found = []
    for age in range(max(1, OLDEST_WEEKS // step)):
        rows = table[table["age"] == age]
        beside = newest.loc[rows["place"]]
        churned = rows["churned"].to_numpy(dtype=float)
        lost = int(rows.loc[churned == 1, "account_id"].nunique())
        entry: dict[str, Any] = {
            "weeks_from": age * step,
            "weeks_to": (age + 1) * step,
            "n_rows": len(rows),
            "n_churned_accounts": lost,
        }
        names = ("log_loss", "log_loss_newest", "extra_log_loss", "ci", "roc_auc", "roc_auc_newest")
        entry |= dict.fromkeys(names)
        if lost >= LEAST_CHURNED:
            extra = rows["loss"].to_numpy() - beside["loss"].to_numpy()
            entry |= {
                "log_loss": float(rows["loss"].mean()),
                "log_loss_newest": float(beside["loss"].mean()),
                "extra_log_loss": float(extra.mean()),
                "ci": interval(Resampler.of(rows["account_id"]).mean(extra)),
                "roc_auc": roc_auc(churned, rows["said"].to_numpy()),
                "roc_auc_newest": roc_auc(churned, beside["said"].to_numpy()),
            }
        found.append(entry)
    return found


def losses(stops: Sequence[Stop], scorer: str) -> pd.DataFrame:
    """Long: account_id, place, age, churned, said, loss; one row per panel row and model that was still in reach."""
    parts = []
    for stop in stops:
        churned, said = stop.rows["churned"].to_numpy(dtype=float), stop.said[scorer]
        parts.append(stop.rows.assign(said=said, loss=row_loss(churned, said)))
    return pd.concat(parts, ignore_index=True)


def cadences(stops: Sequence[Stop], *, tolerance: float, least: int) -> dict[str, Any]:
    """How long what ships may stay: every cadence against retraining at every origin, on rows that all can judge.

    A cadence of so many origins is the mean over where in it a row falls. It is `no_worse` where the whole interval of
    what it costs lies below `tolerance` of the log-loss that the newest models save on the calendar (or on the base rate,
    where that foretold better), `worse` where it lies above 0, else `unknown`. `best_weeks` is the longest up to which all
    are no worse. No options where fewer than `least` churned accounts were seen by models of two ages.
    """
    step = step_weeks(stops)
    table = losses(stops, SHIPPED)
    oldest = _oldest(table, max(1, OLDEST_WEEKS // step), least)
    found: dict[str, Any] = {"verdict": "cannot_tell", "best_weeks": None, "tolerance": tolerance, "skill": None}
    found |= {"n_rows": 0, "n_churned_accounts": 0, "options": []}
    if oldest < 2:
        return found
    wide = table.pivot(index="place", columns="age", values="loss")[list(range(oldest))].dropna()
    first = table[table["age"] == 0].set_index("place").loc[wide.index]
    by_age = wide.to_numpy()
    resampler = Resampler.of(first["account_id"])
    skill = min(_newest_loss(stops, name, wide.index) for name in (CALENDAR, CONSTANT)) - float(by_age[:, 0].mean())
    options = [
        _option(by_age[:, :months].mean(axis=1) - by_age[:, 0], months * step, skill, tolerance, resampler)
        for months in range(2, oldest + 1)
    ]
    best = step
    for option in options:
        if option["verdict"] != "no_worse":
            break
        best = option["weeks"]
    following = next((o["verdict"] for o in options if o["weeks"] > best), "no_worse")
    known = following != "unknown"
    return found | {
        "verdict": "settled" if known else "at_least" if best > step else "cannot_tell",
        "best_weeks": best if known or best > step else None,
        "skill": skill,
        "n_rows": len(wide),
        "n_churned_accounts": int(first.loc[first["churned"] == 1, "account_id"].nunique()),
        "options": options,
    }


def _newest_loss(stops: Sequence[Stop], scorer: str, places: pd.Index) -> float:
    table = losses(stops, scorer)
    return float(table[table["age"] == 0].set_index("place").loc[places, "loss"].mean())


def _option(extra: Array, weeks: int, skill: float, tolerance: float, resampler: Resampler) -> dict[str, Any]:
    bounds = interval(resampler.mean(extra))
    verdict = "unknown"
    if bounds and skill > 0:
        verdict = "no_worse" if bounds[1] < tolerance * skill else "worse" if bounds[0] > 0 else "unknown"
    value = float(extra.mean())
    return {
        "weeks": weeks,
        "extra_log_loss": value,
        "ci": bounds,
        "share_of_skill": value / skill if skill > 0 else None,
        "verdict": verdict,
    }


def _oldest(table: pd.DataFrame, most: int, least: int) -> int:
    """How many ages, from the newest on, are seen together by rows of enough churned accounts."""
    for ages in range(most, 1, -1):
        seen = table[table["age"] < ages].groupby("place")["age"].nunique()
        rows = table[(table["age"] == 0) & table["place"].isin(seen.index[seen == ages])]
        if rows.loc[rows["churned"] == 1, "account_id"].nunique() >= least:
            return ages
    return 0


def cadence_sentence(found: Mapping[str, Any], step: int) -> str:
    """The verdict on how often to retrain, with what it rests on."""
    limit = f"{found['tolerance']:.0%} of what the model saves on the calendar"
    if not found["options"]:
        return (
            "Your data cannot tell retraining cadences apart: too few churned accounts were seen by models of two ages."
        )
    best, options = found["best_weeks"], {o["weeks"]: o for o in found["options"]}
    if found["skill"] <= 0:
        return "Your data cannot tell retraining cadences apart: what ships saves nothing on the calendar."
    after = next((o for weeks, o in options.items() if weeks > (best or step)), None)
    if found["verdict"] == "cannot_tell" and after is not None:
        return (
            f"Your data cannot tell retraining cadences apart: every {after['weeks']} instead of every {step} weeks costs "
            f"{after['extra_log_loss']:+.5f} log-loss [{after['ci'][0]:+.5f}, {after['ci'][1]:+.5f}], which may be nothing "
            f"or more than {limit}."
        )
    kept = f"Retrain every {best} weeks" + (
        "" if best == step else f": against every {step} it costs less than {limit}"
    )
    if after is None:
        return f"{kept}; no longer cadence was tried."
    lost = f"{after['extra_log_loss']:+.5f} log-loss [{after['ci'][0]:+.5f}, {after['ci'][1]:+.5f}]"
    if after["verdict"] == "worse":
        return f"{kept}; every {after['weeks']} costs {lost}."
    return f"{kept}; whether {after['weeks']} would do, your data cannot tell ({lost})."
