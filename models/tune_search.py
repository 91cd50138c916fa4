"""Which trees to try next: a seeded search that learns from what was tried. The only module that imports optuna."""

from __future__ import annotations

from typing import Any

from models.boosted import USUAL_GROWTH, Growth
from policy.errors import SettingsError

SEED = 0
LEAVES = (2, 12)  # with more, a path could be too deep for the tables that explain a score (models/tree_tables.py)
ROUNDS = (0.25, 3.0)
FULLER = (0.3, 3.0)
L2 = (1.0, 100.0)
COLUMNS = (0.05, 1.0)


class Search:
    """Proposals by a tree-structured Parzen estimator; the first is the default. Kept in memory, nothing is sent.

    The same losses give the same proposals. Raises SettingsError where optuna is not installed.
    """

    def __init__(self, *, seed: int = SEED) -> None:
        optuna = _optuna()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(
            storage=optuna.storages.InMemoryStorage(), sampler=optuna.samplers.TPESampler(seed=seed)
        )
        usual = USUAL_GROWTH
        self._study.enqueue_trial(
            {
                "leaves": usual.leaves,
                "rounds": usual.rounds,
                "fuller": usual.fuller,
                "l2": usual.l2,
                "columns": usual.columns,
            }
        )
        self._asked: Any = None

    def propose(self) -> Growth:
        """What to try next."""
        self._asked = trial = self._study.ask()
        return Growth(
            leaves=trial.suggest_int("leaves", *LEAVES, log=True),
            rounds=trial.suggest_float("rounds", *ROUNDS, log=True),
            fuller=trial.suggest_float("fuller", *FULLER, log=True),
            l2=trial.suggest_float("l2", *L2, log=True),
            columns=trial.suggest_float("columns", *COLUMNS, log=True),
        )

    def learn(self, log_loss: float) -> None:
        """What came of the last proposal."""
        self._study.tell(self._asked, log_loss)


def require_search() -> None:
    """Nothing, where there is a search. Raises SettingsError where optuna is not installed."""
    _optuna()


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as exc:
        raise SettingsError(
            "tuning needs optuna, which is not installed.",
            where="[tune] trials",
            cure="`pip install 'churn[tune]'`, or trials = 0.",
        ) from exc
    return optuna
