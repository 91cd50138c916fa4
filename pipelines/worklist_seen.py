"""What acting did beside a holdout drawn by lot, from the project's own runs: only there does it measure anything."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from features.labels import data_until
from models.acted_on import ACTED, HELD, what_acting_did
from models.scorer import logit
from pipelines.build_features import Checked
from pipelines.deliver import rows_of
from pipelines.holdout import assignments
from pipelines.past_scores import scored_before, with_outcomes
from pipelines.settings import Project
from serving.workbench.worklist.effects import Effects, Seen, effects_of

if TYPE_CHECKING:
    import pandas as pd

NO_PRIOR = 1e6
"""Log-odds: so wide that what was seen is taken as it is; the work list draws it towards its own priors."""


def seen(checked: Checked, day: date) -> Seen | None:
    """The comparison, as could be made on `day`; null where no alarm of a holdout drawn by lot has an outcome yet.

    Each account counts once, with its first alarm after it was assigned: acted on, where a task was written, held, where
    one was withheld.
    """
    project, policy = checked.project, checked.project.policy
    known = assignments(project)
    reach = min(day, data_until(checked.facts))
    given, _ = scored_before(project, reach)
    alarmed = first_alarms(given, known, project)
    if alarmed.empty or alarmed["alarm"].nunique() < 2:
        return None
    rows = with_outcomes(checked, alarmed, reach)
    return compared(rows, effects_of(policy.save_effects), least_held=policy.acted_on.least_held)


def compared(rows: pd.DataFrame, assumed: Effects, *, least_held: int) -> Seen | None:
    """From account_id, probability, main_driver, alarm and churned, a row an account; null below `least_held` held."""
    if rows.empty:
        return None
    found = what_acting_did(
        rows, logit(rows["probability"].to_numpy(dtype=float)), least_held=least_held, prior_sd=NO_PRIOR
    )
    if found.effect is None or found.effect_ci is None:
        return None
    low, high = found.effect_ci
    acted, held = rows[rows["alarm"] == ACTED], rows[rows["alarm"] == HELD]
    return Seen(
        effect=found.effect,
        standard_error=max((high - low) / (2 * 1.96), 1e-3),
        assumed=sum(assumed.of(group) for group in acted["main_driver"]) / len(acted),
        acted_accounts=len(acted),
        held_accounts=len(held),
        churned_held=int(held["churned"].sum()),
    )


def first_alarms(given: pd.DataFrame, known: pd.DataFrame, project: Project) -> pd.DataFrame:
    """Each account's first scored row with an alarm since it was assigned by lot, with `alarm` and `main_driver`."""
    import pandas as pd

    lots = {
        str(account): on
        for account, on, origin in zip(known["account_id"], known["assigned_on"], known["origin"], strict=True)
        if origin == "drawn"
    }
    days: list[date] = sorted(set(given["as_of"])) if lots else []
    parts = []
    for as_of in days:
        iso = as_of.isoformat()
        acted, held = {str(t["account_id"]) for t in rows_of(project, "tasks", iso)}, _withheld(project, iso)
        drivers: dict[str, Any] = {str(b["account_id"]): b.get("main_driver") for b in rows_of(project, "book", iso)}
        drawn = {account for account in acted | held if account in lots and lots[account] <= as_of}
        mine = given[(given["as_of"] == as_of) & given["account_id"].isin(drawn)]
        parts.append(
            mine.assign(
                alarm=mine["account_id"].isin(held).map({True: HELD, False: ACTED}),
                main_driver=mine["account_id"].map(drivers),
            )
        )
    if not parts:
        return given.head(0).assign(alarm=None, main_driver=None)
    return pd.concat(parts, ignore_index=True).drop_duplicates("account_id", keep="first")


def _withheld(project: Project, as_of: str) -> set[str]:
    if not (project.state / "holdout" / f"as_of={as_of}" / "holdout.parquet").exists():
        return set()
    rows = rows_of(project, "holdout", as_of)
    return {str(r["account_id"]) for r in rows if r["origin"] == "drawn" and r["tasks_withheld"] > 0}
