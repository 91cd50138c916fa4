"""Signals in a CSM's words: what stands, since when, the sentence, and the evidence rows behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from features.signals.signal import Cause, Signal
from features.signals.state import SignalState
from policy.policy import Policy
from serving.reasons import formatted, long_date

COLUMNS = [
    "account_id",
    "as_of",
    "run_date",
    "signal",
    "name",
    "kind",
    "status",
    "episode_key",
    "episode_started_on",
    "last_caused_on",
    "is_new",
    "stage",
    "sentence",
    "play",
    "confirmatory",
]
EVIDENCE = ["account_id", "episode_key", "signal", "run_date", "what", "before", "after", "since", "unit", "sentence"]


def episode_key(account: str, signal: str, started_on: Any) -> str:
    """What tells one episode from all others, on every run of it: whoever tells an owner tells each key once.

    >>> from datetime import date
    >>> episode_key("a1", "W1", date(2026, 5, 4))
    'a1|W1|2026-05-04'
    """
    return f"{account}|{signal}|{started_on.isoformat()}"


def signal_rows(
    state: SignalState, signals: Mapping[str, Signal], policy: Policy, as_of: Any, *, currency: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(one row per signal that stands or has just cleared, one row of evidence per cause), accounts in order.

    The numbers are those of the last run with a cause. A suppressed row has no play: it is logged, not worked on.
    """
    causes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in state.causes.to_dict("records"):
        causes.setdefault((str(row["account_id"]), str(row["signal"])), []).append(
            {str(name): value for name, value in row.items()}
        )
    rows, evidence = [], []
    for episode in state.episodes.sort_values(["account_id", "signal"]).to_dict("records"):
        account, signal = str(episode["account_id"]), signals[str(episode["signal"])]
        found = sorted(causes[account, signal.id], key=lambda c: c["cause"])
        key = episode_key(account, signal.id, episode["started_on"])
        first, status = found[0], episode["status"]
        play = policy.plays[signal.play].play if signal.play and status != "suppressed" else None
        rows.append(
            (
                account,
                as_of,
                episode["run_date"],
                signal.id,
                signal.name,
                signal.kind,
                status,
                key,
                episode["started_on"],
                episode["last_on"],
                status == "open" and episode["started_on"] == episode["run_date"],
                signal.stage(first["after"]),
                sentence(signal.causes[int(first["cause"])], first, currency),
                play,
                signal.confirmatory,
            )
        )
        for one in found:
            cause = signal.causes[int(one["cause"])]
            evidence.append(
                (
                    account,
                    key,
                    signal.id,
                    one["run_date"],
                    cause.what,
                    one["before"],
                    one["after"],
                    since(one),
                    cause.unit,
                    sentence(cause, one, currency),
                )
            )
    found_rows = pd.DataFrame(rows, columns=COLUMNS).astype(
        {"stage": "Int64", "play": "string", "is_new": "bool", "confirmatory": "bool"}
    )
    return found_rows, pd.DataFrame(evidence, columns=EVIDENCE).astype({"before": "float64", "after": "float64"})


def since(row: Mapping[str, Any]) -> Any:
    """The date that the numbers of a cause turn on."""
    return row["run_date"] - timedelta(days=int(row["since_days"]))


def sentence(cause: Cause, row: Mapping[str, Any], currency: str) -> str:
    """The cause with the account's own numbers and date."""
    before = "an unknown number" if row["before"] != row["before"] else formatted(row["before"], cause.unit, currency)
    text = cause.says.format(
        before=before, after=formatted(row["after"], cause.unit, currency), since=long_date(since(row))
    )
    return f"{text[0].upper()}{text[1:]}."
