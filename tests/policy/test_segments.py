"""Two axes by ARR, and what an account is given where they disagree (S1–S7)."""

from __future__ import annotations

import pytest

from policy.policy import Policy, load_policy, policy_from
from policy.segments import (
    cadence_text,
    listed_review_days,
    qbr_list,
    review_days,
    row_of,
    success_plan,
    team_segment,
    touch_model,
)

SEGMENTS = load_policy().segments
BOUNDARIES = [
    (0, "tech", "smb"),
    (9_999.99, "tech", "smb"),
    (10_000, "mid", "smb"),
    (19_999.99, "mid", "smb"),
    (20_000, "mid", "mid_market"),
    (49_999.99, "mid", "mid_market"),
    (50_000, "high", "mid_market"),
    (99_999.99, "high", "mid_market"),
    (100_000, "high", "enterprise"),
    (5_000_000, "high", "enterprise"),
]


@pytest.mark.parametrize(("arr", "touch", "team"), BOUNDARIES)
def test_bands_are_half_open_on_both_axes(arr: float, touch: str, team: str) -> None:
    assert (touch_model(arr, SEGMENTS), team_segment(arr, SEGMENTS)) == (touch, team)


@pytest.mark.parametrize(
    ("arr", "service", "owners", "accounts", "human", "check_in", "review", "executive"),
    [
        (5_000, "digital", ("cs_operations",), 200, "when_at_risk", None, None, None),
        (15_000, "digital", ("cs_operations", "csm"), 100, "when_at_risk", None, None, None),
        (20_000, "pooled", ("csm",), 50, "always", 60, 182, None),
        (70_000, "named", ("csm",), 50, "always", 30, 91, None),
        (250_000, "dedicated", ("csm", "tam"), 20, "always", 30, 91, 91),
    ],
)
def test_each_range_of_arr_has_its_decision(
    arr: float,
    service: str,
    owners: tuple[str, ...],
    accounts: int,
    human: str,
    check_in: int | None,
    review: int | None,
    executive: int | None,
) -> None:
    row = row_of(arr, SEGMENTS)
    assert (row.service, row.owner_types, row.accounts_per_csm, row.human) == (service, owners, accounts, human)
    cadence = SEGMENTS.cadences[row.cadence]
    assert (cadence.check_in_days, cadence.review_days, row.executive_review_days) == (check_in, review, executive)


def test_the_average_account_of_the_scenario_is_mid_market() -> None:
    scenario = load_policy().scenario
    row = row_of(scenario.arr / scenario.customers, SEGMENTS)
    assert (row.touch_model, row.team_segment) == ("mid", "mid_market")


@pytest.mark.parametrize(
    ("arr", "kind"), [(19_999.99, "automated"), (20_000, "templated"), (99_999, "templated"), (100_000, "custom")]
)
def test_the_success_plan_follows_the_team_segment(arr: float, kind: str) -> None:
    assert success_plan(arr, SEGMENTS) == kind


@pytest.mark.parametrize(
    ("arr", "says"),
    [
        (5_000, "e-mail campaign every 91 days, NPS survey every 365 days, a person when at risk"),
        (30_000, "check-in every 60 days, business review every 182 days, NPS survey every 182 days"),
        (60_000, "check-in every 30 days, business review every 91 days, NPS survey every 182 days"),
        (
            100_000,
            "check-in every 30 days, business review every 91 days, executive review every 91 days, "
            "NPS survey every 182 days",
        ),
    ],
)
def test_a_cadence_in_words(arr: float, says: str) -> None:
    assert cadence_text(row_of(arr, SEGMENTS), SEGMENTS) == says


def test_the_qbr_list_is_high_touch_and_the_hundred_largest() -> None:
    # 150 mid-touch accounts from $10,000 to $24,900, one high-touch, one tech-touch.
    book = {f"m{i}": 10_000.0 + 100 * i for i in range(150)} | {"high": 50_000.0, "tech": 900.0}
    listed = qbr_list(book, SEGMENTS)
    assert len(listed) == 100
    assert "high" in listed
    assert {f"m{i}" for i in range(51, 150)} <= listed
    assert "m50" not in listed
    # A hundred more high-touch accounts push the mid-touch ones off the top, and are all on the list themselves.
    many = book | {f"h{i}": 60_000.0 + i for i in range(120)}
    assert len(qbr_list(many, SEGMENTS)) == 121


def test_a_small_book_is_on_the_qbr_list_whole_and_an_empty_one_is_empty() -> None:
    assert qbr_list({"a": 5.0, "b": 0.0}, SEGMENTS) == {"a", "b"}
    assert qbr_list({}, SEGMENTS) == set()


def test_accounts_that_tie_for_the_last_place_are_all_on_the_list() -> None:
    segments = SEGMENTS.model_copy(update={"qbr": SEGMENTS.qbr.model_copy(update={"top_by_arr": 2})})
    assert qbr_list({"a": 9.0, "b": 7.0, "c": 7.0, "d": 6.0}, segments) == {"a", "b", "c"}
    none = SEGMENTS.model_copy(update={"qbr": SEGMENTS.qbr.model_copy(update={"top_by_arr": 0})})
    assert qbr_list({"a": 9.0, "b": 50_000.0}, none) == {"b"}


def test_the_ratios_and_hours_of_the_texts() -> None:
    touch, team = SEGMENTS.touch_readings, SEGMENTS.team_readings
    assert {name: r.accounts_per_csm for name, r in touch.items()} == {
        "tech": (100, 200),
        "mid": (50, 100),
        "high": (20, 50),
    }
    assert {name: r.accounts_per_csm for name, r in team.items()} == {
        "smb": (100, 200),
        "mid_market": (30, 50),
        "enterprise": None,
    }
    assert SEGMENTS.hours_per_week == {
        "csm": 30,
        "tam": 30,
        "onboarding_specialist": 30,
        "renewals_manager": 30,
        "customer_education": 20,
        "cs_operations": 20,
    }
    assert set(SEGMENTS.owner_types) == set(SEGMENTS.hours_per_week)


def test_a_policy_whose_bands_make_a_pair_without_a_decision_is_refused() -> None:
    given = load_policy().model_dump(by_alias=True)
    given["segments"]["touch_model"]["mid"] = 30_000
    with pytest.raises(ValueError, match="rows lack tech/mid_market, where an ARR of 20,000 falls"):
        Policy.model_validate(given)


def test_the_qbr_list_is_reviewed_as_often_as_the_cadence_of_its_touch_models_says() -> None:
    assert listed_review_days(SEGMENTS) == 91
    own = {"segments": {"cadences": {"monthly": {"review_days": 60}}}}
    assert listed_review_days(policy_from(own, where="test").segments) == 60
    tech = {"segments": {"qbr": {"touch_models": ["tech"]}}}
    assert listed_review_days(policy_from(tech, where="test").segments) is None


def test_who_is_on_the_qbr_list_is_owed_a_quarterly_review_and_the_others_their_cadences() -> None:
    row = row_of(30_000.0, SEGMENTS)
    assert [review_days(row, listed=listed, segments=SEGMENTS) for listed in (True, False)] == [91, 182]
    tech = row_of(5_000.0, SEGMENTS)
    assert [review_days(tech, listed=listed, segments=SEGMENTS) for listed in (True, False)] == [91, None]
