"""One snapshot scored from end to end on ten accounts and a scorer written by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models.linear import Column, Linear
from models.reference import Reference
from policy.policy import Policy, load_policy
from serving.score import Run, Scored, chosen_play, score_snapshot
from serving.tasks import Owner

AS_OF = date(2026, 6, 1)
NAMES = ("login_change_28d", "seat_utilisation_28d", "past_due_days", "nps", "days_to_term_end", "term_length_days")
# Wordings of our own: the catalogue may improve its sentences.
SAYS = {
    "login_change_28d": "daily logins {moved} from {before} to {after}",
    "past_due_days": "the oldest unpaid invoice is {after} past due; on {since} it was {before}",
}
INDICATORS = {name: replace(catalogue()[name], says=SAYS.get(name, catalogue()[name].says)) for name in NAMES}
# Healthy: −2 − 0.5 (logins as ever) − 1 (nothing past due) = −3.5.
CHAMPION = Linear(
    "logistic",
    -2.0,
    (
        Column("login_change_28d", (-1.0, 0.0, 1.0), -1.5, -0.5),
        Column("past_due_days", (0.0, 15.0, 30.0), 1.0, 0.0),
        Column("days_to_term_end", (0.0, 365.0), -0.1, 0.0),
    ),
)
LIGHTGBM = Linear("lightgbm", -1.0, (Column("past_due_days", (0.0, 15.0, 30.0), 0.5, 0.0),))


def accounts(**changes: dict[str, Any]) -> pd.DataFrame:
    """Ten healthy accounts a0 to a9; `a3={...}` changes one."""
    rows = []
    for i in range(10):
        row: dict[str, Any] = {
            "account_id": f"a{i}",
            "arr": 1000.0 * (i + 1),
            "tenure_days": 400.0,
            "login_change_28d": 0.01 * i,
            "login_change_28d__before": 40.0,
            "login_change_28d__after": 40.0 + i,
            "seat_utilisation_28d": 0.9,
            "past_due_days": 0.0,
            "nps": 9.0,
            "days_to_term_end": 200.0,
            "term_length_days": 365.0,
        }
        rows.append(row | changes.get(f"a{i}", {}))
    return pd.DataFrame(rows)


SICK = {
    "login_change_28d": -0.75,
    "login_change_28d__after": 10.0,
    "seat_utilisation_28d": 0.1,
    "past_due_days": 20.0,
    "nps": 2.0,
}


def run(policy: Policy, champion: Linear | None = CHAMPION) -> Run:
    return Run(
        run_id="run1",
        model_version="7" if champion else None,
        as_of=AS_OF,
        published_at=datetime(2026, 6, 1, 6, 0, tzinfo=UTC),
        horizon_days=90,
        gap_days=14,
        capacity_share=0.10,
        currency="USD",
        policy=policy,
        champion=champion,
        lightgbm=LIGHTGBM if champion else None,
    )


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The default policy, rating accounts from whatever is known: these tiny books know little."""
    default = load_policy()
    return default.model_copy(update={"health": default.health.model_copy(update={"tier_coverage": 0.0})})


def scored(policy: Policy, now: pd.DataFrame, champion: Linear | None = CHAMPION, **then: pd.DataFrame) -> Scored:
    calm = accounts()
    return score_snapshot(
        now, then.get("week", calm), then.get("month", calm), {"a0": Owner("csm1")}, INDICATORS, run(policy, champion)
    )


def by_account(found: Scored) -> pd.DataFrame:
    return found.scores.set_index("account_id")


def test_the_row_of_an_account_that_fell_ill(policy: Policy) -> None:
    found = by_account(scored(policy, accounts(a0=SICK))).loc["a0"]
    # Logins −0.75 stand at −0.75 of 1: +1.125. 20 days lie a third of the way from 15 to 30: +0.3333. Term 200 of 365.
    margin = -2 + 1.125 + 1 / 3 - 0.1 * (400 / 365 - 1)
    assert found["churn_probability"] == pytest.approx(1 / (1 + np.exp(-margin)))
    assert found["lightgbm_probability"] == pytest.approx(1 / (1 + np.exp(1 - 0.5 / 3)))
    assert (found["risk_tier"], found["health_tier"]) == ("high", "red")
    assert found["reason_1"] == "Daily logins fell from 40 to 10 since 4 May 2026."
    assert found["reason_2"] == "The oldest unpaid invoice is 20 days past due; on 4 May 2026 it was 0 days."
    assert pd.isna(found["reason_3"])
    assert found["play"] == "adoption rescue"


