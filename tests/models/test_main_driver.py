"""One driver is named only where it stands out: from nothing, from the next, and from the chance of the bag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from models.ensemble import Ensemble
from models.main_driver import Bagged, main_drivers
from models.scorer import Array, FromLogOdds, Scorer
from policy.policy import load_policy

LIMITS = load_policy().evidence.model_dump(include={"least_points", "least_gap"})  # 0.5 and 0.25
GROUPS = {"logins": "usage", "invoice": "payment", "notice": "contract", "price": "contract"}


@dataclass(frozen=True)
class Points(FromLogOdds):
    """A scorer whose points are the columns of the frame: its probability is 1 % for each."""

    name: str = "points"
    moved: float = 0.0
    """What this one adds to the logins and takes from the invoice."""

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        return 0.0, features.assign(logins=features["logins"] + self.moved, invoice=features["invoice"] - self.moved)

    def log_odds(self, features: pd.DataFrame) -> Array:
        return np.asarray(features.to_numpy().sum(axis=1))

    def probability(self, margin: Array) -> Array:
        return margin / 100

    def parameters(self) -> dict[str, object]:
        return {}


@dataclass(frozen=True)
class Bag(Points):
    """Three members; the lead of the logins differs by a standard deviation of 2 between them."""

    def members(self) -> Sequence[Scorer]:
        return [Points(moved=-1.0), Points(moved=0.0), Points(moved=1.0)]


def named(
    logins: float, invoice: float = 0.0, notice: float = 0.0, price: float = 0.0, *, of: Scorer = Points()
) -> object:
    frame = pd.DataFrame({"logins": [logins], "invoice": [invoice], "notice": [notice], "price": [price]})
    found = main_drivers(of, frame, GROUPS, {"notice"}, reference=None, **LIMITS)
    return found.iloc[0]


def test_the_group_that_raises_the_risk_most_is_named() -> None:
    assert named(3.0, 1.0) == "usage"
    assert named(1.0, 3.0) == "payment"
    assert named(-3.0, -1.0) is None


def test_below_the_least_points_nobody_is_named() -> None:
    assert named(0.51) == "usage"
    assert named(0.49) is None


def test_a_lead_below_the_least_gap_names_nobody() -> None:
    assert named(3.0, 2.74) == "usage"
    assert named(3.0, 2.76) is None
    assert named(2.76, 3.0) is None


def test_a_lead_that_another_bag_might_turn_round_names_nobody() -> None:
    assert named(3.0, 0.9, of=Bag()) == "usage"
    assert named(3.0, 1.1, of=Bag()) is None
    assert named(3.0, 1.1) == "usage"


def test_what_the_calendar_moves_is_named_only_where_the_customer_moves_nothing() -> None:
    assert named(1.0, notice=9.0) == "usage"
    assert named(0.4, notice=9.0) == "contract"
    # The calendar does not lift its group above what the customer does, nor does the rest of its group need it.
    assert named(1.0, notice=9.0, price=0.3) == "usage"
    assert named(1.0, price=2.0) == "contract"


def test_every_row_is_judged_alone_and_no_row_gives_none() -> None:
    frame = pd.DataFrame(
        {"logins": [3.0, 0.0, 1.0], "invoice": [0.0, 3.0, 1.0], "notice": [0.0] * 3, "price": [0.0] * 3},
        index=["a", "b", "c"],
    )
    found = main_drivers(Points(), frame, GROUPS, {"notice"}, reference=None, **LIMITS)
    assert found.to_dict() == {"a": "usage", "b": "payment", "c": None}
    none = main_drivers(Bag(), frame.head(0), GROUPS, {"notice"}, reference=None, **LIMITS)
    assert none.empty


@pytest.mark.parametrize("name", ["lightgbm", "ensemble"])
def test_the_members_of_a_bag_average_to_the_bag(name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame) -> None:
    scorer = scorers[name]
    assert isinstance(scorer, Bagged)
    members = scorer.members()
    assert len(members) == 5
    assert all(isinstance(member, Ensemble) == (name == "ensemble") for member in members)
    np.testing.assert_allclose(
        np.mean([m.log_odds(test) for m in members], axis=0), scorer.log_odds(test), rtol=0, atol=1e-12
    )
    assert np.std([m.log_odds(test) for m in members], axis=0).min() > 0
