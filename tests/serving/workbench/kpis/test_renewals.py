"""Renewals (M17): which term goes on in which, what is shared, and short terms apart from long ones."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from policy.policy import load_policy
from serving.workbench.kpis.catalogue import definitions, figures, records
from serving.workbench.kpis.moment import Known
from serving.workbench.kpis.renewals import came_up
from tests.serving.workbench.kpis.twelve import DAY, accounts, ledger, left, term

RULES = load_policy()
OLD = term("z", "2023-01-01", "2024-01-01", 1)  # so that there is a year to look back on


def known(*rows: dict[str, Any]) -> Known:
    names = "".join(sorted({str(row["account_id"]) for row in rows} | {"z"}))
    return Known(ledger([OLD, *rows]), accounts(names), RULES)


def renewed(*rows: dict[str, Any]) -> list[tuple[float, bool, float]]:
    """(ARR, renewed, ARR renewed) of each term that came up, by its number."""
    found = came_up(known(*rows).at(DAY)).sort_values("subscription_id")
    return [(c / 100, bool(r), n / 100) for c, r, n in found[["cents", "renewed", "renewed_cents"]].to_numpy()]


def rate(name: str, *rows: dict[str, Any]) -> tuple[float | None, int, str | None]:
    (one,) = [d for d in definitions() if d.name == name]
    (found,) = records(figures(one, [known(*rows).at(DAY)], ("all",)))
    return found.value, found.n, found.reason


def unnamed(*given: Any, **more: Any) -> dict[str, Any]:
    return term(*given, product=None, **more)


def test_what_two_terms_went_on_in_is_shared_among_them() -> None:
    rows = (
        unnamed("a", "2025-01-01", "2026-01-01", 100),
        unnamed("a", "2025-01-01", "2026-01-01", 50),
        unnamed("a", "2026-01-01", "2027-01-01", 60),
    )
    assert renewed(*rows) == [(100, True, 40), (50, True, 20)]
    assert rate("renewal_rate_arr", *rows)[0] == pytest.approx(60 / 150)
    more = (*rows[:2], unnamed("a", "2026-01-01", "2027-01-01", 500))
    assert rate("renewal_rate_arr", *more)[0] == 1.0


def test_terms_that_end_some_days_apart_may_be_merged_and_one_may_be_split() -> None:
    merged = (
        unnamed("a", "2025-01-01", "2026-01-01", 100),
        unnamed("a", "2025-01-10", "2026-01-10", 50),
        unnamed("a", "2026-01-10", "2027-01-10", 60),
    )
    assert renewed(*merged) == [(100, True, 40), (50, True, 20)]
    split = (
        unnamed("a", "2025-01-01", "2026-01-01", 100),
        unnamed("a", "2026-01-01", "2027-01-01", 60),
        unnamed("a", "2026-01-05", "2027-01-05", 30),
    )
    assert renewed(*split) == [(100, True, 90)]


def test_a_term_that_was_left_is_not_renewed_by_one_that_runs_beside_it() -> None:
    lost = unnamed("a", "2025-01-01", "2026-01-01", 100, **left("voluntary", "2025-10-01", "2026-01-01"))
    assert renewed(lost, unnamed("a", "2025-06-01", "2027-06-01", 20)) == [(100, False, 0)]
    # Nor by one bought a little before the end, nor by the renewal of the one beside it.
    assert renewed(lost, unnamed("a", "2025-12-20", "2026-12-20", 20)) == [(100, False, 0)]
    beside = (unnamed("a", "2025-01-01", "2026-01-01", 20), unnamed("a", "2026-01-01", "2027-01-01", 20))
    assert renewed(lost, *beside) == [(100, False, 0), (20, True, 20)]
    # Back within the days of a lapse, it never left.
    assert renewed(lost, unnamed("a", "2026-01-20", "2027-01-20", 70)) == [(100, True, 70)]


def test_a_term_that_ran_out_beside_another_is_not_renewed_by_it() -> None:
    rows = (unnamed("a", "2025-01-01", "2026-01-01", 100), unnamed("a", "2025-06-01", "2027-06-01", 20))
    assert renewed(*rows) == [(100, False, 0)]


@pytest.mark.parametrize(("starts", "went_on"), [("2025-12-02", True), ("2025-12-01", False), ("2026-01-31", True)])
def test_a_successor_starts_within_the_days_of_a_lapse(starts: str, went_on: bool) -> None:
    rows = (term("a", "2025-01-01", "2026-01-01", 100), term("a", starts, "2027-01-01", 100))
    assert renewed(*rows) == [(100, went_on, 100 * went_on)]


def test_each_product_goes_on_in_its_own_and_what_changes_the_product_still_goes_on() -> None:
    both = (
        term("a", "2025-01-01", "2026-01-01", 100),
        term("a", "2025-01-01", "2026-01-01", 50, product="addon"),
        term("a", "2026-01-01", "2027-01-01", 70),
    )
    assert renewed(*both) == [(100, True, 70), (50, False, 0)]
    instead = (term("a", "2025-01-01", "2026-01-01", 100), term("a", "2026-01-01", "2027-01-01", 80, product="suite"))
    assert renewed(*instead) == [(100, True, 80)]


def test_a_free_term_is_neither_renewed_nor_a_renewal() -> None:
    rows = (term("a", "2025-01-01", "2026-01-01", 100), term("a", "2026-01-01", "2027-01-01", 0))
    assert renewed(*rows) == [(100, False, 0)]


def test_each_month_goes_on_in_the_next_one_alone() -> None:
    firsts = pd.date_range("2025-07-01", "2026-03-01", freq="MS")
    monthly = [term("a", f"{a:%Y-%m-%d}", f"{b:%Y-%m-%d}", 100) for a, b in pairwise(firsts)]
    assert renewed(*monthly) == [(100, True, 100)] * 7 + [(100, False, 0)]


@pytest.mark.parametrize(("days", "name"), [(180, "renewal_rate"), (179, "renewal_rate_short")])
def test_terms_of_less_than_180_days_are_counted_apart(days: int, name: str) -> None:
    ends = (pd.Timestamp("2025-09-01") + pd.Timedelta(days=days)).date().isoformat()
    row = term("a", "2025-09-01", ends, 100)
    assert rate(name, row)[:2] == (0.0, 1)
    other, reason = {
        "renewal_rate": ("renewal_rate_short", "no term of less than 180 days came to its end"),
        "renewal_rate_short": ("renewal_rate", "no term of 180 days or more came to its end"),
    }[name]
    assert rate(other, row) == (None, 0, reason)


def test_a_term_cut_short_by_a_decision_is_as_long_as_it_was_agreed() -> None:
    row = term("a", "2025-09-01", "2026-09-01", 100, **left("voluntary", "2025-09-15", "2025-10-01"))
    assert rate("renewal_rate", row)[:2] == (0.0, 1)


def test_the_long_terms_lead_and_the_short_ones_stand_beside_them() -> None:
    leads = {d.name: not d.beside for d in definitions() if d.id == "M17"}
    assert leads == {
        "renewal_rate": True,
        "renewal_rate_arr": True,
        "renewal_rate_short": False,
        "renewal_rate_short_arr": False,
    }
