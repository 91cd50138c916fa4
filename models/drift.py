"""Whether a snapshot still looks like the rows a model was fitted on: PSI and missing values, beside chance and habit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bins import Bins, bins_of
from models.scorer import Array

DRAWS = 10_000
"""Of the same population twice, to see how large a PSI is by chance; the usual chi-square is up to 70 times too sure."""


@dataclass(frozen=True)
class Habit:
    """One indicator in the training rows: the share of each bin (missing last), and how far single snapshots lay off.

    `usual_psi` and `usual_missing` are quantiles over the training snapshots: a book that ages moves away from its own
    past in every snapshot.
    """

    bins: Bins
    shares: tuple[float, ...]
    usual_psi: float
    usual_missing: float


@dataclass(frozen=True)
class Reference:
    """What a model was fitted on, as shares: no row is kept.

    `accounts` is the effective number (Kish): an account's rows of many weeks say little more than one of them.
    """

    accounts: float
    indicators: Mapping[str, Habit]

    def parameters(self) -> dict[str, Any]:
        """As JSON."""
        return {"accounts": self.accounts, "indicators": {name: asdict(h) for name, h in self.indicators.items()}}

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> Reference:
        """Build it again."""
        habits = {
            name: Habit(Bins(tuple(h["bins"]["at"]), tuple(h["bins"]["above"])), tuple(h["shares"]), h["usual_psi"],
                        h["usual_missing"])
            for name, h in given["indicators"].items()
        }  # fmt: skip
        return cls(float(given["accounts"]), habits)


@dataclass(frozen=True)
class Drift:
    """How far one indicator moved, and how far it would have by chance and in ordinary training snapshots."""

    indicator: str
    psi: float
    psi_noise: float
    psi_usual: float
    missing_before: float
    missing_now: float
    missing_noise: float
    missing_usual: float


def reference(rows: pd.DataFrame, indicators: Collection[str], *, usual_share: float) -> Reference:
    """The reference of training rows (account_id, as_of and the indicators)."""
    per_account = rows.groupby("account_id").size().to_numpy(dtype=float)
    accounts = float(per_account.sum() ** 2 / (per_account**2).sum())
    snapshot, dates = pd.factorize(rows["as_of"])
    return Reference(
        accounts,
        {
            name: _habit(rows[name].to_numpy(dtype=float), snapshot, len(dates), accounts, usual_share)
            for name in indicators
        },
    )


def drifts(reference: Reference, snapshot: pd.DataFrame, *, error_rate: float, seed: int = 0) -> list[Drift]:
    """Every indicator of the reference that the snapshot (one row an account) still has, the farthest first.

    The noise is what chance alone exceeds with probability `error_rate` in any of them (Bonferroni).
    """
    rng = np.random.default_rng(seed)
    names = [name for name in reference.indicators if name in snapshot]
    found = []
    for name in names:
        habit = reference.indicators[name]
        before = np.array(habit.shares)
        now = habit.bins.counts(snapshot[name].to_numpy(dtype=float))
        by_chance = _by_chance(rng, reference.accounts * before, now, error_rate / len(names))
        found.append(
            Drift(
                name,
                float(psi(reference.accounts * before, now)),
                by_chance[0],
                habit.usual_psi,
                float(before[-1]),
                float(now[-1] / now.sum()),
                by_chance[1],
                habit.usual_missing,
            )
        )
    return sorted(found, key=lambda d: -d.psi)


def psi(before: Array, now: Array) -> npt.NDArray[np.float64]:
    """Population stability index of two tables of counts; bins along the last axis.

    Σ (q − p) ln(q / p). Each side is mixed with one account of both together, so that an empty bin stays finite.

    >>> round(float(psi(np.array([50.0, 50.0]), np.array([50.0, 50.0]))), 3)
    0.0
    >>> round(float(psi(np.array([500.0, 500.0]), np.array([200.0, 800.0]))), 2)
    0.42
    """
    n, m = before.sum(axis=-1, keepdims=True), now.sum(axis=-1, keepdims=True)
    both = (before + now) / (n + m)
    p, q = (before + both) / (n + 1), (now + both) / (m + 1)
    logs = np.log(np.divide(q, p, out=np.ones_like(q), where=both > 0))
    return np.asarray(((q - p) * logs).sum(axis=-1))


def _habit(values: Array, snapshot: npt.NDArray[Any], snapshots: int, accounts: float, usual_share: float) -> Habit:
    bins = bins_of(values)
    places = snapshot * bins.size + bins.places(values)
    counts = np.bincount(places, minlength=snapshots * bins.size).reshape(snapshots, bins.size).astype(float)
    shares = counts.sum(axis=0) / len(values)
    apart = psi(np.broadcast_to(accounts * shares, counts.shape), counts)
    missing = np.abs(counts[:, -1] / counts.sum(axis=1) - shares[-1])
    usual = [float(np.quantile(v, usual_share)) for v in (apart, missing)]
    return Habit(bins, tuple(shares.tolist()), *usual)


def _by_chance(rng: np.random.Generator, before: Array, now: Array, chance: float) -> tuple[float, float]:
    """(PSI, change of the share missing) that two draws from one population exceed with this chance."""
    sizes = [max(1, round(float(side.sum()))) for side in (before, now)]
    shares = (before + now) / (before + now).sum()
    one, two = (rng.multinomial(size, shares, DRAWS).astype(float) for size in sizes)
    missing = np.abs(one[:, -1] / sizes[0] - two[:, -1] / sizes[1])
    # The next larger draw: with few draws beyond it, rather too careful than too sure.
    found = [float(np.quantile(v, 1 - chance, method="higher")) for v in (psi(one, two), missing)]
    return found[0], found[1]
