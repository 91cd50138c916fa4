"""The outlook as a table and as JSON, with parts missing."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from models.horizons import Course
from models.linear import Linear
from models.outlook import COLUMNS, Outlook
from models.score_range import Range

ROWS = pd.DataFrame(
    {
        "account_id": ["a", "b"],
        "arr": [1000.0, float("nan")],
        "days_to_notice": 900.0,
        "days_to_term_end": 900.0,
        "term_length_days": 1095.0,
        "renewal_signed": 0.0,
    }
)
WHOLE = Outlook(
    Course(14, 90, -3.0, 0.0, {}),
    Range((0.0, 0.3), (0.0, 0.2), (0.1, 0.5), 400, 40, 4),
    {"contraction": Linear("logistic", 0.0, ()), "non_payment": Linear("logistic", 0.0, ())},
    {},
)
SHOWN = np.array([0.4, 0.05])


def test_every_part_has_its_columns() -> None:
    found = WHOLE.table(ROWS, SHOWN)
    assert list(found) == ["account_id", *COLUMNS]
    assert found["p_90d"].tolist() == [0.4, 0.05]
    assert found["range_low"].tolist() == [0.2, 0.0]
    assert found["range_high"].tolist() == [0.5, 0.1]
    assert found["range_widened"].tolist() == [False, False]
    # A steady hazard: 1 − 0.6² within twice the time. No ARR is no money at risk, and not 0.
    assert found["arr_at_risk_90d"].tolist() == pytest.approx([400.0, float("nan")], nan_ok=True)
    assert found["arr_at_risk_180d"].tolist() == pytest.approx([640.0, float("nan")], nan_ok=True)


def test_one_way_of_leaving_is_never_likelier_than_leaving() -> None:
    found = WHOLE.table(ROWS, SHOWN)
    assert found["p_contraction_90d"].tolist() == [0.5, 0.5]
    assert found["p_non_payment_90d"].tolist() == [0.4, 0.05]


def test_what_was_not_learned_is_null() -> None:
    for outlook, shown in ((Outlook.from_parameters(None), SHOWN), (WHOLE, None)):
        found = outlook.table(ROWS, shown)
        assert list(found) == ["account_id", *COLUMNS]
        without_heads = found[[c for c in COLUMNS if "_90d" not in c or c in ("p_90d", "arr_at_risk_90d")]]
        assert without_heads.isna().all(axis=None)
    heads_alone = Outlook(heads={"non_payment": Linear("logistic", 0.0, ()), "contraction": None})
    found = heads_alone.table(ROWS, SHOWN)
    assert found["p_non_payment_90d"].tolist() == [0.5, 0.5]
    assert found["p_contraction_90d"].isna().all()


def test_the_columns_keep_their_types_when_all_is_null() -> None:
    types = Outlook().table(ROWS, None).dtypes.astype(str).to_dict()
    assert types["p_30d"] == types["median_days"] == "float64"
    assert types["range_widened"] == "boolean"


def test_an_outlook_survives_json_whole_or_in_part() -> None:
    for outlook in (WHOLE, Outlook(reasons={"range": "too few"}, heads={"contraction": None})):
        back = Outlook.from_parameters(json.loads(json.dumps(outlook.parameters())))
        assert back == outlook
