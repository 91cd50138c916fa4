"""Rows as they are read from a scored project's files: names beside scores in whatever order, dates as text, a few at a time."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import deliver
from pipelines.settings import open_project
from serving.writeback.staged import Staged

DAY = "2026-11-23"
KEYS = [f"a{i}" for i in range(7)]


def stored(folder: Path, book: list[str]) -> Any:
    (folder / "churn.toml").write_text("", encoding="utf-8")
    project = open_project(folder)
    when = datetime.fromisoformat("2026-11-30T12:15:59.250000")
    tables: dict[str, dict[str, list[Any]]] = {
        "scores": {
            "account_id": KEYS,
            "run_id": ["r1"] * 7,
            "published_at": [when, *[None] * 6],
            "expires_on": [date(2026, 12, 1)] * 7,
            "health_score": [0.5] * 7,
        },
        "book": {
            "account_id": book,
            "name": [key.title() for key in book],
            "owner_id": [f"of {key}" for key in book],
            "owner_email": [f"{key}@example.org" for key in book],
            "segment": ["smb"] * len(book),
        },
        "tasks": {
            "task_key": ["a1|call"],
            "account_id": ["a1"],
            "as_of": [date(2026, 11, 23)],
            "run_id": ["r1"],
            "owner_id": ["of a1"],
            "due_at": [when.replace(microsecond=0)],
        },
    }  # fmt: skip
    for what, columns in tables.items():
        path = project.out(what, f"as_of={DAY}") / f"{what}.parquet"
        pq.write_table(pa.table(columns), path)
    return project


@pytest.mark.parametrize("book", [KEYS, KEYS[::-1], KEYS[3:] + KEYS[:2]])
def test_every_score_gets_its_name_and_owner_in_whatever_order_they_stand(tmp_path: Path, book: list[str]) -> None:
    run, rows = deliver.staged(stored(tmp_path, book), DAY)
    *scores, task = rows
    assert run == "r1"
    assert [row.key for row in scores] == KEYS
    for row in scores:
        known = row.key in book
        assert (row.fields["name"], row.fields["owner_id"]) == (
            (row.key.title(), f"of {row.key}") if known else (None, None)
        )
        assert row.owner_email == (f"{row.key}@example.org" if known else None)
    published = [row.fields["published_at"] for row in scores]
    assert published == ["2026-11-30T12:15:59.250000", *[None] * 6]
    assert scores[0].fields["expires_on"] == "2026-12-01"
    mail = "a1@example.org" if "a1" in book else None
    told = {"account_id": "a1", "owner_id": "of a1", "due_at": "2026-11-30T12:15:59"}
    assert task == Staged("task", "a1|call", "a1", DAY, told, mail)


def test_of_a_book_in_the_scores_order_one_row_at_a_time_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[deliver.Ahead] = []

    class Watched(deliver.Ahead):
        def __init__(self, rows: Any) -> None:
            super().__init__(rows)
            made.append(self)

    monkeypatch.setattr(deliver, "Ahead", Watched)
    _, rows = deliver.staged(stored(tmp_path, KEYS), DAY)
    assert [len(made[0].held) for _ in rows] == [0] * (len(KEYS) + 1)
