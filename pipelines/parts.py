"""The pipeline's parts as one object, so that a proof can be held against any one of them exchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from features.cohort import cohort
from features.feature_table import feature_table
from features.indicator import Indicator
from features.labels import labels
from pipelines.fit import probabilities
from pipelines.panel import Dates, Sides, assembled, panel_dates
from policy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Array

    Probabilities = Callable[
        [pd.DataFrame, pd.DataFrame, Mapping[str, int], Policy], Mapping[str, Array]
    ]  # training rows, later rows, directions, policy → what each scorer says of the later rows


@dataclass(frozen=True)
class Parts:
    """What `train` is made of. Each default is the very function that `train` calls.

    `dates` chooses the snapshots; `cohort`, `features` and `labels` give Ibis tables over the facts they are handed; `assembled` and `probabilities`
    are frames in, frames and numbers out.
    """

    dates: Callable[..., Dates] = panel_dates
    cohort: Callable[..., Any] = cohort
    indicators: Callable[[], Mapping[str, Indicator]] = catalogue
    features: Callable[..., Any] = feature_table
    labels: Callable[..., Any] = labels
    assembled: Callable[[pd.DataFrame, pd.DataFrame, Dates], Sides] = assembled
    probabilities: Probabilities = probabilities
