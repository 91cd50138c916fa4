"""Does anything that was fitted on the past change when later rows change?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from models.scorer import Array
from proof.finding import Finding, judged
from proof.sameness import differences, same_bytes

CHECK = "isolation"
ASKS = (
    "The features and labels of every later row were spoiled before the panel was put together: are the training rows, "
    "the probe rows and every scorer's figures for the probe byte-identical?"
)
CURE = (
    "Something is fitted on more than the training rows: a scaler, an imputer, an encoder of labels, a choice of "
    "columns. Fit it inside `fit_all`, on the frame that trains."
)


@dataclass(frozen=True)
class Scored:
    """One way through the panel and the scorers."""

    train: pd.DataFrame
    probe: pd.DataFrame
    scores: Mapping[str, Array]


def probe_date(test: pd.DataFrame) -> date:
    """The first test date: its rows stay as they are while all later ones are spoiled."""
    found: date = test["as_of"].min()
    return found


def spoiled(
    frame: pd.DataFrame, truth: pd.DataFrame, *, trained_until: date, probe: date, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and labels with every row after the training dates, but for the probe's date, made nonsense.

    Numbers are dealt out anew among those rows, stretched and turned; labels are turned round. Rows, dates and the
    cohort's own columns stay, so that nothing but values can tell the difference.
    """
    chance = np.random.default_rng(seed)
    frame, truth = frame.copy(), truth.copy()
    later = ((frame["as_of"] > trained_until) & (frame["as_of"] != probe)).to_numpy()
    for name in frame.columns:
        if pd.api.types.is_float_dtype(frame[name]):
            values = frame.loc[later, name].to_numpy(dtype=float)
            stretched = -3.0 * chance.permutation(values) - 100.0
            frame.loc[later, name] = np.where(np.isnan(stretched), 7.0, stretched)
    ahead = ((truth["as_of"] > trained_until) & (truth["as_of"] != probe)).to_numpy()
    truth.loc[ahead, "churned"] = 1 - truth.loc[ahead, "churned"]
    truth.loc[ahead, "in_window"] = ~truth.loc[ahead, "in_window"].astype(bool)
    return frame, truth


def isolation(before: Scored, after: Scored) -> Finding:
    """Compare one way through with the other."""
    failures = [f"training rows: {text}" for text in differences(before.train, after.train)]
    failures += [f"probe rows: {text}" for text in differences(before.probe, after.probe)]
    for name, scores in before.scores.items():
        other = after.scores.get(name)
        if other is None or not same_bytes(scores, other):
            gap = "it is missing" if other is None else f"by up to {float(np.max(np.abs(scores - other))):.6f}"
            failures.append(f"scorer `{name}`: the probe's figures change, {gap}")
    measured = {
        "train_rows": len(before.train),
        "probe_rows": len(before.probe),
        "probe_as_of": before.probe["as_of"].min().isoformat(),
        "scorers": sorted(before.scores),
    }
    return judged(CHECK, ASKS, measured, failures, cure=CURE)
