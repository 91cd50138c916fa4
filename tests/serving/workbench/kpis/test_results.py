"""All results together: what is written, shown and exported, and why GRR moved."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from policy.policy import policy_from
from serving.workbench.kpis.catalogue import definitions
from serving.workbench.kpis.moved import grr_moved
from serving.workbench.kpis.results import Kpis, kpis, sheets
from tests.serving.workbench.kpis.twelve import DAY, TERMS, ledger, twelve


@pytest.fixture(scope="module")
def found() -> Kpis:
    return kpis(twelve(), most_months=20)


def test_every_month_of_the_history_has_its_figures_and_the_last_is_the_day_itself(found: Kpis) -> None:
    arr = found.series[(found.series["name"] == "arr") & (found.series["slice_by"] == "all")]
    assert arr["month"].to_list() == [f"{p:%Y-%m}" for p in pd.period_range("2024-11", "2026-06", freq="M")]
    assert arr["value"].iloc[-1] == 260_500.75
    grr = found.series[(found.series["name"] == "grr") & (found.series["slice_by"] == "all")].set_index("month")
    assert grr.loc["2024-11", "value"] != grr.loc["2024-11", "value"]  # less than a year of subscriptions
    assert str(grr.loc["2024-11", "reason"]).startswith("the subscriptions begin on 2024-01-01")
    assert grr.loc["2026-06", "value"] == pytest.approx(77_000.50 / 138_000.50)


def test_the_waterfall_is_in_the_currency_and_joins_month_to_month(found: Kpis) -> None:
    whole = found.waterfall[found.waterfall["slice_by"] == "all"]
    assert whole["end"].iloc[-1] == 260_500.75
    assert all(a == b for (a, _), (_, b) in pairwise(zip(whole["end"], whole["start"], strict=True)))


def test_behind_every_months_movement_stand_its_accounts_the_largest_first(found: Kpis) -> None:
    june = found.movements[found.movements["month"] == "2026-06"]
    assert june[["account_id", "name", "kind", "change", "segment", "csm"]].to_numpy().tolist() == [
        ["d", "D", "churn", -40_000.0, "mid_market", "bob"]
    ]
    whole = found.waterfall[found.waterfall["slice_by"] == "all"].set_index("month")
    for (month, kind), own in found.movements.groupby(["month", "kind"]):
        assert own[kind].sum() == pytest.approx(whole.loc[month, kind])
    assert found.year["kind"].to_list()[:3] == ["new", "new", "churn"]
    assert found.year["change"].abs().is_monotonic_decreasing


def test_the_change_of_grr_is_the_sum_of_its_customers(found: Kpis) -> None:
    known = twelve()
    rows = grr_moved(known.at(DAY), known.at(pd.Timestamp("2026-06-01")))
    # A month ago: of 132,000.50 (i began later, h and l too) c lost 6,000, a 3,000 and k 12,000.
    now, before = 61_000 / 138_000.50, 21_000 / 138_000.50
    assert rows["points"].sum() == pytest.approx(-100 * now)
    assert rows["points_before"].sum() == pytest.approx(-100 * before)
    assert rows["change"].sum() == pytest.approx(-100 * (now - before))
    assert rows[["account_id", "kind", "lost"]].iloc[0].to_list() == ["d", "churn", 4_000_000]
    assert found.moved["change"].sum() == pytest.approx(rows["change"].sum())


def test_the_movers_compare_with_the_day_whose_grr_stands_beside_that_of_today(found: Kpis) -> None:
    ago = pd.Timestamp("2026-06-01")
    assert set(found.moved["before_on"]) == set(found.metrics["before_on"]) == {ago}
    own = found.metrics[(found.metrics["name"] == "grr") & (found.metrics["slice_by"] == "all")].iloc[0]
    assert own["before"] == pytest.approx(1 - 21_000 / 138_000.50)
    assert 100 * (own["value"] - own["before"]) == pytest.approx(found.moved["change"].sum())


def test_where_contraction_is_no_loss_the_movers_add_up_to_the_grr_that_leads() -> None:
    rules = policy_from({"metrics": {"grr": "churn_only"}}, where="test")
    known = twelve(rules)
    rows = grr_moved(known.at(DAY), known.at(pd.Timestamp("2026-06-01")))
    metrics = kpis(known, most_months=2).metrics
    own = metrics[(metrics["name"] == "grr_churn_only") & (metrics["slice_by"] == "all")].iloc[0]
    assert rows["points"].sum() == pytest.approx(100 * (own["value"] - 1))
    assert rows["points_before"].sum() == pytest.approx(100 * (own["before"] - 1))
    assert "contraction" not in set(rows["kind"])


def test_who_is_gone_has_not_recovered_and_is_out_of_the_year() -> None:
    known = twelve()
    # d's loss of 15 June 2026 lies outside the year a year and a month later; it has not come back.
    gone = type(known)(ledger(TERMS, pd.Timestamp("2027-08-01"), j="a"), known.accounts, known.policy)
    rows = grr_moved(gone.at(pd.Timestamp("2027-07-01")), gone.at(pd.Timestamp("2027-06-01"))).set_index("account_id")
    assert rows.loc["d", ["kind", "start", "end", "lost"]].to_list() == ["out of the year", 4_000_000, 0, 0]


def test_what_no_longer_costs_grr_is_told_as_recovered() -> None:
    known = twelve()
    rows = grr_moved(known.at(pd.Timestamp("2026-03-01")), known.at(pd.Timestamp("2025-07-01"))).set_index("account_id")
    assert rows.loc["f", ["kind", "start", "end", "lost", "points"]].to_list() == [
        "recovered",
        500_000,
        600_000,
        0,
        0.0,
    ]
    assert rows.loc["f", "change"] > 0


def test_the_curves_are_there_for_all_and_for_every_slice(found: Kpis) -> None:
    whole = found.survival[(found.survival["what"] == "time_to_churn") & (found.survival["slice_by"] == "all")]
    assert whole.set_index("days").loc[730, "surviving"] == pytest.approx(1 / 3)
    assert set(found.survival["what"]) == {"time_to_churn", "time_to_value_contract", "time_to_value_signup"}
    assert set(found.survival["slice_by"]) == {"all", "segment", "touch_model", "csm", "cohort"}


def test_the_workbook_holds_every_table_and_of_the_series_all_customers_alone(found: Kpis) -> None:
    pages = sheets(found)
    assert list(pages) == list(found.tables())
    assert set(pages["series"]["slice_by"]) == {"all"}
    assert len(pages["series"]) == 20 * len(definitions())


def test_the_goal_follows_the_churn_of_arr(found: Kpis) -> None:
    assert found.goal.points[-1].churn == pytest.approx(52_000 / 138_000.50)
    assert len(found.goal.points) == 20
    rows = found.tables()["goal"]
    assert list(rows.columns) == ["day", "line", "churn", "above", "starts_on", "ends_on"]
    assert rows[["line", "above", "starts_on", "ends_on"]].isna().all(axis=None), "no goal is dated"
    dated = policy_from({"tasks": {"churn_goal": {"starts_on": "2026-01-01"}}}, where="test")
    rows = kpis(twelve(dated), most_months=2).tables()["goal"]
    assert set(rows["starts_on"]) == {pd.Timestamp("2026-01-01")}
    assert set(rows["ends_on"]) == {pd.Timestamp("2027-01-01")}


def test_what_is_known_of_no_customer_is_not_defined_and_says_so() -> None:
    given = twelve()
    assert given.usage is not None
    bare = replace(given, usage=given.usage.assign(core_adoption_28d=float("nan")))
    metrics = kpis(bare, most_months=2).metrics
    own = metrics[metrics["name"] == "product_adoption"]
    assert own["value"].isna().all()
    assert list(own["reason"]) == ["it is known of no customer"]