def test_every_row_carries_the_run_and_the_stable_columns(policy: Policy) -> None:
    found = scored(policy, accounts()).scores
    assert list(found) == [
        "account_id", "as_of", "run_id", "model_version", "policy_version", "scorer", "churn_probability",
        "lightgbm_probability", "horizon_days", "gap_days", "risk_tier", "health_score", "health_tier", "coverage",
        "usage_score", "engagement_score", "sentiment_score", "commercial_score", "arr", "evidence",
        "reason_1", "reason_2", "reason_3", "play", "published_at", "expires_on",
    ]  # fmt: skip
    assert len(found) == 10
    for column, value in {
        "as_of": AS_OF,
        "run_id": "run1",
        "model_version": "7",
        "policy_version": policy.version,
        "scorer": "logistic",
        "horizon_days": 90,
        "gap_days": 14,
    }.items():
        assert found[column].tolist() == [value] * 10
    assert (found["published_at"] == pd.Timestamp("2026-06-01T06:00Z")).all()
    # A week and a day: the next weekly score comes in time.
    assert found["expires_on"].tolist() == [date(2026, 6, 9)] * 10


def test_risk_tiers_are_cut_by_capacity(policy: Policy) -> None:
    # Logins rise from a0 to a9, so the risk falls: one high, the next two medium.
    assert scored(policy, accounts()).scores["risk_tier"].tolist() == ["high", "medium", "medium"] + ["low"] * 7


def test_medium_is_the_next_twice_the_high_share_of_a_large_book(policy: Policy) -> None:
    many = pd.concat([accounts()] * 20, ignore_index=True)
    many = many.assign(account_id=[f"a{i:03d}" for i in range(200)], login_change_28d=np.linspace(-0.5, 0.5, 200))
    found = scored(policy, many).scores["risk_tier"].value_counts()
    assert found.to_dict() == {"high": 20, "medium": 40, "low": 140}


def test_a_tie_at_the_cut_goes_to_the_safer_tier(policy: Policy) -> None:
    twins = accounts(a0=SICK, a1=SICK)
    assert by_account(scored(policy, twins))["risk_tier"].tolist()[:3] == ["medium", "medium", "medium"]
    same = accounts().assign(login_change_28d=0.0)
    assert set(scored(policy, same).scores["risk_tier"]) == {"low"}


def test_the_drivers_add_up_to_the_probability_shown(policy: Policy) -> None:
    found = scored(policy, accounts(a0=SICK, a1={"login_change_28d": np.nan}))
    sums = found.drivers.groupby("account_id")["contribution"].sum() + found.base_points
    shown = by_account(found)["churn_probability"].astype(float) * 100
    np.testing.assert_allclose(sums[shown.index], shown, atol=1e-9)
    own = found.drivers[found.drivers["account_id"] == "a0"].set_index("indicator")
    assert own.loc["past_due_days", ["group", "value", "scorer"]].tolist() == ["payment", 20.0, "logistic"]
    assert len(found.drivers) == 10 * 3


def test_the_main_driver_is_named_where_one_stands_out(policy: Policy) -> None:
    # a0: invoices alone; a1: logins and invoices both add 0.75 to the log-odds, so that neither leads.
    alike = {"login_change_28d": -0.5, "past_due_days": 26.25}
    found = scored(policy, accounts(a0={"past_due_days": 20.0}, a1=alike)).main_drivers
    assert found["a0"] == "payment"
    assert found["a1"] is None
    assert scored(policy, accounts(), champion=None).main_drivers == {}


def test_explanations_start_from_the_reference_where_there_is_one(policy: Policy) -> None:
    now = accounts(a0=SICK)
    indicators = ("login_change_28d", "past_due_days", "days_to_term_end")
    # Two kinds of account, three of four of the calm kind: −2 − 0.5 and −2 + 1.
    reference = Reference(indicators, ((-0.5, 0.0, 0.0), (1.0, 0.0, 0.0)), (0.75, 0.25))
    found = score_snapshot(now, now, now, {}, INDICATORS, replace(run(policy), reference=reference))
    expected = 75 / (1 + np.exp(2.5)) + 25 / (1 + np.exp(1.0))
    assert found.base_points == pytest.approx(expected)
    sums = found.drivers.groupby("account_id")["contribution"].sum() + found.base_points
    shown = by_account(found)["churn_probability"].astype(float) * 100
    np.testing.assert_allclose(sums[shown.index], shown, atol=1e-9)


def test_a_healthy_account_has_no_reason_and_no_play(policy: Policy) -> None:
    found = by_account(scored(policy, accounts(a0=SICK))).loc["a9"]
    assert found[["reason_1", "reason_2", "reason_3", "play"]].isna().all()


def test_an_account_at_risk_without_a_reason_gets_the_default_play(policy: Policy) -> None:
    # Ill a month ago as well: nothing moved, so nothing can be told.
    still = SICK | {"login_change_28d__before": 10.0}
    found = by_account(scored(policy, accounts(a0=still), month=accounts(a0=still))).loc["a0"]
    assert pd.isna(found["reason_1"])
    assert (found["risk_tier"], found["play"]) == ("high", "churn prevention")


