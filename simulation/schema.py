"""The columns of the source tables, to the letter of interface.md, and the one place where frames get their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.days import Floats, Ints, midnights, timestamps

_TEXT = (
    "subscription_id account_id user_id event_id ticket_id message_id response_id invoice_id touch_id opportunity_id "
    "feedback_id task_key name segment industry region owner_id owner_email owner_type timezone merged_into product "
    "decision_kind reason role department module feature level channel priority topic author text kind comment "
    "direction milestone stage value top_cause"
)
_NUMBERS = "arr list_arr amount score scale_max sentiment hazard_30d hazard_60d hazard_90d hazard_180d treatment_effect"
_COUNTS = "seats notice_days count"
_FLAGS = "auto_renew attended won"
_KIND_OF_COLUMN = (
    dict.fromkeys(_TEXT.split(), "text")
    | dict.fromkeys(_NUMBERS.split(), "number")
    | dict.fromkeys(_COUNTS.split(), "count")
    | dict.fromkeys(_FLAGS.split(), "flag")
)

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "accounts": "account_id name segment industry region owner_id owner_email owner_type timezone created_on "
        "merged_into",
        "subscriptions": "subscription_id account_id product signed_at starts_on ends_on arr seats list_arr auto_renew "
        "notice_days decision_at decision_kind effective_on reason known_at",
        "users": "user_id account_id role department created_at deactivated_at bounced_at",
        "entitlements": "account_id module feature level starts_on ends_on",
        "usage_events": "account_id user_id occurred_at module feature channel count event_id known_at",
        "support_tickets": "ticket_id account_id user_id opened_at first_response_at closed_at priority escalated_at "
        "topic known_at",
        "ticket_messages": "message_id ticket_id sent_at author text sentiment",
        "survey_responses": "response_id account_id user_id kind score scale_max answered_at comment known_at",
        "invoices": "invoice_id account_id issued_on due_on amount paid_at failed_at failure_resolved_at disputed_at "
        "dispute_resolved_at known_at",
        "touchpoints": "touch_id account_id user_id kind direction occurred_at due_on opened_at responded_at attended "
        "reason",
        "milestones": "account_id milestone kind due_on reached_at",
        "opportunities": "opportunity_id account_id kind stage amount created_at closed_at won",
        "crm_feedback": "feedback_id account_id kind value reason recorded_at expires_on task_key",
    }.items()
}
TRUTH_COLUMNS = (
    "account_id",
    "as_of",
    "hazard_30d",
    "hazard_60d",
    "hazard_90d",
    "hazard_180d",
    "top_cause",
    "treatment_effect",
)


def kind_of(column: str) -> str:
    """text, number, count, flag, moment or date."""
    if column in _KIND_OF_COLUMN:
        return _KIND_OF_COLUMN[column]
    if column.endswith("_at"):
        return "moment"
    if column.endswith(("_on", "_until")) or column == "as_of":
        return "date"
    raise KeyError(f"No type is known for column `{column}`. Add it to simulation/schema.py.")


def _typed(kind: str, values: Any) -> Any:
    if kind == "text":
        return pd.array(values, dtype="string")
    if kind == "moment":
        return timestamps(np.asarray(values, dtype=np.float64))
    if kind == "date":
        return midnights(np.asarray(values, dtype=np.float64))
    if kind == "number":
        return np.asarray(values, dtype=np.float64)
    if kind == "count":
        return pd.array(values, dtype="Int64")
    return pd.array(values, dtype="boolean")


def typed_table(columns: tuple[str, ...], values: Mapping[str, Any]) -> pd.DataFrame:
    """A frame with exactly `columns`; moments and dates are given as float days, text as objects with None for null."""
    if set(columns) != set(values):
        raise ValueError(f"Columns differ from the schema: {sorted(set(columns) ^ set(values))}. Align the two.")
    return pd.DataFrame({column: _typed(kind_of(column), values[column]) for column in columns})


def source_table(name: str, values: Mapping[str, Any]) -> pd.DataFrame:
    """A frame for the source table `name`."""
    return typed_table(COLUMNS[name], values)


def keys(prefix: str, size: int, *, first: int = 1, width: int = 6) -> npt.NDArray[Any]:
    """Numbered keys as text.

    >>> keys("inv", 2).tolist()
    ['inv-000001', 'inv-000002']
    """
    numbers = np.strings.zfill(np.arange(first, first + size).astype("U"), width)
    return np.asarray(np.strings.add(prefix + "-", numbers), dtype=object)


def picked(words: npt.NDArray[Any] | list[str] | tuple[str, ...], codes: Ints) -> npt.NDArray[Any]:
    """words[codes], with null (None) where the code is negative."""
    pool = np.array([*words, None], dtype=object)
    return np.asarray(pool[np.where(codes < 0, len(pool) - 1, codes)], dtype=object)


def flags_or_null(values: Floats) -> list[bool | None]:
    """1.0 to True, 0.0 to False, NaN to null."""
    return [None if np.isnan(value) else bool(value) for value in values]
