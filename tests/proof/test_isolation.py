"""Later rows are spoiled, the probe and the past are not; what changes all the same is named."""

from __future__ import annotations

import numpy as np
import pandas as pd

from proof.isolation import Scored, isolation, probe_date, spoiled
from tests.proof.rows import frame, labelled, monday

FRAME = frame(("a", 0, 1.0), ("a", 1, 2.0), ("a", 2, 3.0), ("b", 2, None), ("b", 3, 5.0))
TRUTH = labelled(("a", 0, 0), ("a", 1, 1), ("a", 2, 0), ("b", 2, 1), ("b", 3, 1))


def test_every_later_row_but_the_probe_is_spoiled_and_no_other() -> None:
    values, labels = spoiled(FRAME, TRUTH, trained_until=monday(0), probe=monday(1), seed=1)
    assert list(values["nps"][:2]) == [1.0, 2.0]
    assert list(labels["churned"]) == [0, 1, 1, 0, 0]
    assert list(labels["in_window"]) == [False, False, True, True, True]
    # −3 × value − 100, dealt out anew; the gap becomes a 7.
    assert sorted(values["nps"][2:]) == [-115.0, -109.0, 7.0]
    assert list(FRAME["nps"][:3]) == [1.0, 2.0, 3.0]


def test_the_probe_is_the_first_test_date() -> None:
    assert probe_date(FRAME[2:]) == monday(2)


def way(nps: float = 1.0, probe: float = 2.0, score: float = 0.25) -> Scored:
    return Scored(frame(("a", 0, nps)), frame(("a", 1, probe)), {"logistic": np.array([score])})


def test_the_same_twice_passes() -> None:
    finding = isolation(way(), way())
    assert finding.passed
    assert finding.measured["probe_as_of"] == "2025-03-10"


def test_whatever_changes_is_named() -> None:
    assert isolation(way(), way(nps=1.5)).failures[0].startswith("training rows: `nps`: 1 of 1 rows differ")
    assert isolation(way(), way(probe=3.0)).failures[0].startswith("probe rows: `nps`")
    assert isolation(way(), way(score=0.75)).failures == (
        "scorer `logistic`: the probe's figures change, by up to 0.500000",
    )
    other = Scored(way().train, way().probe, {})
    assert isolation(way(), other).failures == ("scorer `logistic`: the probe's figures change, it is missing",)


def test_the_last_bit_of_a_figure_counts() -> None:
    assert isolation(way(score=0.3), way(score=0.1 + 0.2)).verdict == "failed"
    assert pd.api.types.is_float_dtype(FRAME["nps"])
