"""A project whose own SELECT leaks: the command says so, with a certificate and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, Any, str]]
LITTLE = """\
version: "2026.1-little"
author: tests
reason: a proof that looks at little
proof: {dates: 1, seeds: 1, accounts: 40, opinion_accounts: 5, shuffles: 1}
"""
# The billing system takes the seats off a term once the customer has decided to leave.
SEATS = """\
SELECT * REPLACE (CASE WHEN decision_at IS NOT NULL AND decision_kind <> 'contraction' THEN 0 ELSE seats END AS seats)
FROM read_parquet('{data}/subscriptions.parquet')
"""


@pytest.mark.slow
def test_a_leak_in_the_data_stops_the_command_and_leaves_a_certificate(book: Path, churn: Run) -> None:
    (book / "policy.yaml").write_text(LITTLE, encoding="utf-8")
    (book / "sources" / "subscriptions.sql").write_text(SEATS, encoding="utf-8")
    code, found, told = churn("prove-no-leak", "--project", book, "--json")
    assert code == 4
    error = found["error"]
    assert error["code"] == 4
    assert error["where"] == "prove-no-leak, single_indicator"
    assert "alone reaches AUC" in error["message"]
    assert ".churn/proofs/" in error["cure"]
    assert "Error: prove-no-leak, single_indicator" in told
    (kept,) = (book / ".churn" / "proofs").glob("*.json")
    certificate = json.loads(kept.read_text(encoding="utf-8"))
    assert certificate["verdict"] == "leaks"
    assert certificate["model"] is None
    assert certificate["policy_version"] == "2026.1-little"
    assert "single_indicator" in certificate["failed"]
    assert "**It leaks.**" in kept.with_suffix(".md").read_text(encoding="utf-8")
