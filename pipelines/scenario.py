"""The planner with a project's rates: the scenario of its policy, its own book as last measured, or what is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipelines.section import STATE
from policy.errors import UsageError
from policy.policy import Policy, load_policy
from policy.scenario import audit
from serving.workbench.kpis.scenario import CENTS, Outlook, Rates, planned, rates_now


def chosen_rates(policy: Policy, own: Path | None, given: Mapping[str, float | None]) -> Rates:
    """The scenario's rates, or those of the project in the folder `own`, with what is given in their place.

    Contraction of the own book is what GRR lacks beyond churn. Raises UsageError where `churn kpis` has not run or a
    rate is not known, and where more is lost than there is.
    """
    base = rates_now(policy.scenario)
    if own is not None:
        figures = _measured(own)
        base = Rates(
            figures["arr"],
            figures["arr_churn"],
            contraction=round(max(figures["grr_churn_only"] - figures["grr"], 0.0), 10),
            expansion=figures["expansion_rate"],
            months=policy.scenario.months,
        )
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    rates = replace(base, **chosen)
    if rates.churn + rates.contraction > 1:
        raise UsageError(
            f"churn of {rates.churn:g} and contraction of {rates.contraction:g} take more than there is.",
            where="--churn, --contraction",
            cure="Give shares of the ARR at the start that add up to 1 at most.",
        )
    return rates


def plan(policy: Policy, rates: Rates) -> dict[str, Any]:
    """The object `churn scenario --json` prints: as it goes on, as promised, what is missing, and the audit (M18)."""
    # The texts promise $14M to a company of $10M: that is nothing to hold another one against.
    texts = policy.scenario == load_policy().scenario
    found = planned(policy.scenario, rates, of_another=texts and rates.arr != policy.scenario.arr)
    audited = audit(policy.scenario, policy.segments, activation_from=policy.onboarding.activation.from_rate)
    return {
        "now": _outlook(found.now),
        "promised": _outlook(found.promised),
        "target_arr": found.target_arr,
        "new_arr_needed": found.new_arr_needed,
        "audit": [asdict(one) for one in audited],
    }


def _outlook(found: Outlook) -> dict[str, Any]:
    return {
        "rates": asdict(found.rates),
        "end_arr": found.end_arr,
        "grr": found.grr,
        "nrr": found.nrr,
        "lifetime_years": found.lifetime_years,
        "months": [
            {name: value if name == "month" else value / CENTS for name, value in asdict(step).items()}
            for step in found.steps
        ],
    }


def _measured(folder: Path) -> dict[str, float]:
    import pyarrow.parquet as pq

    files = sorted((folder / STATE / "kpis").glob("as_of=*/metrics.parquet"))
    if not files:
        raise UsageError("the book has not been measured yet.", where="--own", cure="Run `churn kpis` first.")
    rows = pq.read_table(files[-1], columns=["name", "slice_by", "value", "reason"], partitioning=None).to_pylist()
    known = {row["name"]: row for row in rows if row["slice_by"] == "all"}
    found = {}
    for name in ("arr", "arr_churn", "grr", "grr_churn_only", "expansion_rate"):
        row = known.get(name, {})
        if row.get("value") is None:
            raise UsageError(
                f"`{name}` is not known: {row.get('reason') or 'it was not measured'}.",
                where="--own",
                cure="Leave out --own and give --arr, --churn and --expansion.",
            )
        found[name] = float(row["value"])
    return found
