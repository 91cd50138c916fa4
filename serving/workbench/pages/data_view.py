"""What the data of these pages are worth: source tables, indicators, the model and the runs behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

TableVerdict = Literal["ok", "quarantined", "stopped", "absent"]


@dataclass(frozen=True, slots=True)
class TableLine:
    """A source table at the last check. `newest` is its last event; null where the table is absent or has none.

    It may be `limit_days` behind the other tables, null where its contract sets no limit: then nobody judged that.

    `failing` holds (what the check says, rows that fail), `warnings` sentences about volume and freshness.
    """

    name: str
    verdict: TableVerdict
    rows: int
    set_apart: int
    newest: date | None
    failing: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]
    limit_days: float | None = None


@dataclass(frozen=True, slots=True)
class GroupLine:
    """The indicators of one group: how many there are, the share of accounts they are known for, and those never known."""

    group: str
    indicators: int
    known: float
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelLine:
    """The model in use. `learned_until` and the test window are null where it was not judged on later data."""

    version: str
    scorer: str
    learned_until: date | None
    tested: tuple[date, date] | None
    churned: int | None
    auc: float | None
    auc_range: tuple[float, float] | None
    auc_in_window: float | None


@dataclass(frozen=True, slots=True)
class RunLine:
    """A scheduled run and how it ended; `note` is its error in words."""

    what: str
    began: datetime
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery to the CRM; `ended` is null where it was killed or still runs."""

    run: str
    what: str
    began: datetime
    ended: datetime | None
    written: int
    skipped: int
    rejected: int
    deferred: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """Of the rows of a day that are for the CRM: how many there are, and how many it has confirmed."""

    kind: str
    planned: int
    confirmed: int

    @property
    def missing(self) -> int:
        """Planned and not confirmed."""
        return self.planned - self.confirmed


@dataclass(frozen=True, slots=True)
class DataView:
    """`checked_at` is null before the first check, `model` null before the first training, `alerts` null where
    `churn monitor` has not looked at this model by then. `arrived` is of the day, by kind of row; `refused` holds
    (code, rows) of the last delivery, `examples` (kind, key, reason) of some of these."""

    verdict: str
    checked_at: datetime | None
    tables: tuple[TableLine, ...]
    groups: tuple[GroupLine, ...]
    accounts: int
    unrated: int
    model: ModelLine | None
    alerts: tuple[str, ...] | None
    runs: tuple[RunLine, ...]
    deliveries: tuple[DeliveryLine, ...]
    waiting: int
    arrived: tuple[Arrived, ...] = ()
    refused: tuple[tuple[str, int], ...] = ()
    examples: tuple[tuple[str, str, str], ...] = ()
