"""The catalogue's own contract stops the flow before anything trains or scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from features.catalogue import catalogue, feature_contract
from features.snapshots import Snapshots
from pipelines.build_features import checked_sources, features_at
from pipelines.settings import open_project
from policy.errors import ContractStop


def test_a_planted_out_of_range_indicator_stops_the_flow(book: Path) -> None:
    indicators = dict(catalogue())
    indicators["active_days_28d"] = replace(indicators["active_days_28d"], high=3)
    with checked_sources(open_project(book)) as checked, pytest.raises(ContractStop) as stop:
        features_at(checked, Snapshots.of([date(2026, 3, 2)]), indicators)
    assert "active_days_28d" in stop.value.message
    assert "acc-" in stop.value.message
    assert stop.value.exit_code == 4


def test_every_indicator_with_bounds_has_a_range_check() -> None:
    contract = feature_contract(dict(catalogue()))
    bounded = {f"{n}_range" for n, i in catalogue().items() if i.low is not None or i.high is not None}
    assert bounded <= {c.name for c in contract.checks}
    assert all(c.on_failure == "stop" for c in contract.checks)


@pytest.mark.parametrize("check", ["unique_key", "account_id_required", "as_of_required"])
def test_the_key_of_the_feature_table_is_checked(check: str, broken_frame: Callable[[str], None]) -> None:
    with pytest.raises(ContractStop, match=check):
        broken_frame(check)


@pytest.fixture
def broken_frame(book: Path) -> Callable[[str], None]:
    from pipelines.build_features import validate_features

    def run(check: str) -> None:
        with checked_sources(open_project(book)) as checked:
            frame = features_at(checked, Snapshots.of([date(2026, 3, 2)]))[1].head(5)
        if check == "unique_key":
            frame.loc[1, "account_id"] = frame.loc[0, "account_id"]
        else:
            frame.loc[1, check.removesuffix("_required")] = None
        validate_features(frame, dict(catalogue()))

    return run
