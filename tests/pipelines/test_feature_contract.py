"""The catalogue's own contract stops the flow before anything trains or scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from features.catalogue import catalogue, feature_contract
from features.snapshots import Snapshots
from pipelines.build_features import Checked, features_at, validate_features
from policy.errors import ContractStop
from tests.pipelines.planted import few

MONDAY = Snapshots.of([date(2026, 3, 2)])
LOW = "active_user_days_28d"


@pytest.fixture(scope="module")
def frame(checked: Checked) -> pd.DataFrame:
    """Five rows of a few indicators: the checks of the key and of one range ask for no more."""
    return features_at(checked, MONDAY, few())[1].head(5)


def test_a_planted_out_of_range_indicator_stops_the_flow(checked: Checked) -> None:
    indicators = few()
    indicators[LOW] = replace(indicators[LOW], high=3)
    with pytest.raises(ContractStop) as stop:
        features_at(checked, MONDAY, indicators)
    assert LOW in stop.value.message
    assert "acc-" in stop.value.message
    assert stop.value.exit_code == 4


def test_every_indicator_with_bounds_has_a_range_check() -> None:
    contract = feature_contract(dict(catalogue()))
    bounded = {f"{n}_range" for n, i in catalogue().items() if i.low is not None or i.high is not None}
    assert bounded <= {c.name for c in contract.checks}
    assert all(c.on_failure == "stop" for c in contract.checks)


@pytest.mark.parametrize("check", ["unique_key", "account_id_required", "as_of_required"])
def test_the_key_of_the_feature_table_is_checked(check: str, frame: pd.DataFrame) -> None:
    broken = frame.copy()
    if check == "unique_key":
        broken.loc[1, "account_id"] = broken.loc[0, "account_id"]
    else:
        broken.loc[1, check.removesuffix("_required")] = None
    validate_features(frame, few())
    with pytest.raises(ContractStop, match=check):
        validate_features(broken, few())
