"""The search itself, with a real optuna: the default first, the same again, within bounds, and what is said without it."""

from __future__ import annotations

import sys

import pytest

from models.boosted import Growth
from models.tree_tables import DEEPEST
from models.tune_search import COLUMNS, FULLER, L2, LEAVES, ROUNDS, Search, require_search
from policy.errors import SettingsError


def proposals(trials: int, *, seed: int = 0, better: int = -1) -> list[Growth]:
    """What is proposed where fewer columns are always better, or with 1 more of them."""
    search, found = Search(seed=seed), list[Growth]()
    for _ in range(trials):
        found.append(search.propose())
        search.learn(-better * found[-1].columns)
    return found


def test_the_first_proposal_is_the_default() -> None:
    assert proposals(1) == [Growth()]


def test_the_same_losses_give_the_same_proposals_and_another_seed_others() -> None:
    assert proposals(14) == proposals(14)
    assert proposals(3) != proposals(3, seed=1)


def test_proposals_lie_within_bounds_and_learn_from_what_they_came_to() -> None:
    found = proposals(30)
    for name, (low, high) in (
        ("leaves", LEAVES),
        ("rounds", ROUNDS),
        ("fuller", FULLER),
        ("l2", L2),
        ("columns", COLUMNS),
    ):
        assert all(low <= getattr(growth, name) <= high for growth in found)
    fewer, more = (sorted(growth.columns for growth in part[20:]) for part in (found, proposals(30, better=1)))
    assert fewer[5] < 0.1
    assert more[5] > 0.5


def test_no_tree_can_grow_too_deep_for_the_tables_that_explain_it() -> None:
    assert LEAVES[1] - 1 <= DEEPEST


def test_without_optuna_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    for asked in (require_search, Search):
        with pytest.raises(SettingsError, match="tuning needs optuna") as caught:
            asked()
        assert "pip install 'churn[tune]'" in caught.value.cure
    monkeypatch.undo()
    require_search()
