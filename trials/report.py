"""The figures of a sweep as tables: every row says how many worlds and accounts it rests on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from trials.report_tables import (
    NONE,
    SIZES,
    Figures,
    at,
    outlook_table,
    pooled_share,
    scorer_table,
    shipped_table,
    weights_table,
)
from trials.report_year import year_rows, year_table


def results(files: Iterable[Path]) -> list[Figures]:
    """The finished worlds."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in files]


def section(worlds: Sequence[Figures], code: str) -> str:
    """The section of docs/results.md: one table of goals, one of scorers, one of who ships."""
    years, costs = ([w for w in worlds if key in w] for key in ("year", "ratio"))
    worlds = [w for w in worlds if "year" not in w and "ratio" not in w]
    told = [w for w in worlds if w["family"] != "null"]
    silent = [w for w in worlds if w["family"] == "null"]
    lines = [
        "## Simulated companies: skill against what can be known",
        "",
        f"`python -m trials` (code {code}). Each world is drawn by a hash of the code: nobody has seen it before. A book is "
        "learned from as `churn train` does; what ships is judged against the true risk of fresh accounts of the same world.",
        "",
        _sizes_line(told, silent),
        "",
        "| figure | n | worlds | goal | measured | reached |",
        "|---|---|---|---|---|---|",
        *goal_rows(told, silent),
        *explained_rows(told, costs),
        *year_rows(years),
        "",
        "Share of the gap: (log-loss of the base rate − log-loss) ÷ (the same − log-loss of the observable ceiling), summed over "
        "the worlds of a size before dividing; in brackets the 5th and 95th percentile of single worlds. The observable "
        "ceiling is LightGBM taught the true risk of the other fresh accounts. Books above 5,000 accounts are several draws of a "
        "world side by side, with a training snapshot every half year instead of every four weeks.",
        "",
        "### Who reaches how much",
        "",
        *scorer_table(told),
        "",
        "### What lies ahead: log-loss by horizon, and ranges",
        "",
        *outlook_table(told),
        "",
        "### The health score's weights on trial, where something tells who leaves",
        "",
        *weights_table(told),
        "",
        "### What ships",
        "",
        *shipped_table(worlds),
        "",
        *year_table(years),
    ]
    return "\n".join(lines)


def _sizes_line(told: Sequence[Figures], silent: Sequence[Figures]) -> str:
    parts = [f"{len(at(told, size))} worlds with a book of {size:,}" for size in SIZES if at(told, size)]
    fresh = [w["fresh"] for w in told]
    ranges = f"{min(fresh):,} to {max(fresh):,} fresh accounts each" if fresh else "no fresh accounts"
    return f"{', '.join(parts)}; {ranges}; {len(silent)} worlds without a signal, reported apart."


def _shares(worlds: Sequence[Figures], where: str) -> list[float]:
    return [pooled_share([w], where=where) for w in worlds]


