"""Every metric of a book of twelve accounts equals what a hand works out (M1–M17, O5, I12)."""

from __future__ import annotations

import pandas as pd
import pytest

from policy.policy import load_policy, policy_from
from serving.workbench.kpis.catalogue import definitions, figures, metrics_at, records
from tests.serving.workbench.kpis.twelve import DAY, TERMS, ledger, tables, twelve

START, NOW = 138_000.50, 260_500.75
ARPA = NOW / 9
BY_HAND: dict[str, tuple[float | None, int]] = {
    "grr": (77_000.50 / START, 7),
    "grr_churn_only": (86_000.50 / START, 7),
    "nrr": (87_000.75 / START, 7),
    "nrr_churn_only": (96_000.75 / START, 7),
    "logo_retention": (5 / 7, 7),
    "logo_churn": (2 / 7, 7),
    "arr_churn": (52_000 / START, 7),
    "logo_churn_month": (1 / 10, 10),
    "arr_churn_month": (40_000 / 300_500.75, 10),
    "time_to_churn_median": (730 / 30.4375, 11),
    "time_to_churn_mean": ((730 + 366 + 366 + 276) / 4 / 30.4375, 4),
    "expansion_rate": (10_000.25 / START, 7),
    "ltv_margin": (ARPA * 0.8 / (2 / 7), 9),
    "ltv_revenue": (ARPA / (2 / 7), 9),
    "upsell_conversion": (2 / 7, 7),
    "cross_sell_attach": (1 / 9, 9),
    "product_adoption": (1 / 2, 2),
    "feature_adoption": (0.4, 2),
    "module_breadth": (0.75, 2),
    "dau": (2.0, 3),
    "wau": (5.0, 3),
    "mau": (9.0, 3),
    "stickiness": (2 / 9, 2),
    "login_frequency": (60 / 30, 2),
    "seat_utilisation": (9 / 30, 2),
    "nps": (100 * (5 - 2) / 8, 8),
    "nps_by_account": (100 * (3 - 1) / 5, 5),  # c says 6.5: neither
    "csat": ((4 + 4 + 5) / 3, 3),
    "ces": (5.0, 2),
    "tickets_per_customer": (3 / (9 * 3), 9),
    "tickets_per_seats": (3 / (0.30 * 3), 2),
    "customers_per_csm": (8 / 2, 8),
    "arr_per_csm": (200_500.75 / 2, 8),
    "qbr_completion": (1 / 8, 8),
    "response_median": (3.0, 4),
    "response_high": (6.8, 4),
    "response_waiting": (0.0, 4),
    "arr": (NOW, 9),
    "customers": (9, 9),
    "net_new_arr": (-40_000.0, 10),
    "activation_rate": (1 / 2, 2),
    "renewal_rate": (3 / 6, 6),
    "renewal_rate_arr": (52_000.50 / 113_000.50, 6),
    "renewal_rate_short": (None, 0),
    "renewal_rate_short_arr": (None, 0),
    "win_back_rate": (1 / 2, 2),
    "win_back_rate_arr": (5_000 / 12_000, 2),
    "time_to_value_contract": (21.0, 2),
    "time_to_value_signup": (30.0, 2),
}
FOUND = {m.name: m for m in records(metrics_at([twelve().at(DAY)], axes=("all",)))}


def value(name: str, axis: str, part: str, *, policy: object = None) -> float | None:
    (one,) = [d for d in definitions() if d.name == name]
    known = twelve() if policy is None else twelve(policy)  # type: ignore[arg-type]
    return next(
        (m.value for m in records(figures(one, [known.at(DAY)])) if (m.slice_by, m.slice) == (axis, part)), None
    )


def test_no_metric_is_left_out_of_what_was_worked_out_by_hand() -> None:
    assert set(FOUND) == set(BY_HAND) == {d.name for d in definitions()}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_metric_equals_what_a_hand_works_out(name: str) -> None:
    wanted, n = BY_HAND[name]
    assert FOUND[name].value == (wanted if wanted is None else pytest.approx(wanted, rel=1e-12))
    assert FOUND[name].n == n


def test_numerator_and_denominator_of_money_are_in_the_currency() -> None:
    grr = FOUND["grr"]
    assert (grr.numerator, grr.denominator) == (77_000.50, START)
    assert (FOUND["arr"].numerator, FOUND["arr"].denominator) == (NOW, None)


