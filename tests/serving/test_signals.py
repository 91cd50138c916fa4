"""Signals in words: the key of an episode, its numbers and dates, and what the policy does about it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from data_contracts.contract import output_contract
from data_contracts.validate import ROW, Validator
from features.signals.catalogue import signals
from features.signals.held import COLUMNS as CAUSE
from features.signals.state import STATE, SignalState
from policy.policy import load_policy, policy_from
from serving.signals import COLUMNS, signal_rows

AS_OF = date(2026, 3, 4)
MONDAY = date(2026, 3, 2)
BEGAN = date(2026, 2, 2)
LOGINS = ("a1", MONDAY, "W1", False, 0, 60.0, 38.0, 28.0)
RENEWAL = ("a2", MONDAY, "W6", False, 0, None, 59.0, 0.0)


def told(*pairs: tuple[tuple[Any, ...], tuple[Any, ...]], **policy: Any) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """The rows and the evidence of (episode, cause) pairs."""
    chosen = policy_from(policy, where="policy.yaml") if policy else load_policy()
    episodes = pd.DataFrame(list(dict.fromkeys(e for e, _ in pairs)), columns=list(STATE))
    state = SignalState(
        episodes, pd.DataFrame([c for _, c in pairs], columns=list(CAUSE)).astype({"before": "float64"})
    )
    rows, evidence = signal_rows(state, signals(chosen), chosen, AS_OF, currency="USD")
    assert list(rows) == COLUMNS == output_contract("signals").column_names
    found = Validator().findings(
        rows.assign(**{ROW: range(len(rows))}), output_contract("signals"), now=pd.Timestamp(AS_OF)
    )
    assert found.failed == ()
    return rows.to_dict("records"), evidence


def one(episode: tuple[Any, ...], cause: tuple[Any, ...] = LOGINS, **policy: Any) -> dict[str, Any]:
    rows, _ = told((episode, cause), **policy)
    return rows[0]


def test_the_sentence_holds_the_numbers_before_and_after_and_the_date() -> None:
    row = one(("a1", "W1", MONDAY, BEGAN, MONDAY, "open"))
    assert row["sentence"] == (
        "Daily logins in four weeks fell to 38, from 60 on average in the twelve weeks to 2 February 2026."
    )
    assert (row["episode_key"], row["is_new"], row["play"]) == ("a1|W1|2026-02-02", False, "adoption rescue")


def test_an_episode_is_new_on_its_first_run_alone_and_keeps_its_key() -> None:
    new = one(("a1", "W1", MONDAY, MONDAY, MONDAY, "open"))
    assert (new["is_new"], new["episode_key"]) == (True, "a1|W1|2026-03-02")
    clearing = one(("a1", "W1", MONDAY, date(2026, 2, 23), date(2026, 2, 23), "clearing"))
    assert (clearing["is_new"], clearing["episode_key"]) == (False, "a1|W1|2026-02-23")


def test_a_suppressed_signal_is_told_without_a_play() -> None:
    row = one(("a1", "W1", MONDAY, MONDAY, MONDAY, "suppressed"))
    assert (row["status"], row["is_new"], row["play"]) == ("suppressed", False, None)


def test_a_renewal_says_its_stage_and_confirms_rather_than_leads() -> None:
    row = one(("a2", "W6", MONDAY, BEGAN, MONDAY, "open"), RENEWAL)
    assert (row["stage"], row["confirmatory"], row["kind"]) == (60, True, "warning")
    assert row["sentence"] == "The term ends in 59 days; on 2 March 2026 no renewal was signed."


def test_every_cause_is_a_row_of_evidence_and_the_first_one_gives_the_sentence() -> None:
    episode = ("a3", "W4", AS_OF, AS_OF, AS_OF, "open")
    late = ("a3", AS_OF, "W4", False, 1, None, 9.0, 9.0)
    failed = ("a3", AS_OF, "W4", False, 0, None, 2.0, 5.0)
    rows, evidence = told((episode, late), (episode, failed))
    assert rows[0]["sentence"].startswith(
        "Payments that failed and stand unresolved for 72 hours or more: 2, the oldest"
    )
    assert evidence[["what", "after", "since", "unit"]].to_dict("records") == [
        {"what": "failed payments", "after": 2.0, "since": date(2026, 2, 27), "unit": "count"},
        {"what": "days past due", "after": 9.0, "since": date(2026, 2, 23), "unit": "days"},
    ]


def test_a_signal_for_which_the_policy_has_no_play_has_none() -> None:
    given = {"signals": {"plays": {"login_drop": None}}}
    assert one(("a1", "W1", MONDAY, BEGAN, MONDAY, "open"), **given)["play"] is None


def test_no_signal_at_all_is_a_table_without_rows() -> None:
    assert told()[0] == []
