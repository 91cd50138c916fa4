"""The list of a whole book: everybody stands on it once, and who has no owner comes with what they are worth."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.policy import load_policy
from serving.workbench.worklist.effects import effects_of
from serving.workbench.worklist.worklist import RANKED, candidates, worklist

POLICY = load_policy()
DAY = date(2026, 6, 1)


def book(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "owner_id": "anna", "name": None, "why": None, "due_at": None, "arr": 10_000.0, "churn_probability": 0.5,
        "main_driver": "usage", "play": "fix and follow up",
    }  # fmt: skip
    frame = pd.DataFrame([{**usual, "account_id": f"a{i}", **row} for i, row in enumerate(rows)])
    return candidates(frame, effects_of(POLICY.save_effects), POLICY)


def test_each_play_takes_the_hours_of_the_policy_and_no_play_those_of_the_default() -> None:
    given_plays = [*(play.play for play in POLICY.plays.values()), None]
    assert list(book(*({"play": play} for play in given_plays))["hours"]) == [3, 4, 2, 2, 2, 1, 4, 3, 3, 3, 2, 3]


def test_what_is_saved_is_arr_times_what_the_effect_takes_off_the_probability() -> None:
    # From even odds, by -0.5: 0.5 - 1 / (1 + e^0.5) = 0.12246.
    assert list(book({})["saved_arr"]) == pytest.approx([1224.59], abs=0.01)


def test_each_candidate_is_due_chosen_below_the_line_not_worth_it_or_unknown() -> None:
    found = worklist(
        book(
            {"account_id": "promised", "arr": 1.0, "due_at": pd.Timestamp("2026-06-02")},
            {"account_id": "large", "arr": 90_000.0},
            {"account_id": "small", "arr": 500.0},
            {"account_id": "sure", "churn_probability": 0.0},
            {"account_id": "unrated", "churn_probability": None},
        ),
        {"anna": 5.0},
        POLICY,
        DAY,
    )
    assert dict(zip(found.accounts["account_id"], found.accounts["status"], strict=True)) == {
        "promised": "due", "large": "chosen", "small": "below_the_line", "sure": "not_worth_it", "unrated": "unknown",
    }  # fmt: skip
    assert list(found.accounts["rank"]) == [1, 2, 3, 4, 5]
    owner = found.owners.iloc[0]
    assert (owner["hours_used"], owner["cut_account_id"], owner["cut_missing_hours"]) == (4.0, "small", 1.0)
    # A working day from 9 to 17 would do the small one as well: 500 × 0.12246.
    assert (owner["day_hours"], owner["day_saved_arr"]) == (8.0, pytest.approx(61.23, abs=0.01))


def test_promises_that_do_not_fit_are_named_as_breached() -> None:
    due = {"due_at": pd.Timestamp("2026-06-02"), "play": "adoption rescue"}
    found = worklist(book({**due, "arr": 5.0}, due, {"arr": 99_000.0}), {"anna": 4.0}, POLICY, DAY).accounts
    assert list(found["status"]) == ["due", "breached", "below_the_line"]


def test_an_account_without_an_owner_is_listed_with_its_value_and_takes_nobodys_hours() -> None:
    found = worklist(book({"owner_id": None, "arr": 70_000.0}, {"owner_id": None}, {}), {"anna": 9.0}, POLICY, DAY)
    nobody = found.accounts[found.accounts["status"] == "nobody"]
    assert list(nobody["arr"]) == [70_000.0, 10_000.0]
    assert nobody["saved_arr"].notna().all()
    assert list(found.owners["owner_id"]) == ["anna"]
    assert found.owners["hours_used"].sum() == 2.0


def test_who_has_no_hours_chooses_nothing_and_still_sees_the_list() -> None:
    found = worklist(book({}, {}), {}, POLICY, DAY)
    assert list(found.accounts["status"]) == ["below_the_line", "below_the_line"]
    assert found.owners.iloc[0]["hours"] == 0


def test_an_empty_book_gives_an_empty_list_of_the_same_columns() -> None:
    found = worklist(book({}).head(0), {}, POLICY, DAY)
    assert found.accounts.empty
    assert list(found.accounts.dtypes) == list(worklist(book({}), {}, POLICY, DAY).accounts.dtypes)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "owner_id": st.sampled_from(["anna", "ben", None]),
            "arr": st.none() | st.floats(0, 1e6),
            "churn_probability": st.none() | st.floats(0, 1),
            "due_at": st.sampled_from([None, pd.Timestamp("2026-06-02")]),
            "play": st.sampled_from([None, "adoption rescue", "settle the account"]),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(ROWS, st.floats(0, 20))
def test_everybody_stands_on_the_list_once_and_nobody_beyond_the_hours(
    rows: list[dict[str, Any]], hours: float
) -> None:
    found = worklist(book(*rows), {"anna": hours, "ben": hours}, POLICY, DAY)
    assert sorted(found.accounts["account_id"]) == sorted(f"a{i}" for i in range(len(rows)))
    assert set(found.accounts["status"]) <= set(RANKED)
    assert (found.accounts["owner_id"].isna() == (found.accounts["status"] == "nobody")).all()
    assert (found.owners["hours_used"] <= found.owners["hours"]).all()