def test_an_account_unknown_a_month_ago_is_told_only_by_its_own_baseline(policy: Policy) -> None:
    found = scored(policy, accounts(a0=SICK), month=accounts().iloc[1:])
    assert {e.indicator for e in found.evidence["a0"]} == {"login_change_28d"}
    assert pd.isna(by_account(found).loc["a0", "reason_2"])


def test_two_tasks_for_the_one_account_that_got_worse(policy: Policy) -> None:
    found = scored(policy, accounts(a3=SICK), week=accounts()).tasks
    assert found["subject"].tolist() == [
        "Assess: health went from green to red",
        "Reach out: health went from green to red",
    ]
    assert found["account_id"].tolist() == ["a3", "a3"]
    assert found["owner_id"].isna().all()
    owned = scored(policy, accounts(a0=SICK), week=accounts()).tasks
    assert owned["owner_id"].tolist() == ["csm1", "csm1"]


def test_no_change_since_last_week_makes_no_task_and_a_first_load_no_flood(policy: Policy) -> None:
    ill = accounts(a0=SICK, a1=SICK)
    assert scored(policy, ill, week=ill).tasks.empty
    assert scored(policy, ill, week=ill.head(0)).tasks.empty


def test_young_accounts_carry_low_evidence(policy: Policy) -> None:
    found = by_account(scored(policy, accounts(a0={"tenure_days": 89.0}, a1={"tenure_days": 90.0})))
    assert found["evidence"].tolist()[:2] == ["low", "normal"]


def test_with_little_data_the_number_is_published_and_the_tier_unrated() -> None:
    found = by_account(scored(load_policy(), accounts())).iloc[0]
    assert found["health_score"] > 75
    assert found["coverage"] < 0.6
    assert found["health_tier"] == "unrated"


def test_without_a_champion_health_speaks_alone(policy: Policy) -> None:
    found = scored(policy, accounts(a0=SICK), champion=None)
    rows = by_account(found)
    for column in ("churn_probability", "lightgbm_probability", "risk_tier", "model_version", "reason_1"):
        assert rows[column].isna().all(), column
    assert set(rows["scorer"]) == {"health_score"}
    assert rows.loc["a0", ["health_tier", "play"]].tolist() == ["red", "churn prevention"]
    assert rows.loc["a1", "health_tier"] == "green"
    assert found.drivers.empty
    assert found.base_points is None
    assert list(found.drivers) == ["account_id", "as_of", "scorer", "group", "indicator", "value", "contribution"]
    assert found.tasks["account_id"].tolist() == ["a0", "a0"]
    assert "Daily logins" in found.evidence["a0"][0].sentence


def test_a_champion_may_ship_without_lightgbm(policy: Policy) -> None:
    alone = replace(run(policy), lightgbm=None)
    found = score_snapshot(accounts(), accounts(), accounts(), {}, INDICATORS, alone).scores
    assert found["churn_probability"].notna().all()
    assert found["lightgbm_probability"].isna().all()


def test_the_order_of_the_accounts_changes_nothing_but_the_order(policy: Policy) -> None:
    now = accounts(a0=SICK, a4=SICK | {"nps": np.nan})
    one = by_account(scored(policy, now))
    other = by_account(scored(policy, now.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(one, other.loc[one.index])


def test_the_frames_given_are_left_as_they_were(policy: Policy) -> None:
    now = accounts(a0=SICK)
    before = now.copy()
    scored(policy, now)
    pd.testing.assert_frame_equal(now, before)


def test_an_empty_book_gives_empty_tables(policy: Policy) -> None:
    for champion in (CHAMPION, None):
        found = scored(policy, accounts().head(0), champion=champion)
        assert len(found.scores) == len(found.tasks) == len(found.drivers) == 0


@pytest.mark.parametrize(
    ("groups", "days", "play"),
    [
        (["contract", "usage"], 365.0, "prepare the renewal"),
        (["contract", "usage"], 31.0, "adoption rescue"),
        (["contract", "usage"], 90.0, "prepare the renewal"),
        (["contract"], 31.0, "churn prevention"),
        (["contract"], float("nan"), "prepare the renewal"),
        (["usage", "contract"], 31.0, "adoption rescue"),
    ],
)
def test_a_term_that_renews_all_the_time_is_no_renewal_to_prepare(
    policy: Policy, groups: list[str], days: float, play: str
) -> None:
    assert chosen_play(groups, days, at_risk=True, policy=policy) == play
    calm = chosen_play(groups, days, at_risk=False, policy=policy)
    assert calm == (None if (groups, days) == (["contract"], 31.0) else play)
