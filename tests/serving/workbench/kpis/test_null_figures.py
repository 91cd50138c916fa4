"""Why a figure is null, each for a reason of its own, and what the figures leave out."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.catalogue import definitions, figures, records
from tests.serving.workbench.kpis.twelve import DAY, TERMS, ledger, tables, twelve


def reason(name: str, **changed: pd.DataFrame) -> str | None:
    (one,) = [d for d in definitions() if d.name == name]
    return next(iter(records(figures(one, [twelve(**changed).at(DAY)], ("all",))))).reason


def test_a_figure_that_is_null_says_why_by_itself() -> None:
    steps = tables()["milestones"]
    late = steps.assign(reached_at=steps["reached_at"].where(steps["account_id"] != "h", pd.Timestamp("2026-06-30")))
    nobody = tables()["accounts"].assign(owner_id=pd.NA)
    assert reason("activation_rate", milestones=steps[steps["kind"] != "key_action"]) == (
        "no key action is recorded before this day"
    )
    assert reason("time_to_value_contract", milestones=steps[steps["kind"] != "first_value"]) == (
        "no first value is recorded before this day"
    )
    assert reason("customers_per_csm", accounts=nobody) == "none of them has an owner"
    assert reason("activation_rate", milestones=late) is None
    known = twelve()
    calm = type(known)(ledger([t for t in TERMS if t["account_id"] == "b"]), known.accounts, known.policy)
    (ltv,) = [d for d in definitions() if d.name == "ltv_margin"]
    (found,) = records(figures(ltv, [calm.at(DAY)], ("all",)))
    assert found.reason == "nobody of them left, so that a lifetime has no end"
    (median,) = [d for d in definitions() if d.name == "time_to_churn_median"]
    (found,) = records(figures(median, [calm.at(DAY)], ("all",)))
    assert found.reason == "fewer than half of them had it by now"


def test_tickets_that_nobody_has_answered_are_counted_beside_the_hours() -> None:
    rows = tables()["support_tickets"]
    open_ = rows.assign(first_response_at=rows["first_response_at"].mask(rows["ticket_id"].eq("t4")))
    for name, wanted in (("response_waiting", (1.0, 4)), ("response_median", (2.0, 3))):
        (one,) = [d for d in definitions() if d.name == name]
        (found,) = records(figures(one, [twelve(support_tickets=open_).at(DAY)], ("all",)))
        assert (found.value, found.n) == wanted
