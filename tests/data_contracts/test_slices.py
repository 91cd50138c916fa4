"""A table too big for one frame is validated slice by slice, with the same findings and the same page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ibis
import pytest

from data_contracts import sources
from data_contracts.contract import source_contracts
from data_contracts.sources import ACCEPTED, QUARANTINED
from tests.data_contracts.rows import CLEAN, deliver, reader, rows_of


def events() -> list[dict[str, str | None]]:
    """Copies that lie far apart, a copy of a broken row, rows without an id, and bad values in several slices."""
    rows = [CLEAN["usage_events"] | {"event_id": f"e{n % 90}", "user_id": f"u{n}"} for n in range(100)]
    rows += [CLEAN["usage_events"] | {"event_id": None, "user_id": f"anon{n}"} for n in range(50)]
    for n in (3, 40, 91, 120):
        rows[n] = rows[n] | {"count": "0"}
    rows[93] = rows[93] | {"known_at": "2024-03-04 10:16:00"}
    rows[94] = rows[94] | {"known_at": None}
    rows[7] = rows[7] | {"occurred_at": "soon", "account_id": "nobody"}
    return rows


def outcome(tmp_path: Path) -> tuple[Any, ...]:
    engine = ibis.duckdb.connect()
    source = reader(engine, docs=tmp_path)
    check = source.read(deliver(engine, "usage_events", events()), source_contracts()["usage_events"])
    source.validator.write_docs({"usage_events": check})
    page = re.sub(r"<[^>]*>|\s+", " ", (tmp_path / "usage_events.html").read_text(encoding="utf-8"))
    tables = [
        sorted(str(sorted(row.items(), key=str)) for row in rows_of(engine, schema, "usage_events"))
        for schema in (ACCEPTED, QUARANTINED)
        if "usage_events" in engine.list_tables(database=schema)
    ]
    return check, tables, re.sub(r"\s+", " ", page)


@pytest.mark.parametrize("size", [7, 50, 149])
def test_slices_find_what_one_frame_finds(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check, tables, page = outcome(tmp_path / "whole")
    assert {f.check.name: f.rows for f in check.failed} == {
        "account_id_known": 1, "occurred_at_type": 1, "count_minimum": 4, "unique_key": 9,
    }  # fmt: skip
    monkeypatch.setattr(sources, "SLICE_ROWS", size)
    sliced, sliced_tables, sliced_page = outcome(tmp_path / "sliced")
    assert (sliced.verdict, sliced.quarantined, sliced.message) == (check.verdict, check.quarantined, check.message)
    assert {f.check.name: f.rows for f in sliced.failed} == {f.check.name: f.rows for f in check.failed}
    assert sliced_tables == tables
    told = r"[\d,]+ unexpected values found\."
    assert re.findall(told, sliced_page) == re.findall(told, page) != []
    assert "150 rows, 13 checks, 4 failed." in sliced_page


def test_copies_that_lack_a_part_of_their_key_are_found_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    source = reader(ibis.duckdb.connect())
    rows = [CLEAN["entitlements"] | {"feature": f"f{n % 40}", "starts_on": None} for n in range(41)]
    monkeypatch.setattr(sources, "SLICE_ROWS", 10)
    check = source.read(deliver(source.warehouse, "entitlements", rows), source_contracts()["entitlements"])
    assert [(f.check.name, f.rows) for f in check.failed] == [("unique_key", 1)]


@pytest.mark.slow
def test_a_million_events_take_less_than_twelve_cpu_seconds(tmp_path: Path) -> None:
    import time

    engine = ibis.duckdb.connect()
    engine.raw_sql(
        f"""COPY (SELECT 'a1' AS account_id, 'u' || i % 3000 AS user_id, 'm' || i % 6 AS module, 'f' || i % 40 AS feature,
        TIMESTAMP '2024-01-01' + to_seconds((hash(i) % 60000000)::INT) AS occurred_at, 'ui' AS channel, 1 AS count,
        'e' || i AS event_id FROM range(1000000) t(i)) TO '{tmp_path}/events.parquet'"""
    )
    source = reader(engine, docs=tmp_path / "docs")
    began = time.process_time()
    check = source.read(
        sources.Mapped("usage_events", Path("usage_events.sql"), f"SELECT * FROM '{tmp_path}/events.parquet'"),
        source_contracts()["usage_events"],
    )
    assert (check.verdict, check.rows) == ("ok", 1_000_000)
    assert time.process_time() - began < 12
