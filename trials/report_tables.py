"""The tables of a sweep that hold no goals: who reaches how much, what lies ahead, weights, and what ships."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from trials.figures import share_of_gap

Figures = Mapping[str, Any]
SIZES = (200, 500, 2_000, 5_000, 50_000)
NONE = "–"


def at(worlds: Iterable[Figures], size: int) -> list[Figures]:
    """The worlds with a book of this size."""
    return [w for w in worlds if w["accounts"] == size]


def pooled_share(worlds: Sequence[Figures], name: str = "shipped", where: str = "log_loss") -> float:
    """The share of the gap over all these worlds together."""
    base, ceiling, reached = (sum(w["skills"][n][where] for w in worlds) for n in ("base", "ceiling", name))
    return share_of_gap(base, ceiling, reached)


def outlook_table(told: Sequence[Figures]) -> list[str]:
    """Horizons by their log-loss, and what the range of a probability holds."""
    lines = ["| n | worlds | horizon | outlook | steady hazard | base rate | oracle |", "|---|---|---|---|---|---|---|"]
    for size in SIZES:
        some = at(told, size)
        for horizon in some[0]["outlook"]["horizons"] if some else ():
            losses = [w["outlook"]["horizons"][horizon] for w in some]
            cells = [f"{np.mean([one[k] for one in losses]):.4f}" for k in ("outlook", "steady", "base_rate", "oracle")]
            lines.append(f"| {size:,} | {len(some)} | {horizon} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| n | worlds with a range | of | holds the group's mean | the account's own risk | mean width | stretched |",
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for size in SIZES:
        ranged = [w["outlook"]["range"] for w in at(told, size) if "width" in w["outlook"]["range"]]
        for label, part in (("all accounts", None), ("the riskiest tenth", "top")) if ranged else ():
            figures = [r if part is None else r[part] for r in ranged]
            held, own, stretched = (
                np.mean([f[k] for f in figures]) for k in ("groups_held", "accounts_held", "stretched")
            )
            width = 100 * np.mean([f["width"] for f in figures])
            lines.append(
                f"| {size:,} | {len(ranged)} | {label} | {held:.0%} | {own:.0%} | {width:.1f} points | {stretched:.0%} |"
            )
    return lines


def scorer_table(told: Sequence[Figures]) -> list[str]:
    """Share of the gap and in-window AUC by scorer and size."""
    names = ("calendar", "health_recalibrated", "lightgbm", "shipped", "ceiling", "oracle")
    lines = [
        "| n | worlds | " + " | ".join(names) + " | shipped at the true level |",
        "|---|---|" + "---|" * (len(names) + 1),
    ]
    for size in SIZES:
        some = at(told, size)
        if some:
            cells = [
                f"{pooled_share(some, n):.3f} ({np.mean([w['skills'][n]['auc_in_window'] for w in some]):.3f})"
                for n in names
            ]
            cells.append(f"{pooled_share(some, where='log_loss_at_level'):.3f}")
            lines.append(f"| {size:,} | {len(some)} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "Share of the gap, and in brackets the mean in-window AUC. At the true level: had everyone's odds been shifted so that "
        "as many were expected to leave as truly are. The market moves on after the data end, and nobody can know where to.",
    ]


def weights_table(told: Sequence[Figures]) -> list[str]:
    """How often a history asks for other weights, and how those rank other accounts of the company."""
    lines = [
        "| n | worlds | asks for a change | of these, ranks better: all accounts; in the window | in-window AUC gained (mean) |",
        "|---|---|---|---|---|",
    ]
    for size in SIZES:
        some = [w["weights"] for w in at(told, size)]
        asked = [w for w in some if w["verdict"] == "change"]
        if some:
            pooled, window = (
                np.array([w[f"auc_suggested{where}"] - w[f"auc_policy{where}"] for w in asked])
                for where in ("", "_in_window")
            )
            cells = (
                f"{(pooled > 0).sum()}; {(window > 0).sum()} | {window.mean():+.4f}" if asked else f"{NONE} | {NONE}"
            )
            lines.append(f"| {size:,} | {len(some)} | {len(asked)} | {cells} |")
    return lines


def shipped_table(worlds: Sequence[Figures]) -> list[str]:
    """How often each scorer ships, by size and kind of world."""
    lines = ["| n | signal | worlds | churned accounts (median) | ships |", "|---|---|---|---|---|"]
    for size in SIZES:
        for signal in (True, False):
            some = [w for w in at(worlds, size) if (w["family"] != "null") == signal]
            if some:
                names = sorted({w["champion"] for w in some})
                ships = ", ".join(f"{n} {sum(w['champion'] == n for w in some)}" for n in names)
                lost = int(np.median([w["churned_accounts"] for w in some]))
                lines.append(f"| {size:,} | {'yes' if signal else 'no'} | {len(some)} | {lost} | {ships} |")
    return lines
