"""What `churn kpis` tells people: that nothing was lost, what GRR is compared with, and where the goal stands."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from pipelines.kpis_told import goal_sentence, moved_sentence, told
from policy.policy import policy_from
from serving.workbench.kpis.results import Kpis, kpis
from tests.serving.workbench.kpis.twelve import TERMS, ledger, tables, twelve


@pytest.fixture(scope="module")
def plain() -> Kpis:
    """The metrics of the twelve accounts under the default policy."""
    return kpis(twelve(), most_months=2)


def page(found: Kpis) -> str:
    out = io.StringIO()
    Console(file=out, width=300).print(told(found, "segment", "USD"))
    return out.getvalue()


def test_where_nothing_was_lost_grr_is_known_and_it_is_said() -> None:
    known = twelve()
    calm = type(known)(ledger([t for t in TERMS if t["account_id"] == "b"]), known.accounts, known.policy)
    assert moved_sentence(kpis(calm, most_months=2)) == (
        "GRR moved from 100.0 % on 2026-06-01 to 100.0 %: nothing was lost."
    )


def test_the_grr_that_leads_is_told_with_the_day_it_is_compared_with(plain: Kpis) -> None:
    assert moved_sentence(plain) == (
        "GRR moved by -28.99 points, from 84.8 % on 2026-06-01 to 55.8 %. What moved it most"
    )
    own = policy_from({"metrics": {"grr": "churn_only"}}, where="test")
    assert "to 62.3 %" in moved_sentence(kpis(twelve(own), most_months=2))


def test_a_goal_is_held_against_a_line_only_once_it_has_a_day(plain: Kpis) -> None:
    sentence = goal_sentence(plain)
    assert "without a date" in sentence
    assert "above" not in sentence
    dated = policy_from({"tasks": {"churn_goal": {"starts_on": "2026-01-01"}}}, where="test")
    sentence = goal_sentence(kpis(twelve(dated), most_months=2))
    assert "between 2026-01-01 and 2027-01-01" in sentence
    assert "above the line at" in sentence


def test_who_still_waits_stands_beside_the_hours_that_leave_them_out(plain: Kpis) -> None:
    rows = tables()["support_tickets"]
    waits = rows.assign(first_response_at=rows["first_response_at"].mask(rows["ticket_id"].eq("t4"), pd.NaT))
    assert "2.0 h (1 still wait)" in page(kpis(twelve(support_tickets=waits), most_months=2))
    whole = page(plain)
    assert "still wait)" not in whole
    assert "4.0 customers per CSM" in whole
    assert "Tickets per 100 seats and month" in whole
