"""What `churn monitor` prints: outcomes before indicators, a few sentences and not a flood."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from models.track_record import FIGURES
from pipelines.monitor_told import SENTENCES, SHOWN, told


def moved(name: str, psi: float, alert: bool) -> dict[str, Any]:
    return {
        "indicator": name, "psi": psi, "psi_noise": 0.2, "psi_usual": 0.1, "missing_before": 0.0, "missing_now": 0.5,
        "alert": alert,
    }  # fmt: skip


def result(alerts: list[tuple[str, str]], indicators: list[dict[str, Any]]) -> dict[str, Any]:
    none = {"reason": "no scored snapshot is mature yet."} | dict.fromkeys(FIGURES)
    return {
        "as_of": "2026-06-01", "scorer": "logistic", "model_version": "3", "fitted_until": "2026-02-16", "path": "FILE",
        "alerts": [{"what": what, "sentence": sentence} for what, sentence in alerts],
        "reference": {"reason": None, "n_rows": 100, "n_accounts": 10, "from": "2025-01-06", "until": "2026-02-16"},
        "indicators": indicators, "observed_expected_source": None, "observed_expected": [], "matured": none,
        "replay": none, "test": none, "holdout": {"untouched": None, "share": 0.0},
    }  # fmt: skip


def shown(given: dict[str, Any]) -> str:
    out = StringIO()
    Console(file=out, width=120).print(told(given))
    return out.getvalue()


def test_a_flood_of_alerts_is_counted_and_what_became_of_the_scores_comes_first() -> None:
    alerts = [("drift", f"indicator {i} moved.") for i in range(30)] + [("observed_expected", "More churn.")]
    text = shown(result(alerts, []))
    sentences = [line for line in text.splitlines() if line.startswith("! ")]
    assert sentences[0] == "! More churn."
    assert len(sentences) == SENTENCES
    assert "As of 2026-06-01: 31 alerts." in text
    assert "… and 26 more" in text


def test_the_table_begins_with_the_alerts_even_where_others_moved_farther() -> None:
    usual = [moved(f"usual_{i}", 2.0, False) for i in range(12)]
    text = shown(result([], [*usual, moved("strange", 0.4, True)]))
    rows = [line.split()[0] for line in text.splitlines() if line.strip().startswith(("usual_", "strange"))]
    assert rows == ["strange", *(f"usual_{i}" for i in range(SHOWN - 1))]
    assert "nothing stands out" in text
    assert "Real scores: no scored snapshot is mature yet." in text
