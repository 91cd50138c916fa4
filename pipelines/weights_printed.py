"""What `churn weights` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text


def told(result: Mapping[str, Any]) -> Any:
    """The verdict in a sentence, each weight beside the suggested one, who ranks how well, and what would change it."""
    count = (
        f"{result['n_snapshots']} snapshots, {result['n_accounts']:,} accounts, {result['n_churned_accounts']:,} of them "
        f"churned; policy {result['policy_version']}, {result['horizon_days']} days after a gap of {result['gap_days']}."
    )
    return Group(
        Text(result["sentence"], "bold"),
        Text(count),
        _weights(result),
        Text(
            "Data: the weights your history would give; 95 %: where all four lie at once. In window: among renewals alone."
        ),
        *_gain(result["gain"]),
        *_scorers(result),
        *_override(result),
        Text(result["path"]),
    )


def _weights(result: Mapping[str, Any]) -> Table:
    table = _table("\nThe weights, and each component alone against churn")
    for title in ("component", "policy", "data", "95 %", "AUC [95 %]", "in window", "unknown"):
        table.add_column(title, justify="left" if title == "component" else "right", no_wrap=True)
    for name, alone in result["components"].items():
        low, high = result["intervals"][name]["ci_all_four"]
        table.add_row(
            name,
            f"{result['policy_weights'][name]:.0f}",
            f"{result['suggested_weights'][name]:.0f}",
            f"{low:.0f}–{high:.0f}",
            _auc(alone),
            _n(alone["roc_auc_in_window"]),
            f"{alone['share_null']:.0%}",
        )
    whole = result["policy_score"]
    table.add_row(
        "whole score", "100", "", "", _auc(whole), _n(whole["roc_auc_in_window"]), f"{whole['share_null']:.0%}"
    )
    return table


def _gain(gain: Mapping[str, Any]) -> Iterator[Text]:
    if not gain["n_origins"]:
        return
    yield Text(
        f"On rows after each of {gain['n_origins']} origins ({gain['n_churned_accounts']:,} churned accounts), weights "
        "fitted before it against the policy's:"
    )
    for name, title in (
        ("log_loss", "log-loss saved on top of the calendar"),
        ("roc_auc", "ROC-AUC"),
        ("roc_auc_in_window", "ROC-AUC in the renewal window"),
    ):
        if gain[name] is not None:
            ci = gain[f"{name}_ci"]
            bounds = "" if ci is None else f" [{ci[0]:+.4f}, {ci[1]:+.4f}]"
            yield Text(f"  {title} {gain[name]:+.4f}{bounds}")
    yield Text(
        "The verdict rests on the first: ROC-AUC also pays for renewal dates, which the commercial component holds and "
        "which are no merit of a customer's health."
    )


def _scorers(result: Mapping[str, Any]) -> Iterator[Any]:
    if not result["scorers"]:
        return
    table = _table("\nThe policy's score beside the learned scorers, on later rows")
    for title in ("scorer", "AUC [95 %]", "in window [95 %]"):
        table.add_column(title, justify="left" if title == "scorer" else "right", no_wrap=True)
    for name, found in result["scorers"].items():
        table.add_row(name, _auc(found), f"{_n(found['roc_auc_in_window'])} {_bounds(found['ci_in_window'])}")
    yield table


def _override(result: Mapping[str, Any]) -> Iterator[Text]:
    if result["override"]:
        yield Text("Nothing was changed. These lines in policy.yaml would, from the next score on:\n")
        yield Text(result["override"])


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)


def _auc(found: Mapping[str, Any]) -> str:
    return f"{_n(found['roc_auc'])} {_bounds(found['ci'])}"


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _bounds(ci: list[float] | None) -> str:
    return "" if ci is None else f"[{ci[0]:.3f}, {ci[1]:.3f}]"
