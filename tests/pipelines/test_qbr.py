"""`churn qbr` on the small book: the four files, one object, and nothing of ours in the customer's folder."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.pipelines.conftest import UNTIL, Run
from tests.serving.qbr.test_pages import OURS_ALONE, text_of


@pytest.mark.slow
def test_a_review_is_written_for_us_and_for_the_customer(
    trained: tuple[Path, dict[str, Any], dict[str, Any]], tmp_path: Path, churn: Run
) -> None:
    ignored = shutil.ignore_patterns("prefect", "data_docs", "truth", "warehouse*", "mlflow*")
    project = Path(shutil.copytree(trained[0], tmp_path / "whole", ignore=ignored))
    scored = pd.read_parquet(project / ".churn" / "scores" / f"as_of={UNTIL}" / "scores.parquet", partitioning=None)
    account = str(scored.sort_values("arr").iloc[-1]["account_id"])
    code, found, _ = churn("qbr", account, "--project", project, "--minutes", 45, "--json")
    assert code == 0
    assert (found["account_id"], found["as_of"], found["minutes"]) == (account, UNTIL.isoformat(), 45)
    folder = project.resolve() / ".churn" / "qbr" / f"as_of={UNTIL}"
    assert found["files"] == {
        "brief_html": str(folder / f"{account}.html"),
        "brief_json": str(folder / f"{account}.json"),
        "brief_pdf": str(folder / f"{account}.pdf"),
        "sheet_html": str(folder / "customer" / f"{account}.html"),
        "sheet_pdf": str(folder / "customer" / f"{account}.pdf"),
    }
    assert json.loads((folder / f"{account}.json").read_text(encoding="utf-8")) == found["brief"]
    sheet = found["brief"]["sheet"]
    assert date.fromisoformat(sheet["since"]) == date(2026, 3, 2)
    assert len(sheet["parts"]) == 6
    assert any(m["before"] is not None for m in sheet["usage_review"]["movements"])
    assert sheet["business_review"]["kickoff_goals"]
    page = (folder / "customer" / f"{account}.html").read_text(encoding="utf-8")
    assert OURS_ALONE.search(text_of(page)) is None
    assert "For us only" in (folder / f"{account}.html").read_text(encoding="utf-8")
    assert {p.read_bytes()[:4] for p in folder.rglob("*.pdf")} == {b"%PDF"}
    elsewhere = tmp_path / "out"
    code, again, _ = churn("qbr", account, "--project", project, "--out", elsewhere, "--no-pdf", "--json")
    assert (code, again["minutes"], sorted(again["files"])) == (0, 60, ["brief_html", "brief_json", "sheet_html"])
    assert sorted(p.suffix for p in elsewhere.rglob("*") if p.is_file()) == [".html", ".html", ".json"]
    code, failed, _ = churn("qbr", account, "--project", project, "--minutes", 50, "--json")
    assert (code, failed["error"]["where"]) == (2, "--minutes")
    code, failed, _ = churn("qbr", "acc-0000", "--project", project, "--json")
    assert (code, failed["error"]["where"]) == (2, "account")


CALM = {"escalations_91d": 0.0, "open_escalations": 0.0}
