"""What is paid on which day: lapses, decisions, mergers, and movements that close to the cent."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.errors import ContractStop
from policy.policy import load_policy
from serving.workbench.kpis.cohorts import cohorts
from serving.workbench.kpis.ledger import Ledger
from serving.workbench.kpis.movements import AMOUNTS, closed, months, movements
from serving.workbench.kpis.waterfall import monthly_movements, monthly_slices, waterfall
from tests.serving.workbench.kpis.twelve import DAY, TERMS, accounts, ledger, left, term

SEGMENTS = load_policy().segments


def on(found: Ledger, day: str) -> dict[str, int]:
    return {str(a): int(c) for a, c in found.on(pd.Timestamp(day)).items()}


def moved(found: Ledger, start: str, end: str, win_back_days: int = 180) -> dict[str, dict[str, int]]:
    rows = movements(found, pd.Timestamp(start), pd.Timestamp(end), win_back_days=win_back_days)
    return {
        str(r["account_id"]): {k: int(r[k]) for k in AMOUNTS if k not in ("start", "end") and r[k]}
        for r in rows.to_dict("records")
    }


def test_a_term_counts_from_the_morning_it_starts_until_the_day_before_it_is_over() -> None:
    found = ledger([term("a", "2026-01-01", "2026-02-01", 10.01)])
    assert [on(found, d) for d in ("2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01")] == [
        {},
        {"a": 1001},
        {"a": 1001},
        {},
    ]


def test_churn_is_dated_by_what_it_does_to_revenue_and_not_by_the_decision() -> None:
    found = ledger([term("a", "2026-01-01", "2027-01-01", 100, **left("voluntary", "2026-02-01", "2026-05-10"))])
    assert moved(found, "2026-02-01", "2026-05-10") == {"a": {"churn": 10_000}}
    assert moved(found, "2026-02-01", "2026-05-09") == {"a": {}}


def test_a_decision_whose_effect_is_not_known_ends_with_the_term() -> None:
    decided = {"decision_kind": "voluntary", "decision_at": "2026-02-01"}
    found = ledger([term("a", "2026-01-01", "2026-09-01", 100, **decided)])
    assert (on(found, "2026-08-31"), on(found, "2026-09-01")) == ({"a": 10_000}, {})


def test_a_contraction_ends_its_term_early_only_where_another_follows_at_once() -> None:
    cut = left("contraction", "2026-02-01", "2026-03-01")
    alone = ledger([term("a", "2026-01-01", "2027-01-01", 100, **cut)])
    followed = ledger([term("a", "2026-01-01", "2027-01-01", 100, **cut), term("a", "2026-03-01", "2027-01-01", 60)])
    assert on(alone, "2026-03-01") == {"a": 10_000}
    assert moved(followed, "2026-02-28", "2026-03-01") == {"a": {"contraction": 4_000}}


@pytest.mark.parametrize(("back", "there"), [("2026-03-03", {"a": 10_000}), ("2026-03-04", {})])
def test_a_lapse_of_thirty_days_is_no_churn_and_one_of_thirty_one_is(back: str, there: dict[str, int]) -> None:
    found = ledger([term("a", "2025-01-01", "2026-02-01", 100), term("a", back, "2027-01-01", 120)])
    assert on(found, "2026-02-15") == there


def test_a_free_term_neither_ends_a_lapse_nor_begins_one() -> None:
    paid = [term("a", "2025-01-01", "2026-02-01", 100), term("a", "2026-03-01", "2027-01-01", 120)]
    free = term("a", "2026-02-10", "2026-02-20", 0)
    assert on(ledger([*paid, free]), "2026-02-05") == on(ledger([*paid, free]), "2026-02-25") == {"a": 10_000}
    long = [paid[0], free, term("a", "2026-03-10", "2027-01-01", 120)]
    assert on(ledger(long), "2026-02-05") == {}, "37 days are a lapse, a free term in the midst or not"


def test_while_nobody_knows_whether_a_lapsed_customer_comes_back_it_has_churned() -> None:
    found = ledger([term("a", "2025-06-25", "2026-06-25", 100)])
    assert moved(found, "2026-06-01", "2026-07-01") == {"a": {"churn": 10_000}}


@pytest.mark.parametrize(("days", "kind"), [(180, "won_back"), (181, "new")])
def test_who_comes_back_within_180_days_is_won_back_and_later_a_new_logo(days: int, kind: str) -> None:
    back = pd.Timestamp("2025-09-01") + pd.Timedelta(days=days)
    found = ledger([term("a", "2024-09-01", "2025-09-01", 100), term("a", back.date().isoformat(), "2027-09-01", 70)])
    assert moved(found, "2026-02-01", "2026-05-01") == {"a": {kind: 7_000}}


LEFT_AND_BACK = [
    term("a", "2024-01-01", "2026-01-01", 100, **left("voluntary", "2025-11-01", "2026-01-01")),
    term("a", "2026-04-15", "2027-04-15", 150),
]


def test_who_left_and_came_back_within_the_year_churned_and_was_won_back() -> None:
    found = ledger(LEFT_AND_BACK)
    year = movements(found, pd.Timestamp("2025-06-01"), pd.Timestamp("2026-06-01"), win_back_days=180)
    assert year[["account_id", *AMOUNTS]].to_numpy().tolist() == [
        ["a", 10_000, 10_000, 0, 0, 0, 0, 0],
        ["a", 0, 0, 0, 0, 0, 15_000, 15_000],
    ]
    # Month by month the waterfall says the same, and the two lives add up to what is paid.
    rows = monthly_movements(found, months(pd.Timestamp("2025-06-01"), pd.Timestamp("2026-06-01")), win_back_days=180)
    for part in ("churn", "contraction", "expansion", "new", "won_back"):
        assert rows[part].sum() == year[part].sum(), part
    assert year["end"].sum() == found.on(pd.Timestamp("2026-06-01")).sum()


@pytest.mark.parametrize(("back", "rows"), [("2026-01-31", 1), ("2026-02-01", 2)])
def test_a_lapse_of_thirty_days_within_the_year_leaves_one_life(back: str, rows: int) -> None:
    found = ledger([term("a", "2024-01-01", "2026-01-01", 100), term("a", back, "2027-04-15", 150)])
    year = movements(found, pd.Timestamp("2025-06-01"), pd.Timestamp("2026-06-01"), win_back_days=180)
    assert len(year) == rows


def test_a_merged_account_is_one_customer_with_the_one_it_merged_into() -> None:
    rows = [
        term("x", "2025-01-01", "2026-03-01", 30, **left("acquired", "2026-01-15", "2026-03-01")),
        term("y", "2025-01-01", "2026-03-01", 100),
        term("y", "2026-03-01", "2027-03-01", 130),
    ]
    found = ledger(rows, x="y")
    assert on(found, "2026-02-01") == {"y": 13_000}
    assert moved(found, "2026-02-01", "2026-04-01") == {"y": {}}  # moving the ARR over is no movement


def test_a_merger_that_nobody_knows_of_yet_changes_nothing() -> None:
    rows = [term("x", "2025-01-01", "2027-03-01", 30), term("y", "2025-01-01", "2027-03-01", 100)]
    assert on(ledger(rows, x="y"), "2026-02-01") == {"x": 3_000, "y": 10_000}


def test_mergers_in_a_circle_are_refused_by_name() -> None:
    with pytest.raises(ContractStop, match="x → y → x"):
        ledger([term("x", "2025-01-01", "2025-03-01", 30), term("y", "2025-01-01", "2025-03-01", 1)], x="y", y="x")


def test_terms_side_by_side_add_up_and_free_ones_make_no_customer() -> None:
    rows = [
        term("a", "2026-01-01", "2027-01-01", 10),
        term("a", "2026-01-01", "2027-01-01", 5, product="addon"),
        term("b", "2026-01-01", "2027-01-01", 0),
    ]
    assert on(ledger(rows), "2026-02-01") == {"a": 1_500}


def test_a_book_without_terms_has_no_beginning_and_no_months() -> None:
    found = ledger([])
    assert (found.begins, months(found.begins, DAY), len(cohorts(found, DAY))) == (None, [], 0)


def test_the_waterfall_of_the_twelve_accounts_by_hand() -> None:
    found = ledger(TERMS, j="a")
    periods = months(found.begins, DAY)
    rows = monthly_movements(found, periods, win_back_days=180)
    book = accounts("abcdefghijkl", j="a")
    falls = waterfall(rows, monthly_slices(found, book, periods, SEGMENTS))
    whole = falls[falls["slice_by"] == "all"].set_index("month")[list(AMOUNTS)]
    assert len(whole) == 30
    assert whole.loc["2026-06"].to_list() == [30_050_075, 4_000_000, 0, 0, 0, 0, 26_050_075]
    assert whole.loc["2026-05"].to_list() == [20_050_075, 0, 0, 0, 10_000_000, 0, 30_050_075]
    assert whole.loc["2026-01"].to_list() == [21_850_075, 1_200_000, 0, 0, 0, 0, 20_650_075]
    assert whole.loc["2025-12"].to_list() == [21_650_075, 0, 300_000, 500_000, 0, 0, 21_850_075]
    assert whole.loc["2025-07"].to_list()[-2:] == [600_000, 14_400_050]
    assert (whole["end"].iloc[:-1].to_numpy() == whole["start"].iloc[1:].to_numpy()).all()
    for _, own in falls.groupby(["slice_by", "month"]):
        assert own["end"].sum() == whole.loc[own["month"].iloc[0], "end"]


def test_movements_that_do_not_add_up_are_refused() -> None:
    row: dict[str, Any] = dict.fromkeys(AMOUNTS, 0) | {"start": 100, "churn": 40, "end": 61}
    with pytest.raises(ValueError, match="do not add up"):
        closed(pd.DataFrame([row]))


DAYS = st.integers(0, 900).map(lambda d: pd.Timestamp("2024-01-01") + pd.Timedelta(days=d))
ANY_TERM = st.tuples(
    st.sampled_from("abcd"), DAYS, st.integers(1, 500), st.integers(0, 1_000_000), st.sampled_from(["crm", "addon"])
).map(
    lambda t: term(
        t[0], t[1].date().isoformat(), (t[1] + pd.Timedelta(days=t[2])).date().isoformat(), t[3] / 100, product=t[4]
    )
)


@settings(max_examples=12, deadline=None)
@given(st.lists(ANY_TERM, min_size=1, max_size=12), st.integers(0, 60))
def test_every_month_closes_to_the_cent_and_gross_retention_never_exceeds_all(
    rows: list[dict[str, Any]], lapse_days: int
) -> None:
    found = ledger(rows, lapse_days=lapse_days)
    every = monthly_movements(found, months(found.begins, DAY, 10), win_back_days=180)
    for day, own in every.groupby("until_day"):
        assert own["end"].sum() == found.on(day).sum()
    year = movements(found, DAY - pd.DateOffset(months=12), DAY, win_back_days=180)
    base = year[year["start"] > 0]
    kept = base[["start", "end"]].min(axis=1).sum()
    assert kept <= base["start"].sum()
    assert kept == base["start"].sum() - base["churn"].sum() - base["contraction"].sum()
    assert ((year[["churn", "contraction", "expansion", "new", "won_back"]] > 0).sum(axis=1) <= 1).all()


def test_a_cohort_is_followed_as_far_as_all_of_it_can_be_seen() -> None:
    rows = [
        term("a", "2026-01-10", "2026-03-10", 100),
        term("b", "2026-03-31", "2027-03-31", 50),
        term("c", "2026-02-28", "2026-04-28", 100),
        term("c", "2026-04-28", "2027-04-28", 130),
    ]
    found = cohorts(ledger(rows), DAY)
    assert found["months"].to_list() == [0, 1, 2, 3]  # 31 March and three months is 30 June: the day before
    assert found["logo_retention"].to_list() == [1, 1, pytest.approx(2 / 3), pytest.approx(2 / 3)]
    assert found["grr"].to_list()[:3] == [1, 1, pytest.approx(150 / 250)]
    assert found["nrr"].to_list()[:3] == [1, 1, pytest.approx(180 / 250)]
    assert cohorts(ledger(rows), DAY - pd.Timedelta(days=1))["months"].to_list() == [0, 1, 2]