def test_what_left_is_counted_in_the_segment_and_with_the_csm_where_it_was() -> None:
    assert value("grr", "segment", "mid_market") == pytest.approx((20 + 24) / 90)  # b, c, and d that left
    assert value("grr", "segment", "smb") == pytest.approx(33_000.50 / 48_000.50)  # a, e, i, and k that left
    assert value("grr", "csm", "ann") == pytest.approx(30 / 33)
    assert value("grr", "touch_model", "tech") == 1.0
    assert value("grr", "cohort", "2024-Q2") == 0.0


def test_who_was_won_back_within_the_year_is_kept_by_no_rate() -> None:
    # f left on 1 February 2025 and is back since 31 July: of the year to 1 January 2026 it was a customer and left.
    day = pd.Timestamp("2026-01-01")
    alone = ledger([t for t in TERMS if t["account_id"] == "f"])
    known = type(twelve())(alone, tables()["accounts"], load_policy())
    found = {m.name: m for m in records(metrics_at([known.at(day)], axes=("all",)))}
    wanted = {"grr": 0.0, "nrr": 0.0, "logo_retention": 0.0, "logo_churn": 1.0, "arr_churn": 1.0, "expansion_rate": 0.0}
    assert {name: found[name].value for name in wanted} == wanted
    assert (found["ltv_revenue"].value, found["ltv_revenue"].n) == (6_000.0, 1)
    assert (found["net_new_arr"].value, found["net_new_arr"].n) == (0.0, 1)


def test_an_account_without_an_owner_is_listed_with_nobody() -> None:
    assert value("arr", "csm", "nobody") == 60_000
    assert value("customers_per_csm", "csm", "nobody") is None
    assert value("customers_per_csm", "csm", "ann") == 5


def test_the_slices_of_an_axis_add_up_to_the_whole() -> None:
    found = metrics_at([twelve().at(DAY)])
    for name in ("arr", "grr", "nrr", "renewal_rate", "logo_churn"):
        own = found[found["name"] == name]
        whole = own[own["slice_by"] == "all"].iloc[0]
        for axis, rows in own.groupby("slice_by"):
            assert rows["numerator"].sum() == pytest.approx(whole["numerator"], abs=1e-9), (name, axis)
            assert rows["n"].sum() == whole["n"], (name, axis)


def test_without_twelve_months_of_subscriptions_annual_figures_are_null_and_say_why() -> None:
    known = twelve()
    young = type(known)(ledger([t for t in TERMS if t["account_id"] == "h"]), known.accounts, known.policy)
    for name in ("grr", "nrr", "logo_churn", "ltv_margin", "renewal_rate"):
        (one,) = [d for d in definitions() if d.name == name]
        (found,) = records(figures(one, [young.at(DAY)]))
        assert found.value is None
        assert found.reason is not None, name
    (grr,) = records(figures(definitions()[0], [young.at(DAY)]))
    assert grr.reason == "the subscriptions begin on 2026-05-10; 12 months of them before this day are needed"


def test_a_table_that_is_not_delivered_leaves_its_metrics_null() -> None:
    known = twelve(survey_responses=None, support_tickets=None, milestones=None, touchpoints=None)
    for m in records(metrics_at([known.at(DAY)], axes=("all",))):
        absent = m.id in {"M9", "M10", "M11", "M13", "M14", "M16", "O5"}
        assert (m.value is None) == (absent or "short" in m.name), m.name
        assert not absent or (m.reason or "").startswith("the project delivers no table")


def test_customers_that_a_table_cannot_speak_about_are_left_out() -> None:
    known = twelve()
    some = type(known)(
        known.ledger, known.accounts, known.policy, known.tables, {"support_tickets": frozenset("ab")}, known.usage
    )
    (one,) = [d for d in definitions() if d.name == "tickets_per_customer"]
    (found,) = records(figures(one, [some.at(DAY)], ("all",)))
    assert (found.value, found.n) == (3 / (2 * 3), 2)


def test_tickets_are_not_rated_over_months_from_before_the_table_begins() -> None:
    tickets = tables()["support_tickets"].iloc[1:]
    (one,) = [d for d in definitions() if d.name == "tickets_per_customer"]
    (found,) = records(figures(one, [twelve(support_tickets=tickets).at(DAY)], ("all",)))
    assert found.reason == "support_tickets do not reach back to 2026-04-01"