def goal_rows(told: Sequence[Figures], silent: Sequence[Figures]) -> list[str]:
    """One row a figure and size, with its goal."""
    rows: list[str] = []

    def row(figure: str, size: int | str, worlds: int, goal: str, value: str, reached: bool | None) -> None:
        mark = NONE if reached is None else "yes" if reached else "**no**"
        shown = f"{size:,}" if isinstance(size, int) else size
        rows.append(f"| {figure} | {shown} | {worlds} | {goal} | {value} | {mark} |")

    for figure, where, goals in (
        ("share of the gap", "log_loss", (0.88, 0.97, 0.99, 0.995)),
        ("the same inside the renewal window", "log_loss_in_window", (0.50, 0.85, 0.93, 0.98)),
    ):
        for size, goal in zip(SIZES[1:], goals, strict=True):
            some = at(told, size)
            if some:
                value = pooled_share(some, where=where)
                row(figure, size, len(some), f"≥ {goal}", f"{value:.3f} {_spread(_shares(some, where))}", value >= goal)
    for size, goal in ((500, 0.45), (2_000, 0.85), (5_000, 0.97)):
        some = at(told, size)
        if some:
            gains, ceilings = _gains(some)
            value = float(gains.sum() / ceilings.sum())
            row("in-window AUC over health + renewal, share of the ceiling's", size, len(some), f"≥ {goal}",
                f"{value:.3f}", value >= goal)  # fmt: skip
            low, worst = float(np.quantile(gains, 0.05)), float(gains.min())
            row("the same in AUC: 5th percentile of the worlds; worst", size, len(some), "≥ −.005; ≥ −.02",
                f"{low:+.4f}; {worst:+.4f}", low >= -0.005 and worst >= -0.02)  # fmt: skip
    _honesty(row, at(told, 500))
    for size, extra in ((500, 0.002), (2_000, 0.001), (5_000, 0.001)):
        some = at(told, size)
        if some:
            ours, theirs = (float(np.mean([w["skills"][n]["ece"] for w in some])) for n in ("shipped", "ceiling"))
            row("calibration error without labels", size, len(some), f"≤ the ceiling's + {extra}",
                f"{ours:.4f} against {theirs:.4f}", ours <= theirs + extra)  # fmt: skip
            slopes = np.array([w["skills"]["shipped"]["slope"] for w in some])
            inside = float(((slopes >= 0.9) & (slopes <= 1.1)).mean())
            row("slope in [.9, 1.1]", size, len(some), "≥ 90 % of the worlds" if size >= 2_000 else "reported",
                f"{inside:.0%} (median {np.median(slopes):.2f})", inside >= 0.9 if size >= 2_000 else None)  # fmt: skip
    _drivers(row, told)
    _stability(row, told)
    for size in SIZES:
        some = at(told, size)
        if some:
            ours, oracle, all_ = (sum(w["alerts"][k] for w in some) for k in ("caught", "oracle", "catchable"))
            if oracle:
                row("churn ARR alerted ≥ 45 days ahead, against the oracle's", size, len(some), "≥ .80",
                    f"{ours / oracle:.3f} ({ours / all_:.0%} of what could be caught; oracle {oracle / all_:.0%})",
                    ours / oracle >= 0.8)  # fmt: skip
    _silent(row, silent)
    return rows


def explained_rows(told: Sequence[Figures], costs: Sequence[Figures]) -> list[str]:
    """Whether explanations add up, and what a large book of them costs."""
    rows = []
    if told:
        worst = max(w["explained"]["remainder"] for w in told)
        rows.append(
            f"| explanation: largest abs(base + Σ − probability) | all | {len(told)} | < 1e-9 | {worst:.1e} | "
            f"{'yes' if worst < 1e-9 else '**no**'} |"
        )
    rows += [
        f"| explaining {c['accounts']:,} accounts, cost beside per-row TreeSHAP ({c['trees']} trees) | {NONE} | {NONE} | ≤ 0.2 | "
        f"{c['ratio']:.3f} (ensemble {c['ensemble_ratio']:.3f}) | {'yes' if c['ratio'] <= 0.2 else '**no**'} |"
        for c in costs
    ]
    return rows


def _spread(values: Sequence[float]) -> str:
    low, high = np.quantile(values, [0.05, 0.95])
    return f"[{low:.3f}, {high:.3f}]" if len(values) > 1 else ""


def _gains(worlds: Sequence[Figures]) -> tuple[np.ndarray, np.ndarray]:
    """In-window AUC above health + renewal: of what ships and of the ceiling, by world."""
    found = [
        [w["skills"][n]["auc_in_window"] - w["skills"]["health_recalibrated"]["auc_in_window"] for w in worlds]
        for n in ("shipped", "ceiling")
    ]
    return np.array(found[0]), np.array(found[1])


Row = Callable[[str, int | str, int, str, str, bool | None], None]


