"""`churn policy lint`: one page for people, one object for scripts, and an invalid policy is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.lint import lint
from policy.policy import load_policy
from tests.pipelines.conftest import Run


def test_lint_prints_conflicts_anti_patterns_and_sums_as_one_object(tmp_path: Path, churn: Run) -> None:
    code, found, _ = churn("policy", "lint", "--project", tmp_path, "--json")
    assert code == 0
    assert list(found) == ["version", "author", "reason", "conflicts", "anti_patterns", "scenario"]
    assert len(found["conflicts"]) == len(lint(load_policy()).conflicts)
    first = found["conflicts"][0]
    assert list(first) == ["rule", "key", "about", "readings", "decision", "planned"]
    assert (first["rule"], first["key"], first["planned"]) == ("H2", "health.bands", None)
    assert [c["planned"] for c in found["conflicts"] if c["rule"] == "M13"] == [None]
    assert {k: v for k, v in found["scenario"][2].items() if k != "says"} == {"about": "ARR promised", "agrees": False}


def test_the_page_for_people_holds_every_finding(tmp_path: Path, churn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10000")
    (tmp_path / "policy.yaml").write_text(
        'version: "9"\nauthor: Mia\nreason: we [sell] seats\nsignals: {plays: {voice: null}}\n', encoding="utf-8"
    )
    code, page, _ = churn("policy", "lint", "--project", tmp_path)
    assert code == 3
    findings = lint(load_policy(tmp_path / "policy.yaml"))
    assert "Policy 9, by Mia: we [sell] seats" in page
    for c in findings.conflicts:
        assert all(text in page for text in (c.rule, c.readings[0], c.readings[1], c.decision, f"[{c.key}")), c
    assert "alert without a playbook: `signals.plays.voice`" in page
    for a in findings.scenario:
        assert a.says in page


def test_an_alert_without_a_play_is_an_error_told_beside_everything_else(tmp_path: Path, churn: Run) -> None:
    (tmp_path / "policy.yaml").write_text(
        'version: "9"\nauthor: Mia\nreason: x\nsignals: {plays: {voice: null}}\n', encoding="utf-8"
    )
    code, found, _ = churn("policy", "lint", "--project", tmp_path, "--json")
    assert (code, found["error"]["code"], found["error"]["where"]) == (3, 3, "signals.plays.voice")
    assert [a["severity"] for a in found["anti_patterns"]] == ["error"]


def test_an_invalid_policy_is_refused_with_exit_code_three(tmp_path: Path, churn: Run) -> None:
    (tmp_path / "policy.yaml").write_text(
        'version: "9"\nauthor: Mia\nreason: x\nsegments: {qbr: {top: 5}}\n', encoding="utf-8"
    )
    code, found, _ = churn("policy", "lint", "--project", tmp_path, "--json")
    assert (code, found["error"]["code"]) == (3, 3)
    assert found["error"]["message"] == "unknown key `segments.qbr.top`."


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, churn: Run) -> None:
    code, found, _ = churn("policy", "lint", "--project", tmp_path / "none", "--json")
    assert (code, found["error"]["cure"]) == (2, "Give --project FOLDER.")
