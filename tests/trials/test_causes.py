"""Top driver against true cause: means over causes, the calendar left out, silence counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from simulation.families import CAUSES
from trials import causes
from trials.causes import agreement, by_cause


def drivers(rows: list[dict[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=list(CAUSES)).fillna(0.0)


def test_contributions_are_summed_by_cause_and_the_clock_speaks_for_none() -> None:
    def indicator(group: str, *, clock: bool = False) -> Any:
        return cast(Any, SimpleNamespace(group=group, clock=clock))

    indicators = {
        "logins": indicator("usage"),
        "first_value": indicator("onboarding"),
        "days_to_notice": indicator("contract", clock=True),
        "uplift": indicator("contract"),
        "odd": indicator("unheard_of"),
        "not_there": indicator("payment"),
    }
    given = pd.DataFrame(
        {"logins": [0.2], "first_value": [0.3], "days_to_notice": [2.0], "uplift": [-0.1], "odd": [9.0]}
    )
    found = by_cause(given, indicators)
    assert list(found) == list(CAUSES)
    assert found.loc[0].to_dict() == pytest.approx({**dict.fromkeys(CAUSES, 0.0), "usage": 0.5, "price": -0.1})


def test_rare_causes_weigh_as_much_as_common_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes, "LEAST_ACCOUNTS", 1)
    said = drivers([{"usage": 1.0}] * 4)
    found = agreement(said, pd.Series(["onboarding"] * 4), pd.Series(["usage", "usage", "usage", "payment"]))
    assert (found["top"], found["always_usage"], found["causes"], found["accounts"]) == (0.5, 0.5, 2, 4)
    # Payment, the true cause of the fourth, was told as nothing: that is no rise.
    assert found["sign"] == 0.5


def test_only_accounts_with_a_cause_count_and_silence_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes, "LEAST_ACCOUNTS", 1)
    said = drivers([{"usage": 1.0}, {"payment": 1.0}, {"usage": 1.0}])
    found = agreement(said, pd.Series(["usage", None, "usage"], dtype=object), pd.Series(["usage", "usage", "none"]))
    assert (found["top"], found["accounts"], found["abstained"], found["sign"]) == (1.0, 2, 0.5, 0.5)


def test_a_cause_of_few_accounts_is_left_out_of_the_mean() -> None:
    said = drivers([{"usage": 1.0}] * 31)
    found = agreement(said, pd.Series(["usage"] * 31), pd.Series(["usage"] * 30 + ["payment"]))
    assert (found["top"], found["causes"]) == (1.0, 1)
    assert agreement(said, pd.Series(["usage"] * 31), pd.Series(["none"] * 31)) == {}
