"""Columns of generated tables: ids, moments, days and choices, from NumPy arrays of account numbers and days."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.book import DAYS, Book, account_ids, person_ids
from benchmarks.events import DAY_ZERO, SECOND


class Rows:
    """Columns of one table, from arrays of account numbers and days (day 0 is the first of the book)."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.accounts, self.people = account_ids(book), person_ids(book)

    def drawn(self, dice: Any, per_account: float) -> tuple[Any, Any]:
        """(account, moment in seconds) of facts while the account is a customer."""
        low, high = np.maximum(self.book.start, 0), np.minimum(self.book.end, DAYS)
        share = np.clip(high - low, 0, None) / DAYS
        account = np.repeat(np.arange(self.book.accounts), dice.poisson(per_account * share))
        day = low[account] + (high - low)[account] * dice.random(len(account))
        return account, (day * 86_400).astype(np.int64)

    def account(self, numbers: Any) -> Any:
        import pyarrow as pa

        return self.accounts.take(pa.array(numbers))

    def person_of(self, dice: Any, account: Any) -> Any:
        import pyarrow as pa

        chosen = self.book.first_person[account] + self.book.people[account] * dice.random(len(account))
        return self.people.take(pa.array(chosen.astype(np.int64)))


def ids(prefix: str, n: int) -> Any:
    import pyarrow as pa

    return pa.array([f"{prefix}{i:08d}" for i in range(n)])


def moments(seconds: Any, missing: Any = None) -> Any:
    """Moments; what lies after the book's end has not happened."""
    import pyarrow as pa

    late = seconds >= DAYS * 86_400
    absent = late if missing is None else late | missing
    return pa.array((seconds + DAY_ZERO) * SECOND, pa.int64(), mask=absent).cast(pa.timestamp("us"))


def days_on(days: Any, missing: Any = None) -> Any:
    import pyarrow as pa

    return pa.array(days + DAY_ZERO // 86_400, pa.int32(), mask=missing).cast(pa.date32())


def one_of(dice: Any, n: int, *names: str) -> Any:
    import pyarrow as pa

    return pa.array(names).take(pa.array(dice.integers(0, len(names), n)))


def table(**columns: Any) -> Any:
    import pyarrow as pa

    return pa.table(columns)