def _honesty(row: Row, some: Sequence[Figures]) -> None:
    if not some:
        return
    off = np.array([w["reported"][w["champion"]]["auc"] - w["reported"][w["champion"]]["true_auc"] for w in some])
    mean, half = float(off.mean()), 1.96 * float(off.std(ddof=1)) / len(off) ** 0.5 if len(off) > 1 else float("nan")
    row("reported AUC − true AUC of what was judged", 500, len(some), "interval of the mean inside [−.02, +.01]",
        f"{mean:+.4f} [{mean - half:+.4f}, {mean + half:+.4f}]", mean - half >= -0.02 and mean + half <= 0.01)  # fmt: skip
    held = [
        f["interval"][0] <= f["true_auc"] <= f["interval"][1]
        for w in some
        for f in w["reported"].values()
        if f["interval"] is not None
    ]
    covered = float(np.mean(held))
    row(
        f"coverage of {len(held)} intervals of 95 %",
        500,
        len(some),
        "92–98 %",
        f"{covered:.1%}",
        0.92 <= covered <= 0.98,
    )


def _drivers(row: Row, told: Sequence[Figures]) -> None:
    for size in SIZES:
        some = [w for w in at(told, size) if "top" in w["causes"]]
        if not some:
            continue
        top, sign, usage, silent = (
            float(np.mean([w["causes"][k] for w in some])) for k in ("top", "sign", "always_usage", "abstained")
        )
        judged = size == 5_000
        row("top driver is the true cause, mean over causes", size, len(some), "≥ .65" if judged else "reported",
            f"{top:.3f} (always \"usage\": {usage:.3f})", top >= 0.65 if judged else None)  # fmt: skip
        row("the true cause is told as a risk; abstained", size, len(some), "≥ .95; ≤ 20 %" if judged else "reported",
            f"{sign:.3f}; {silent:.0%}", (sign >= 0.95 and silent <= 0.2) if judged else None)  # fmt: skip


def _stability(row: Row, told: Sequence[Figures]) -> None:
    for size in SIZES:
        some = at(told, size)
        if not some:
            continue
        judged = size == 5_000
        for figure, key, goal in (
            ("top driver under other seeds", "driver_agreement", 0.95),
            ("red list (5 %) under other seeds, Jaccard", "seed_jaccard", 0.92),
            ("red list after a month's retraining, Jaccard", "retrain_jaccard", 0.90),
        ):
            value = float(np.mean([w["stability"][key] for w in some]))
            row(figure, size, len(some), f"≥ {goal}" if judged else "reported", f"{value:.3f}",
                value >= goal if judged else None)  # fmt: skip
        ours, oracle = (float(np.mean([w["stability"][k] for w in some])) for k in ("weekly", "oracle_weekly"))
        row("red list from one snapshot to the next, Jaccard", size, len(some), "reported",
            f"{ours:.3f} (the oracle's own {oracle:.3f})", None)  # fmt: skip
        against = sum(w["violations"]["against"] for w in some)
        rows = sum(w["violations"]["rows"] for w in some)
        row("moves against a declared direction", size, len(some), "0", f"{against} of {rows:,}", against == 0)


def _silent(row: Row, silent: Sequence[Figures]) -> None:
    if not silent:
        return
    size = silent[0]["accounts"]
    bounds = [w["in_window"]["lightgbm"]["interval"] for w in silent]
    held = float(np.mean([b is not None and b[0] <= 0.5 <= b[1] for b in bounds]))
    row("no signal: LightGBM's in-window AUC interval holds .5", size, len(silent), "90–99 %", f"{held:.0%}",
        0.90 <= held <= 0.99)  # fmt: skip
    kept = float(np.mean([w["weights"]["verdict"] == "no_change" for w in silent]))
    row("no signal: the health score's weights stay", size, len(silent), "≥ 90 %", f"{kept:.0%}", kept >= 0.9)
    stayed = float(np.mean([w["champion"] == "health_recalibrated" for w in silent]))
    row("no signal: the incumbent ships", size, len(silent), "ships the incumbent", f"{stayed:.0%}", stayed >= 0.9)
