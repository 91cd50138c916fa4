"""The holdout of a project: remembered in one file, drawn only where asked for, told on the account's page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

from data_contracts.facts import Facts
from pipelines.build_features import Checked
from pipelines.holdout import assignments, held_out, held_since
from pipelines.report import _told, report
from pipelines.settings import HoldoutSection, Project, Settings, open_project
from policy.errors import SettingsError
from policy.policy import load_policy
from serving.score import Scored
from serving.workbench.pages.view import Signal

MONDAY, LATER = date(2026, 6, 1), date(2026, 6, 8)


def checked(folder: Path, share: float, feedback: pd.DataFrame | None = None) -> Checked:
    tables: Mapping[str, Any] = {} if feedback is None else {"crm_feedback": ibis.memtable(feedback)}
    settings = Settings(holdout=HoldoutSection(share=share))
    project = Project(folder=folder, settings=settings, policy=load_policy())
    report: Any = None
    return Checked(project, Facts(tables), report, None)


def given_scores(accounts: int, as_of: date = MONDAY) -> Scored:
    names = [f"a{i:03d}" for i in range(accounts)]
    scores = pd.DataFrame(
        {"account_id": names, "as_of": as_of, "run_id": "r", "arr": 20_000.0, "risk_tier": "high", "play": "call"}
    )
    return Scored(scores, pd.DataFrame(), pd.DataFrame({"account_id": names}), {}, None, {})


def test_without_a_share_nobody_is_held_out_and_nothing_is_written(tmp_path: Path) -> None:
    given = given_scores(50)
    assert held_out(checked(tmp_path, 0.0), given, MONDAY) is given
    assert not (tmp_path / ".churn").exists()


def test_a_run_spares_who_was_drawn_and_says_who_it_was(tmp_path: Path) -> None:
    kept = held_out(checked(tmp_path, 0.1), given_scores(50), MONDAY)
    project = checked(tmp_path, 0.1).project
    spared = held_since(project, MONDAY.isoformat())
    assert len(spared) == 5
    assert set(spared.values()) == {MONDAY}
    assert set(kept.tasks["account_id"]) == set(kept.scores["account_id"]) - set(spared)
    assert kept.scores.loc[kept.scores["play"].isna(), "account_id"].tolist() == sorted(spared)
    assert held_since(project, LATER.isoformat()) == {}


def test_the_next_run_holds_the_same_accounts_whatever_the_share_is_now(tmp_path: Path) -> None:
    held_out(checked(tmp_path, 0.1), given_scores(50), MONDAY)
    project = checked(tmp_path, 0.1).project
    first = held_since(project, MONDAY.isoformat())
    file = project.state / "holdout" / "assignments.parquet"
    before = file.read_bytes()
    held_out(checked(tmp_path, 0.2), given_scores(50, LATER), LATER)
    assert held_since(project, LATER.isoformat()) == first
    assert file.read_bytes() == before
    held_out(checked(tmp_path, 0.2), given_scores(60, LATER), LATER)
    assert assignments(project)["assigned_on"].tolist() == [MONDAY] * 50 + [LATER] * 10
    assert len(held_since(project, LATER.isoformat())) == 5 + 2


@pytest.mark.parametrize(
    ("value", "recorded_at", "expires_on", "held"),
    [
        ("true", "2026-05-31T12:00", None, True),
        (None, "2026-05-31T12:00", None, True),
        ("False", "2026-05-31T12:00", None, False),
        ("true", "2026-06-01T00:00", None, False),
        ("true", "2026-05-31T12:00", "2026-06-01", False),
        ("true", "2026-05-31T12:00", "2026-06-02", True),
    ],
)
def test_what_the_crm_recorded_before_the_day_is_honoured(
    tmp_path: Path, value: str | None, recorded_at: str, expires_on: str | None, held: bool
) -> None:
    rows = pd.DataFrame(
        {
            "account_id": ["a000", "a001"],
            "kind": ["holdout", "override"],
            "value": pd.Series([value, "high"], dtype="string"),
            "recorded_at": pd.to_datetime([recorded_at, recorded_at]),
            "expires_on": pd.to_datetime(pd.Series([expires_on, None])),
        }
    )
    # A tenth of two accounts: nobody is drawn with this seed.
    held_out(checked(tmp_path, 0.1, rows), given_scores(2), MONDAY)
    found = assignments(checked(tmp_path, 0.1).project).set_index("account_id")
    assert found["held"].tolist() == [held, False]


@pytest.mark.parametrize("share", [-0.01, 0.21])
def test_a_share_beyond_a_fifth_is_refused(tmp_path: Path, share: float) -> None:
    (tmp_path / "churn.toml").write_text(f"[holdout]\nshare = {share}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"holdout\.share"):
        open_project(tmp_path)


def test_the_page_of_an_account_held_out_says_so_in_place_of_the_next_step(scored: Path) -> None:
    project = open_project(scored)
    day = MONDAY.isoformat()
    scores = pd.read_parquet(project.state / "scores" / f"as_of={day}" / "scores.parquet")
    account, other = scores.loc[scores["play"].isna(), "account_id"].iloc[:2]
    pd.DataFrame({"account_id": [account], "held_since": [MONDAY]}).to_parquet(
        project.out("holdout", f"as_of={day}") / "holdout.parquet"
    )
    pages = report(project, day).parent / "accounts"
    held, plain = ((pages / f"{a}.html").read_text(encoding="utf-8") for a in (account, other))
    assert "no task, no play and no warning" in held
    assert "were not looked for" not in held
    assert "Held out" not in plain
    assert "were not looked for" in plain


def test_warnings_are_kept_from_the_page_of_who_is_held_out_and_chances_are_not() -> None:
    day = {"status": "open", "since": MONDAY, "is_new": True, "evidence": [], "play": None, "first_step": None}
    shown = {
        "a": [Signal(title="Logins down", kind="warning", **day), Signal(title="They grow", kind="expansion", **day)]
    }
    assert [s.title for s in _told(shown, "a", {"a"})] == ["They grow"]
    assert [s.title for s in _told(shown, "a", {"b"})] == ["Logins down", "They grow"]
    assert _told(shown, "b", {"a"}) == []
