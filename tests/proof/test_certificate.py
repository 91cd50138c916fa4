"""The certificate says what was found, and shows nothing that could be taken for something else."""

from __future__ import annotations

import json
from typing import Any

from proof.certificate import SIGN, TITLES, as_markdown, certificate
from proof.finding import SHOWN, Finding, judged, not_judged

ABOUT: dict[str, Any] = {
    "project": "book <b>|x", "made_at": "2026-06-01T00:00:00Z", "as_of": ["2025-03-03"], "data_until": "2026-06-01",
    "label": {"kind": "decision", "gap_days": 14, "horizon_days": 90}, "policy_version": "2026.1", "code": "ab12",
    "commit": None, "model": None, "seconds": 3.2, "data": {"accounts": {"rows": 1234, "fingerprint": "cd34"}},
}  # fmt: skip
PASSED = judged("split", "Is the past past?", {"train_rows": 12345, "limit": 0.8}, [], cure="Split by time.")
FAILED = judged("order", "Does order matter?", {"rows": 3}, ["`nps` | <i>differs</i>"], cure="Order by a date.")
SMALL = not_judged("pooled_auc", "Too good?", {}, note="fewer than 10.")
FIGURE = {"auc": 0.7, "interval": [0.6, 0.8], "interval_95": [0.65, 0.75]}


def test_one_failed_check_is_a_leak() -> None:
    found = certificate("run", ABOUT, [PASSED, FAILED, SMALL])
    assert (found["verdict"], found["failed"], found["not_judged"]) == ("leaks", ["order"], ["pooled_auc"])
    assert certificate("run", ABOUT, [PASSED, SMALL])["verdict"] == "holds"
    json.dumps(found, allow_nan=False)


def test_the_page_tells_verdict_figures_failures_and_cure() -> None:
    page = as_markdown(certificate("run", ABOUT, [PASSED, FAILED, SMALL]))
    assert "**It leaks.** Failed: order." in page
    assert "- train rows: 12,345" in page
    assert "Cure: Order by a date." in page
    assert "*not judged*: fewer than 10." in page
    assert "| accounts | 1,234 | `cd34` |" in page
    assert "| model | – |" in page
    assert "**Nothing leaks**" in as_markdown(certificate("run", ABOUT, [PASSED]))


def test_text_of_the_data_stays_text() -> None:
    page = as_markdown(certificate("run", ABOUT, [FAILED]))
    assert "<b>" not in page
    assert "<i>" not in page
    assert "\\| &lt;i>differs" in page


def test_figures_are_tables() -> None:
    many = judged("split", "?", {"scorers": {"lightgbm": FIGURE}, "corruptions": [{"seed": 1, "rows": 2}]}, [], cure="")
    page = as_markdown(certificate("run", ABOUT, [many]))
    assert "| lightgbm | 0.700 | [0.600, 0.800] | [0.650, 0.750] |" in page
    assert "| seed | rows |" in page
    assert "| 1 | 2 |" in page


def test_a_long_list_of_failures_is_cut_and_counted() -> None:
    finding = judged("split", "?", {}, [str(i) for i in range(SHOWN + 3)], cure="")
    assert len(finding.failures) == SHOWN + 1
    assert finding.failures[-1] == "… and 3 more"


def test_every_verdict_has_its_sign_and_every_check_its_title() -> None:
    from pipelines.proof_checks import CHECKS

    assert set(TITLES) == set(CHECKS)
    assert set(SIGN) == {PASSED.verdict, FAILED.verdict, SMALL.verdict}
    assert PASSED.passed
    assert not Finding("split", "?", "not judged").passed
