"""Whether what was planned for a day has arrived in the CRM is read from the ledger, and a score of last week is none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipelines.data_health import _arrived
from pipelines.destinations import destination, ledger
from pipelines.files import write_parquet
from pipelines.settings import open_project
from serving.workbench.pages.data_view import Arrived
from serving.writeback.decision import Confirmed
from serving.writeback.ledger import Ledger
from tests.pipelines.review_book import MONDAY, made_book

DAY, WEEK_BEFORE = MONDAY.isoformat(), "2026-05-25"


def test_what_is_not_confirmed_for_the_day_is_missing(tmp_path: Path) -> None:
    project = open_project(made_book(tmp_path / "book", 4))
    book = project.state / "book" / f"as_of={DAY}" / "book.parquet"
    write_parquet(pd.read_parquet(book, partitioning=None).assign(owner_email=None), book)
    tasks = pd.DataFrame({"task_key": ["acc-001|x", "acc-002|x"], "account_id": ["acc-001", "acc-002"]})
    write_parquet(tasks, project.state / "tasks" / f"as_of={DAY}" / "tasks.parquet")
    crm = destination(project)
    with ledger(project).delivery(crm.name) as store:
        memory = Ledger(store, crm.name, lambda: 0.0)
        memory.start_run("r1")
        memory.confirm("score", {f"acc-00{n}": Confirmed(DAY, {"arr": b"1"}) for n in (0, 1)})
        memory.confirm("score", {"acc-002": Confirmed(WEEK_BEFORE, {"arr": b"1"})})
        memory.confirm("task", {"acc-001|x": Confirmed(WEEK_BEFORE, {"subject": b"1"})})
    found = _arrived(project, DAY)
    assert found == (Arrived("score", 4, 2), Arrived("task", 2, 1))
    assert [one.missing for one in found] == [2, 1]
