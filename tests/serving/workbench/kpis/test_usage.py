"""The use of merged accounts is that of one customer, over its seats once."""

from __future__ import annotations

import pandas as pd
import pytest

from policy.policy import load_policy
from serving.workbench.kpis.adoption import of_use
from serving.workbench.kpis.moment import known
from serving.workbench.kpis.usage import INDICATORS, per_customer
from tests.serving.workbench.kpis.twelve import DAY, accounts, ledger, left, tables, term

ROWS = [
    term("x", "2025-01-01", "2026-09-01", 30, seats=40, **left("acquired", "2026-05-15", "2026-09-01")),
    term("y", "2025-01-01", "2027-03-01", 100, seats=60),
]
AS_OF = pd.Timestamp("2026-06-29")


def used(*rows: tuple[object, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", *INDICATORS]).assign(as_of=AS_OF)
    given = known(ledger(ROWS, x="y"), {**tables(), "accounts": accounts("xy", x="y")}, load_policy(), usage=frame)
    return given.at(DAY).usage


def test_the_people_of_merged_accounts_are_divided_by_their_seats_once() -> None:
    found = used(("x", 400, 4.0, 20, 40, 0.5, 0.6, 1.0), ("y", 500, 5.0, 25, 50, 0.2, 0.8, 0.5))
    assert found[["account_id", "active_users_28d", "seats", "daily_active_users_28d"]].to_numpy().tolist() == [
        ["y", 90, 100, 9.0]
    ]
    assert found[["core_adoption_28d", "feature_use_share_28d", "module_breadth_28d"]].iloc[0].to_list() == [
        0.5,
        0.8,
        1.0,
    ]


def test_seats_in_use_of_merged_accounts() -> None:
    frame = pd.DataFrame(
        [("x", 0, 0.0, 0, 40, None, None, None), ("y", 0, 0.0, 0, 50, None, None, None)],
        columns=["account_id", *INDICATORS],
    ).assign(as_of=AS_OF)
    given = known(ledger(ROWS, x="y"), {**tables(), "accounts": accounts("xy", x="y")}, load_policy(), usage=frame)
    parts = of_use("active_users_28d", "seats")(given.at(DAY))
    assert parts["numerator"].sum() / parts["denominator"].sum() == pytest.approx(0.90)


def test_what_is_not_known_of_one_of_them_is_not_known_of_the_customer() -> None:
    columns = ["account_id", *INDICATORS]
    rows = [
        ("x", 1, 1.0, 1, None, 0.1, 0.1, 0.1),
        ("y", 500, 5.0, 25, 50, 0.2, 0.8, 0.5),
        ("z", 1, 1.0, 1, None, 0, 0, 0),
    ]
    found = per_customer(pd.DataFrame(rows, columns=columns).assign(as_of=AS_OF), {"x": "y"}).set_index("account_id")
    assert list(found.index) == ["y", "z"]
    assert found["active_users_28d"].isna().all()
    assert found.loc["y", "active_users_7d"] == 26
