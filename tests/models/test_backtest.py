"""Walking forward: what trains, what is judged, who ships, and that no origin knows what came after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.backtest import CALENDAR, CONSTANT, LEARNED, SHIPPED, Stop, by_origin, calendar_earned, fresh, walk
from models.boosted import Growth
from models.ladder import Origin
from models.recipe import Recipe
from models.scorer import Array
from policy.errors import NotEnoughData
from policy.policy import Policy

WINDOW = 104
FIRST_DAY = date(2024, 1, 1)


def history(lost: int = 60, kept: int = 60, *, snapshots: int = 16, every_weeks: int = 4) -> pd.DataFrame:
    """`lost` accounts that churn in every row and `kept` that never do."""
    dates = [FIRST_DAY + timedelta(weeks=every_weeks * i) for i in range(snapshots)]
    rows = [(f"a{i:03d}", d, float(i < lost), True) for d in dates for i in range(lost + kept)]
    return pd.DataFrame(rows, columns=["account_id", "as_of", "churned", "in_window"])


class Fits:
    """Scorers that give the truth this much probability, by name; remembers what it was shown."""

    def __init__(self, **confidence: float) -> None:
        self.confidence = dict.fromkeys(LEARNED, 0.6) | confidence
        self.seen: list[tuple[pd.DataFrame, pd.DataFrame, Recipe]] = []

    def __call__(
        self, past: pd.DataFrame, later: pd.DataFrame, names: Collection[str], recipe: Recipe
    ) -> Mapping[str, Array]:
        self.seen.append((past, later, recipe))
        y = later["churned"].to_numpy()
        return {name: np.where(y == 1, self.confidence[name], 1 - self.confidence[name]) for name in names}


def walked(frame: pd.DataFrame, fits: Fits, policy: Policy) -> list[Stop]:
    return walk(frame, fits, policy.ladder, window_days=WINDOW)


def test_a_row_trains_once_its_window_and_the_embargo_are_over(policy: Policy) -> None:
    fits = Fits()
    stops = walked(history(), fits, policy)
    # 104 days of window and 7 of embargo: the first snapshot trains from day 112, the fifth snapshot, on.
    assert stops[0].origin == FIRST_DAY + timedelta(days=112)
    assert stops[0].until == FIRST_DAY
    assert len(stops) == 12
    for stop, (past, later, _) in zip(stops, fits.seen, strict=True):
        assert past["as_of"].max() == stop.origin - timedelta(days=112)
        assert later["as_of"].min() == stop.origin
        assert later["as_of"].max() < stop.origin + timedelta(weeks=24)
    assert stops[3].n_rows == 4 * 120
    assert stops[3].n_churned_accounts == 60


def test_the_first_origin_has_thirty_churned_accounts_behind_it(policy: Policy) -> None:
    frame = history(lost=30)
    early = frame["as_of"] < FIRST_DAY + timedelta(weeks=12)
    frame.loc[early & (frame["account_id"] == "a000"), "churned"] = 0.0
    stops = walked(frame, Fits(), policy)
    assert stops[0].origin == FIRST_DAY + timedelta(weeks=12 + 16)
    with pytest.raises(NotEnoughData, match="the whole history has 29"):
        walked(history(lost=29), Fits(), policy)


def test_origins_are_a_month_apart_however_dense_the_snapshots(policy: Policy) -> None:
    stops = walked(history(snapshots=30, every_weeks=1), Fits(), policy)
    assert [s.origin for s in stops] == [FIRST_DAY + timedelta(weeks=16 + 4 * i) for i in range(4)]
    # Between two origins every week is judged by the first of them.
    rows, _ = stops[0].aged(0)
    assert rows["as_of"].nunique() == 4
    assert stops[0].rows["age"].tolist() == sorted(stops[0].rows["age"])


def test_every_later_row_is_judged_once_by_the_newest_model(policy: Policy) -> None:
    frame = history()
    stops = walked(frame, Fits(), policy)
    rows, said = fresh(stops)
    assert sorted(rows["place"]) == np.flatnonzero(frame["as_of"] >= stops[0].origin).tolist()
    assert (frame["account_id"].to_numpy()[rows["place"]] == rows["account_id"]).all()
    assert len(said[SHIPPED]) == len(rows)
    # Six ages of four weeks each: never a row beyond 24 weeks.
    assert sorted(stops[0].rows["age"].unique()) == [0, 1, 2, 3, 4, 5]
    last, _ = stops[-1].aged(1)
    assert last.empty


def test_a_better_scorer_ships_once_matured_labels_show_it(policy: Policy) -> None:
    stops = walked(history(), Fits(logistic=0.9), policy)
    shipped = [s.shipped for s in stops]
    # What the first origin said has matured 112 days, four origins, later.
    assert shipped[:4] == ["health_recalibrated"] * 4
    assert shipped[4:] == ["logistic"] * 8
    assert (stops[0].said[SHIPPED] == stops[0].said["health_recalibrated"]).all()
    assert (stops[5].said[SHIPPED] == stops[5].said["logistic"]).all()


def test_too_few_departures_carry_no_larger_model(policy: Policy) -> None:
    fewest = policy.ladder.logistic_from
    few, enough = (walked(history(lost=n), Fits(logistic=0.9), policy) for n in (fewest - 1, fewest))
    assert {s.shipped for s in few} == {"health_recalibrated"}
    assert enough[-1].shipped == "logistic"


def test_no_origin_knows_what_came_after_it(policy: Policy) -> None:
    frame = history(lost=40)
    other = frame.copy()
    cut = FIRST_DAY + timedelta(weeks=24)
    later = other["as_of"] >= cut
    other.loc[later, "churned"] = 1 - other.loc[later, "churned"]
    plain, spoiled = Fits(logistic=0.9), Fits(logistic=0.9)
    one, two = walked(frame, plain, policy), walked(other, spoiled, policy)
    closed = [i for i, s in enumerate(one) if s.origin - timedelta(days=WINDOW + 7) < cut]
    assert len(closed) == 6
    for i in closed:
        assert one[i].shipped == two[i].shipped
        assert plain.seen[i][0].equals(spoiled.seen[i][0])
        assert plain.seen[i][2] == spoiled.seen[i][2]


def test_scorers_start_from_the_calendar_until_it_foretells_worse_than_the_base_rate(policy: Policy) -> None:
    good, bad = Fits(calendar=0.9), Fits(calendar=0.1)
    walked(history(), good, policy)
    walked(history(), bad, policy)
    assert [recipe.calendar for _, _, recipe in good.seen] == [True] * 12
    assert [recipe.calendar for _, _, recipe in bad.seen] == [True] * 4 + [False] * 8
    rows = pd.DataFrame({"churned": [1.0, 0.0]})
    assert calendar_earned([Origin(rows, {CALENDAR: np.array([0.6, 0.4]), CONSTANT: np.array([0.5, 0.5])})])
    assert not calendar_earned([Origin(rows, {CALENDAR: np.array([0.4, 0.6]), CONSTANT: np.array([0.5, 0.5])})])


def test_trees_grow_at_an_origin_as_what_was_known_there_says(policy: Policy) -> None:
    fits, seen = Fits(), list[pd.DataFrame]()

    def growth_at(past: pd.DataFrame, recipe: Recipe) -> Growth | None:
        assert recipe.growth is None
        seen.append(past)
        return Growth(leaves=3) if len(seen) > 2 else None

    stops = walk(history(), fits, policy.ladder, window_days=WINDOW, growth_at=growth_at)
    assert all(past.equals(trained) for past, (trained, _, _) in zip(seen, fits.seen, strict=True))
    assert [recipe.growth for _, _, recipe in fits.seen] == [None] * 2 + [Growth(leaves=3)] * 10
    assert by_origin(stops[1])["growth"] is None
    assert by_origin(stops[2])["growth"]["leaves"] == 3


def test_an_origin_tells_what_trained_and_what_happened_until_the_next(policy: Policy) -> None:
    stops = walked(history(lost=30, kept=90), Fits(calendar=0.75), policy)
    told = by_origin(stops[0])
    assert told["origin"] == "2024-04-22"
    assert told["trained_until"] == "2024-01-01"
    assert (told["n_rows"], told["n_churned"], told["n_churned_accounts_trained"]) == (120, 30, 30)
    # Expected: 30 × .75 + 90 × .25 = 45.
    assert told["scorers"][CALENDAR]["observed_expected"] == pytest.approx(30 / 45)
    assert told["scorers"][CALENDAR]["log_loss"] == pytest.approx(-np.log(0.75))
    assert told["scorers"][CALENDAR]["roc_auc"] == 1.0
    assert told["scorers"][CONSTANT]["observed_expected"] == pytest.approx(1.0)
