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
        "main_driver": "usage", "play": "fix and follow up", "health_tier": "yellow", "zone": None, "aside": None,
        "until": None, "note": None,
    }  # fmt: skip
    frame = pd.DataFrame(
        [
            {**usual, "account_id": f"a{i}", "worker_id": row.get("owner_id", "anna"), **row}
            for i, row in enumerate(rows)
        ]
    )
    return candidates(frame, effects_of(POLICY.save_effects), POLICY)


def test_each_play_takes_the_hours_of_the_policy_and_no_play_those_of_the_default() -> None:
    given_plays = [*(play.play for play in POLICY.plays.values()), None]
    assert list(book(*({"play": play} for play in given_plays))["hours"]) == [3, 4, 2, 2, 2, 1, 4, 3, 3, 3, 2, 3]


def test_what_is_saved_is_arr_times_what_the_effect_takes_off_the_probability() -> None:
    # From even odds, by -0.5: 0.5 - 1 / (1 + e^0.5) = 0.12246.
    assert list(book({})["saved_arr"]) == pytest.approx([1224.59], abs=0.01)


def test_each_candidate_is_due_chosen_below_the_line_unknown_or_not_worth_it() -> None:
    found = worklist(
        book(
            {"account_id": "promised", "arr": 1.0, "due_at": pd.Timestamp("2026-06-02T16:00")},
            {"account_id": "large", "arr": 90_000.0},
            {"account_id": "small", "arr": 500.0},
            {"account_id": "sure", "churn_probability": 0.0},
            {"account_id": "unrated", "churn_probability": None},
        ),
        {"anna": 5.0},
        POLICY,
        DAY,
        days={"anna": 6.0},
    )
    assert dict(zip(found.accounts["account_id"], found.accounts["status"], strict=True)) == {
        "promised": "breached", "large": "chosen", "small": "chosen", "sure": "not_worth_it", "unrated": "unknown",
    }  # fmt: skip
    owner = found.owners.iloc[0]
    # Nine hours by Monday and Tuesday evening: of eleven, 6 × 2 / 5 would be there.
    assert (owner["hours_used"], owner["breached"], owner["day_promises"]) == (4.0, 1, 1)
    # A day of a CSM keeps the promise: 1 × 0.12246.
    assert (owner["day_hours"], owner["day_saved_arr"]) == (6.0, pytest.approx(0.12, abs=0.01))


def test_the_first_below_the_line_is_told_with_the_hours_it_lacks() -> None:
    found = worklist(book({"arr": 90_000.0}, {"arr": 500.0}), {"anna": 3.0}, POLICY, DAY, days={"anna": 6.0})
    owner = found.owners.iloc[0]
    assert (owner["cut_account_id"], owner["cut_missing_hours"]) == ("a1", 1.0)
    assert owner["day_saved_arr"] == pytest.approx(61.23, abs=0.01)
    assert worklist(book({}), {"anna": 3.0}, POLICY, DAY).owners["day_hours"].isna().all()


def test_without_any_probability_the_list_is_filled_red_before_yellow_then_by_arr() -> None:
    given = book(
        {"account_id": "yellow", "arr": 90_000.0}, {"account_id": "red", "health_tier": "red", "arr": 5.0},
        {"account_id": "red larger", "health_tier": "red", "arr": 70.0},
        {"account_id": "no arr", "health_tier": "red", "arr": None},
        {"account_id": "last", "arr": 80.0},
    ).assign(churn_probability=None)  # fmt: skip
    given = candidates(given.drop(columns=["hours", "note"]), effects_of(POLICY.save_effects), POLICY)
    made = worklist(given, {"anna": 7.0}, POLICY, DAY, days={"anna": 6.0})
    # What they save is not known, and that is not nothing.
    assert made.owners[["saved_arr", "day_saved_arr"]].isna().all(axis=None)
    found = made.accounts
    assert list(zip(found["account_id"], found["status"], strict=True)) == [
        ("red larger", "chosen"), ("red", "chosen"), ("no arr", "chosen"), ("yellow", "unknown"), ("last", "unknown"),
    ]  # fmt: skip
    assert list(found["note"][2:4]) == ["no probability yet, ARR unknown", "no probability yet"]


def test_who_was_put_off_or_is_settled_is_listed_and_takes_no_hours() -> None:
    put_off = {"aside": "snoozed", "until": date(2026, 6, 20), "note": "waits for the budget", "arr": 90_000.0}
    found = worklist(book(put_off, {"aside": "settled", "note": "done"}, {}), {"anna": 9.0}, POLICY, DAY)
    assert list(found.accounts["status"]) == ["chosen", "snoozed", "settled"]
    assert found.accounts.loc[1, ["note", "until"]].tolist() == ["waits for the budget", pd.Timestamp("2026-06-20")]
    assert found.owners.iloc[0]["hours_used"] == 2.0


def test_what_is_promised_stands_by_its_time_in_the_hours_of_who_does_it_and_overdue_since_is_told() -> None:
    due = [pd.Timestamp(f"2026-06-0{n}T16:00") for n in (3, 2)]
    found = worklist(
        book(
            {"due_at": due[0]}, {"due_at": due[1], "arr": 1.0},
            {"due_at": pd.Timestamp("2026-05-28T15:00"), "worker_id": "rob"},
        ),
        {"anna": 30.0, "rob": 30.0},
        POLICY,
        DAY,
    )  # fmt: skip
    listed = found.accounts[["account_id", "worker_id", "owner_id", "status"]]
    assert list(listed.itertuples(index=False, name=None)) == [
        ("a1", "anna", "anna", "due"), ("a0", "anna", "anna", "due"), ("a2", "rob", "anna", "due"),
    ]  # fmt: skip
    assert list(found.accounts["overdue_since"].dropna()) == [pd.Timestamp("2026-05-28T15:00")]


def test_promises_that_do_not_fit_are_named_as_breached() -> None:
    due = {"due_at": pd.Timestamp("2026-06-05T17:00"), "play": "adoption rescue"}
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
            "due_at": st.sampled_from([None, pd.Timestamp("2026-06-03")]),
            "health_tier": st.sampled_from(["red", "yellow", None]),
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
