"""Tables of equally long columns as dataclasses: rows chosen, and parts put below each other."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from simulation.days import Flags, Ints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance as Table
else:
    Table = object


class Columns(Table):
    """A frozen dataclass whose fields are arrays with one row for each of the same things."""

    def rows(self, which: Ints | Flags) -> Self:
        """The same columns for the given rows."""
        return type(self)(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @classmethod
    def concat(cls, parts: list[Self]) -> Self:
        """All parts below each other."""
        columns: dict[str, Any] = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)
        }
        return cls(**columns)
