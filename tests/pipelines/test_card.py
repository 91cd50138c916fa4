"""The evaluation card in a run's folder: agrees with the report, needs nothing from outside, hides nothing."""

from __future__ import annotations

import copy
import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pipelines.card_markdown import card_markdown
from pipelines.card_page import card_page
from pipelines.card_plots import benefit_plot, calibration_plot, split_diagram
from pipelines.card_rows import headline, rows

Trained = tuple[Path, dict[str, Any], dict[str, Any]]
EVIL = '<script>alert("x")</script>|**b**'


@pytest.fixture(scope="session")
def folder(trained: Trained) -> Path:
    return trained[0] / ".churn" / "evaluations" / trained[1]["run_id"]


@pytest.fixture(scope="session")
def card(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    return found


def test_the_card_agrees_with_what_churn_train_reports(trained: Trained, card: dict[str, Any]) -> None:
    result = trained[1]
    assert card["run_id"] == result["run_id"]
    for name in ("health_recalibrated", "calendar", "logistic", "lightgbm"):
        told, own = result["models"][name], card["columns"][name]
        assert own["discrimination"]["roc_auc"]["value"] == pytest.approx(told["roc_auc"])
        assert own["discrimination"]["roc_auc"]["ci"] == pytest.approx(told["roc_auc_ci"], abs=0.005)
        assert own["overall"]["log_loss"]["value"] == pytest.approx(told["log_loss"])
        assert own["calibration"]["ece"]["value"] == pytest.approx(told["ece"])
        assert own["ranking"]["recall_at_capacity"]["value"] == pytest.approx(told["recall_at_capacity"])
    champion = result["champion"]["scorer"]
    shipped = card["columns"]["shipped"]["overall"]["log_loss"]["value"]
    assert shipped == pytest.approx(result["models"][champion]["log_loss"])


def test_every_churned_account_of_the_test_has_a_day_of_decision(trained: Trained, card: dict[str, Any]) -> None:
    lead = card["columns"]["shipped"]["lead_time"]
    assert lead["n_churned_accounts"] == trained[1]["test"]["n_churned_accounts"]
    assert lead["n_alerted"] <= lead["n_churned_accounts"]


def test_the_card_is_kept_with_the_run(trained: Trained) -> None:
    import mlflow

    store = f"sqlite:///{trained[0] / '.churn' / 'mlflow.db'}"
    client = mlflow.MlflowClient(store, registry_uri=store)
    kept = {Path(f.path).name for f in client.list_artifacts(trained[1]["run_id"], "report")}
    assert {"card.json", "card.md", "card.html"} <= kept


def test_nothing_is_quoted_without_its_horizon_its_base_rate_and_its_losses(card: dict[str, Any]) -> None:
    first = headline(card)[0]
    assert f"for decisions {card['gap_days']} to {card['gap_days'] + card['horizon_days']} days ahead" in first
    assert "base rate" in first
    assert f"{card['test']['n_churned_accounts']} churned" in first
    text = card_markdown(card) + card_page(card)
    assert not re.search(r"accuracy|\bF1\b|prevents", text, re.IGNORECASE)


class Reader(HTMLParser):
    """Tags, and every attribute that names something outside the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.outside += [
            v or "" for k, v in attrs if k in ("src", "href", "action") and not (v or "").startswith("data:")
        ]


def test_the_page_needs_nothing_else(card: dict[str, Any]) -> None:
    page = card_page(card)
    reader = Reader()
    reader.feed(page)
    assert not reader.outside
    assert "script" not in reader.tags
    assert "://" not in page
    assert {"svg", "table", "h1", "style"} <= set(reader.tags)
    assert all(row.label in page for row in rows(card))


def test_a_segment_can_be_called_anything(card: dict[str, Any]) -> None:
    given = copy.deepcopy(card)
    given["segments"]["segment"][EVIL] = next(iter(given["segments"]["segment"].values()))
    reader = Reader()
    reader.feed(card_page(given))
    assert "script" not in reader.tags
    line = next(line for line in card_markdown(given).splitlines() if "alert(" in line)
    assert "<script" not in line
    # Nine cells: what a pipe in the name would have made more of.
    assert len(re.split(r"(?<!\\)\|", line)) == 10


def test_undefined_figures_are_dashes_on_both(card: dict[str, Any]) -> None:
    given = copy.deepcopy(card)
    given["account_disjoint"] = None
    for column in given["columns"].values():
        column["lead_time"] = None
        for block in ("discrimination", "stability"):
            for found in column[block].values():
                found.update(value=None, ci=None)
    for text in (card_page(given), card_markdown(given)):
        assert "nan" not in text.lower().replace("finance", "")
        assert "None" not in text
        assert "oo few churned accounts in one of the halves" in text
    assert "not known" in headline(given)[0]


def test_the_diagram_shows_purge_gap_label_embargo_origins_and_test() -> None:
    split = {
        "gap_days": 10,
        "horizon_days": 40,
        "trained": ["2026-01-01", "2026-01-21"],
        "purged": ["2026-02-10"],
        "tested": ["2026-03-12", "2026-04-01"],
        "data_until": "2026-05-21",
        "origins": [{"train": ["2026-01-01", "2026-01-01"], "test": ["2026-02-27", "2026-03-02"]}],
    }
    found = split_diagram(split, embargo_days=7)
    # 140 days in all, from 1 January to 21 May: a day is 1000 / 140 wide.
    assert (found.begins, found.ends) == (date(2026, 1, 1), date(2026, 5, 21))
    lanes = [
        [(style, round(left * 0.14), round(wide * 0.14)) for left, wide, style in lane.bars] for lane in found.lanes
    ]
    assert [(s, left) for s, left, _ in lanes[0]] == [("train", 0), ("train", 20)]
    assert lanes[1] == [("gap", 20, 10), ("label", 30, 40)]
    assert [(s, left) for s, left, _ in lanes[2]] == [("purged", 40)]
    assert [(s, left) for s, left, _ in lanes[3]] == [("test", 70), ("test", 90)]
    assert lanes[4] == [("gap", 90, 10), ("label", 100, 40)]
    assert lanes[5][1:] == [("gap", 0, 10), ("label", 10, 40), ("embargo", 50, 7), ("test", 57, 3)]


def test_no_training_label_of_the_real_split_reaches_into_the_test(card: dict[str, Any]) -> None:
    bars = {lane.label + str(i): lane.bars for i, lane in enumerate(split_diagram(card["split"], embargo_days=7).lanes)}
    last_label = bars["their last label1"][-1]
    assert last_label[0] + last_label[1] <= bars["test snapshots3"][0][0] + 5
    assert bars["purged2"]


def test_plots_keep_every_point_inside_their_frame(card: dict[str, Any]) -> None:
    for plot in (calibration_plot(card), benefit_plot(card)):
        numbers = [float(n) for line in plot.lines for n in re.findall(r"-?\d+(?:\.\d+)?", line.path)]
        assert numbers
        assert all(0 <= n <= 360 for n in numbers)
        assert len(plot.x_ticks) >= 3
