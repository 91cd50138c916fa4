"""How each account is served: every account is listed, whatever is known of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from policy.policy import load_policy
from serving.care import COLUMNS, care

POLICY = load_policy()


def book(*rows: dict[str, Any]) -> pd.DataFrame:
    given = {"tenure_days": 400.0, "milestones_missed": 0.0, "oldest_missed_days": None}
    return pd.DataFrame([given | row for row in rows])


def test_the_service_follows_the_arr() -> None:
    found = care(book({"account_id": "a", "arr": 120_000.0}, {"account_id": "b", "arr": 12_000.0}), POLICY)
    assert list(found.columns) == list(COLUMNS)
    assert found.loc[0].drop("journey_status").to_dict() == {
        "touch_model": "high",
        "team_segment": "enterprise",
        "service": "dedicated",
        "owner_types": "csm, tam",
        "cadence": "check-in every 30 days, business review every 91 days, executive review every 91 days, "
        "NPS survey every 182 days",
        "success_plan": "custom",
        "on_qbr_list": True,
    }
    assert found.loc[1, ["touch_model", "team_segment", "service", "success_plan"]].tolist() == [
        "mid",
        "smb",
        "digital",
        "automated",
    ]


def test_an_account_without_arr_is_listed_with_nulls_and_never_dropped() -> None:
    found = care(book({"account_id": "a", "arr": None}, {"account_id": "b", "arr": 5.0}), POLICY)
    assert len(found) == 2
    assert found.loc[0].isna().all()
    assert found.loc[1, "touch_model"] == "tech"


def test_the_qbr_list_is_the_books_own_hundred_largest() -> None:
    rows = [{"account_id": f"a{i:03d}", "arr": 1_000.0 + i} for i in range(150)]
    found = care(book(*rows, {"account_id": "big", "arr": 50_000.0}), POLICY)
    assert found["on_qbr_list"].sum() == 100
    assert found["on_qbr_list"].tolist()[50:52] == [False, True]


def test_the_journey_is_told_while_onboarding_alone() -> None:
    found = care(
        book(
            {"account_id": "a", "arr": 1.0, "tenure_days": 30.0, "milestones_missed": 1.0, "oldest_missed_days": 3.0},
            {"account_id": "b", "arr": None, "tenure_days": 30.0, "milestones_missed": 3.0, "oldest_missed_days": 3.0},
            {"account_id": "c", "arr": 1.0, "tenure_days": 90.0, "milestones_missed": 3.0},
        ),
        POLICY,
    )
    assert found["journey_status"].tolist() == ["behind", "stuck", pd.NA]


def test_without_milestones_there_is_no_journey_and_an_empty_book_is_fine() -> None:
    young = book({"account_id": "a", "arr": 1.0, "tenure_days": 30.0})
    without = young.drop(columns=["milestones_missed", "oldest_missed_days"])
    assert care(without, POLICY)["journey_status"].isna().all()
    assert list(care(young.iloc[:0], POLICY).columns) == list(COLUMNS)


def test_the_index_of_the_frame_is_kept() -> None:
    frame = book({"account_id": "a", "arr": 1.0}, {"account_id": "b", "arr": 20_000.0}).set_index(
        "account_id", drop=False
    )
    assert care(frame, POLICY)["touch_model"].to_dict() == {"a": "tech", "b": "mid"}