def test_the_other_reading_of_a_metric_is_published_and_not_judged() -> None:
    assert [m.name for m in FOUND.values() if not m.leads] == [
        "grr_churn_only",
        "nrr_churn_only",
        "time_to_churn_mean",
        "ltv_revenue",
        "renewal_rate_short",
        "renewal_rate_short_arr",
        "time_to_value_signup",
    ]
    own = {"grr": "churn_only", "nrr": "churn_only", "time_to_churn": "mean", "ltv": "revenue"}
    given = {"metrics": own, "onboarding": {"value_from": "signup"}}
    other = metrics_at([twelve(policy_from(given, where="test")).at(DAY)], axes=("all",))
    judged = other[~other["leads"]]["name"].tolist()
    assert judged == [
        "grr",
        "nrr",
        "time_to_churn_median",
        "ltv_margin",
        "renewal_rate_short",
        "renewal_rate_short_arr",
        "time_to_value_contract",
    ]
    assert other.set_index("name")["target"].dropna().index.tolist()[:2] == ["grr_churn_only", "nrr_churn_only"]


def test_targets_are_met_from_their_value_on_and_what_is_missing_is_said() -> None:
    by_name = {name: (m.target, m.met) for name, m in FOUND.items() if m.target is not None}
    assert by_name == {
        "grr": (0.90, False),
        "nrr": (1.10, False),
        "logo_churn": (0.10, False),
        "arr_churn": (0.10, False),
        "nps": (30, True),
        "nps_by_account": (30, True),
        "csat": (4.5, False),
        "activation_rate": (0.70, False),
    }
    assert FOUND["nps"].excellent == 50
    assert FOUND["activation_rate"].gap == pytest.approx(0.20)
    assert FOUND["nps"].gap == pytest.approx(-7.5)


def test_formulas_say_the_numbers_of_the_policy() -> None:
    assert FOUND["renewal_rate"].formula == (
        "terms of 180 days or more that went on ÷ those that ended in 12 months; a lapse of 30 days is none"
    )
    own = {"metrics": {"months": 6}, "label": {"lapse_days": 10}}
    found = metrics_at([twelve(policy_from(own, where="test")).at(DAY)], axes=("all",)).set_index("name")
    assert "ended in 6 months; a lapse of 10 days is none" in found.loc["renewal_rate", "formula"]
    assert not found["formula"].str.contains("[{}]").any()


@pytest.mark.parametrize(
    ("own", "name", "wanted"),
    [
        ({"metrics": {"response_hours": "clock"}}, "response_median", 6.0),
        ({"metrics": {"qbr_on_time_days": 15}}, "qbr_completion", 2 / 8),
        ({"metrics": {"promoter_from": 9.6}}, "nps", 0.0),
        ({"tasks": {"win_back_days": 179}}, "win_back_rate", 0.0),
        ({"label": {"lapse_days": 19}}, "renewal_rate", 2 / 6),
        ({"indicators": {"activation_by_day": 31}}, "activation_rate", 1.0),
    ],
)
def test_a_number_of_the_policy_moves_its_metric(own: dict[str, dict[str, object]], name: str, wanted: float) -> None:
    assert value(name, "all", "all", policy=policy_from(own, where="test")) == pytest.approx(wanted)


def test_who_comes_back_within_180_days_and_who_later() -> None:
    # f came back on day 180 of those allowed: a day less and it is lost, a day more and nobody else is back.
    back = [t["starts_on"] for t in TERMS if t["account_id"] == "f"][1]
    assert (pd.Timestamp(back) - pd.Timestamp("2025-02-01")).days == load_policy().tasks.win_back_days
    assert value("win_back_rate", "all", "all") == 1 / 2


def test_of_all_customers_or_only_of_those_owed_one_reviews_are_counted() -> None:
    few = {"segments": {"qbr": {"touch_models": ["high"], "top_by_arr": 0}}}
    assert value("qbr_completion", "all", "all", policy=policy_from(few, where="test")) == 0.0  # l alone
    everybody = few | {"metrics": {"qbr_counts": "all"}}
    assert value("qbr_completion", "all", "all", policy=policy_from(everybody, where="test")) == 1 / 8


def test_the_past_is_computed_from_the_facts_before_it() -> None:
    found = {m.name: m for m in records(metrics_at([twelve().at(pd.Timestamp("2026-06-01"))], axes=("all",)))}
    assert found["arr"].value == 300_500.75
    assert found["response_high"].n == 4  # the ticket of the day itself is not before it
    assert found["time_to_churn_mean"].n == 3  # d has not left yet
    assert found["dau"].reason == "there are no indicators of use for this day"


def test_the_targets_are_those_of_the_texts() -> None:
    metrics = load_policy().metrics
    assert (metrics.grr_target, metrics.nrr_target, metrics.nps_target, metrics.csat_target) == (
        0.9,
        1.1,
        (30, 50),
        4.5,
    )
