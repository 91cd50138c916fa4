"""Usage events, written week by week: what is in memory is one week, whatever the size."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.book import DAYS, FEATURES_PER_MODULE, FIRST, WEEKS, Book, Size, account_ids, person_ids, random

EVENTS_PER_VISIT = 4
API_SHARE = 0.08  # of visits: a program's, without a person
ROW_GROUP = 122_880  # what DuckDB writes
WEEKDAYS = np.cumsum([0.19, 0.2, 0.2, 0.19, 0.16, 0.03, 0.03])
DAY_ZERO = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp())
SECOND = 1_000_000


def write_events(book: Book, size: Size, file: Path) -> int:
    """Write every event in order of time; returns how many there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = _Names(book)
    visits = size.events / EVENTS_PER_VISIT / float((book.rate * _weeks_alive(book)).sum())
    written, writer = 0, None
    for week in range(WEEKS):
        table = _week(book, week, visits, names, pa)
        writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=ROW_GROUP)
        written += len(table)
    writer.close()
    return written


class _Names:
    def __init__(self, book: Book) -> None:
        import pyarrow as pa

        self.accounts, self.people = account_ids(book), person_ids(book)
        self.modules = pa.array(module_names())
        self.features = pa.array(feature_names())
        self.channels = pa.array(["ui", "api"])


def module_names() -> list[str]:
    """Modules of the product."""
    return [f"module {m}" for m in range(8)]


def feature_names() -> list[str]:
    """Features of all modules, module by module."""
    return [f"feature {m}.{f}" for m in range(8) for f in range(FEATURES_PER_MODULE)]


def _weeks_alive(book: Book) -> Any:
    first = np.clip(book.start, 0, DAYS) // 7
    return np.clip(np.minimum(book.end, DAYS) // 7 - first, 0, None)


def _week(book: Book, week: int, visits: float, names: _Names, pa: Any) -> Any:
    dice = random(1, week)
    alive = (book.start // 7 <= week) & (book.end // 7 > week)
    per_account = dice.poisson(np.where(alive, book.rate * visits, 0.0))
    account = np.repeat(np.arange(book.accounts), per_account)
    n = len(account)
    # Some people come much more often than others.
    person = (book.people[account] * dice.random(n) ** 2).astype(np.int64)
    day = np.searchsorted(WEEKDAYS, dice.random(n) * WEEKDAYS[-1])
    second = (8 * 3600 + 10 * 3600 * dice.random(n)).astype(np.int64)
    api = dice.random(n) < API_SHARE
    length = dice.geometric(1 / EVENTS_PER_VISIT, n)

    visit = np.repeat(np.arange(n), length)
    step = np.arange(len(visit)) - np.repeat(np.cumsum(length) - length, length)
    account, person, api = account[visit], person[visit], api[visit]
    at = (week * 7 + day[visit]) * 86_400 + second[visit] + 40 * step
    owned = book.modules[account] * FEATURES_PER_MODULE
    feature = (owned * dice.random(len(visit)) ** 2).astype(np.int64)
    count = np.where(api, dice.integers(1, 50, len(visit)), 1)

    order = np.argsort(at, kind="stable")
    account, person, api, feature, count = (x[order] for x in (account, person, api, feature, count))
    people = pa.array(book.first_person[account] + person, mask=api)
    return pa.table(
        {
            "account_id": names.accounts.take(pa.array(account)),
            "user_id": names.people.take(people),
            "occurred_at": pa.array((at[order] + DAY_ZERO) * SECOND, pa.int64()).cast(pa.timestamp("us")),
            "module": names.modules.take(pa.array(feature // FEATURES_PER_MODULE)),
            "feature": names.features.take(pa.array(feature)),
            "channel": names.channels.take(pa.array(api.astype(np.int64))),
            "count": pa.array(count, pa.int64()),
        }
    )
