"""Frames are cast to what checks fastest, and refused where they hold something else altogether."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_contracts.contract import Check, Column, Contract
from data_contracts.frames import checkable
from data_contracts.validate import ROW, Validator
from policy.errors import ContractStop
from tests.data_contracts.rows import NOW


def contract(kind: str) -> Contract:
    columns = (Column("x", kind, "What it is."),)
    says = Check(
        "x_type", "x", "`x` reads.", "expect_column_values_to_be_in_set", {"column": "x__reads", "value_set": [True]}
    )
    return Contract("t", "", "optional", columns, (), (says,), (), None, "stop", 0.0)


@pytest.mark.parametrize(
    ("kind", "values", "dtype"),
    [
        ("date", [date(2024, 1, 1), None], "datetime64[ns]"),
        ("date", [date(9999, 12, 31), date(2024, 1, 1)], "datetime64[ns]"),
        ("timestamp", pd.to_datetime(["2024-01-01"]).as_unit("us"), "datetime64[ns]"),
        ("timestamp", pd.to_datetime(["2024-01-01T10:00+02:00"]), "datetime64[ns]"),
        ("integer", [1, 2], "int64"),
        ("integer", pd.array([1, None], dtype="Int64"), "float64"),
        ("integer", [True, False], "int64"),
        ("number", [1, 2], "float64"),
        ("number", pd.array([1.5, None], dtype="Float64"), "float64"),
        ("number", [None, None], "float64"),
        ("date", [None, None], "datetime64[ns]"),
        ("string", [None, None], "object"),
    ],
)
def test_columns_get_the_dtypes_that_check_fastest(kind: str, values: Any, dtype: str) -> None:
    assert checkable(pd.DataFrame({"x": values}), contract(kind))["x"].dtype == dtype


def test_zoned_moments_become_utc() -> None:
    frame = pd.DataFrame({"x": pd.to_datetime(["2024-01-01T10:00+02:00"])})
    assert checkable(frame, contract("timestamp"))["x"][0] == pd.Timestamp("2024-01-01 08:00")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("number", ["a", "b"]),
        ("integer", ["1", "2"]),
        ("date", ["2024-01-01"]),
        ("timestamp", [1, 2]),
        ("boolean", [1, 0]),
        ("string", [1, 2]),
        ("number", [datetime.fromisoformat("2024-01-01")]),
    ],
)
def test_values_of_another_type_are_refused(kind: str, values: list[Any]) -> None:
    with pytest.raises(ContractStop) as caught:
        checkable(pd.DataFrame({"x": values}), contract(kind))
    assert f"t: `x` of `t` should be {kind}; its values are " in str(caught.value)
    assert f"Cast `x` to {kind} before it is checked." in str(caught.value)


def test_a_missing_column_is_refused_with_its_meaning() -> None:
    with pytest.raises(ContractStop, match=r"t: `t` has no column `x`\. Add it \(number\): What it is\."):
        checkable(pd.DataFrame({"y": [1]}), contract("number"))


@pytest.mark.parametrize(("kind", "values"), [("number", [1.0, np.inf, None]), ("integer", [1.0, 1.5, None])])
def test_numbers_that_are_not_finite_or_not_whole_fail_their_type(kind: str, values: list[float]) -> None:
    frame = pd.DataFrame({"x": values, ROW: range(3)})
    assert Validator().findings(frame, contract(kind), now=NOW).reasons == {1: ("x_type",)}
