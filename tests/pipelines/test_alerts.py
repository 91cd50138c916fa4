"""`churn alert` from the signals of a day to a mail server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import alerts
from pipelines.build_features import Checked
from pipelines.settings import open_project
from policy.errors import SettingsError, UsageError
from serving.alerts.routing import Message

Run = Callable[..., tuple[int, Any, str]]
NOON = datetime(2026, 5, 28, 12, tzinfo=UTC)


class Kept:
    name = "mail"

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)


def test_owners_hear_of_what_is_new_once(
    checked: Checked, signalled: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = open_project(checked.project.folder)
    copy = tmp_path / "book"
    shutil.copytree(project.folder, copy, ignore=shutil.ignore_patterns(".churn", "truth"))
    shutil.copytree(project.state / "signals", copy / ".churn" / "signals")
    book, box = open_project(copy), Kept()
    monkeypatch.setattr(alerts, "_channels", lambda _: [box])
    told = alerts.alert(book, None, NOON)
    rows = pd.read_parquet(copy / ".churn" / "signals" / f"as_of={signalled['as_of']}" / "signals.parquet")
    news = rows[rows["is_new"] & (rows["kind"] == "warning") & (rows["status"] == "open")]
    owners = pd.read_parquet(copy / ".churn" / "signals" / f"as_of={signalled['as_of']}" / "owners.parquet")
    owned = news[news["account_id"].isin(owners.dropna(subset="owner_email")["account_id"])]
    keys = {key for message in box.messages for key in message.keys}
    assert keys <= set(owned["episode_key"])
    assert sum(told["alerts"].values()) + told["held"] == len(owned)
    assert alerts.alert(book, None, NOON)["messages"] == {}


def test_without_signals_or_a_channel_it_says_what_to_do(book: Path) -> None:
    project = open_project(book)
    with pytest.raises(UsageError, match="no signals"):
        alerts.alert(project, None, NOON)
    folder = project.out("signals", "as_of=2026-06-01")
    pd.DataFrame(columns=["kind", "status", "is_new", "episode_key"]).to_parquet(folder / "signals.parquet")
    pd.DataFrame(columns=["account_id"]).to_parquet(folder / "owners.parquet")
    with pytest.raises(SettingsError, match="is set up"):
        alerts.alert(project, None, NOON)
