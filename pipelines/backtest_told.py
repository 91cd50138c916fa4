"""What `churn backtest` tells people, on the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

FIGURES = ("scorer", "AUC [95 %]", "in window", "log-loss", "O/E", "regret")
AGES = ("weeks old", "churned", "log-loss", "newest", "extra [95 %]")
CADENCES = ("retrain every", "extra [95 %]", "share", "")
VERDICTS = {"no_worse": "no worse", "worse": "worse", "unknown": "cannot tell"}


def told(result: Mapping[str, Any]) -> Any:
    """The cadence in a sentence, then who did how well, what age costs, and how it was done."""
    return Group(
        Text(result["cadence"]["sentence"], "bold"),
        Text(walked(result)),
        _table("\nOver all origins, each row judged by the newest model", FIGURES, figures(result)),
        Text("Regret: log-loss above the best scorer of each origin, on average. " + who_ships(result)),
        _table("\nWhat age costs what ships", AGES, ages(result)),
        Text("Log-loss of models so old and of the newest ones, on the same rows; churned: accounts among them."),
        _table("\nRetraining less often", CADENCES, options(result)),
        Text(
            "Extra log-loss against retraining at every origin; share of what the newest models save on the calendar."
        ),
        *(Text(f"- {note}") for note in result["notes"]),
        Text(result["path"]),
    )


def backtest_markdown(result: Mapping[str, Any]) -> str:
    """The same as a page, with a row for each origin."""
    lines = [f"# Backtest, run {result['run_id']}", "", f"**{result['cadence']['sentence']}**", "", walked(result), ""]
    lines += [*_markdown(FIGURES, figures(result)), "", who_ships(result), ""]
    lines += ["## What age costs what ships", "", *_markdown(AGES, ages(result)), ""]
    lines += ["## Retraining less often", "", *_markdown(CADENCES, options(result)), ""]
    heads = ("origin", "trained until", "churned accounts", "ships", "rows judged", "churned", "log-loss", "O/E")
    lines += ["## By origin", "", *_markdown(heads, by_origin(result)), ""]
    lines += [f"- {note}" for note in result["notes"]]
    return "\n".join(lines) + "\n"


def walked(result: Mapping[str, Any]) -> str:
    """What was walked through."""
    first, last, test = result["origins"][0], result["origins"][-1], result["test"]
    return (
        f"{result['n_origins']} origins, every {result['step_weeks']} weeks, {first['origin']} to {last['origin']}; "
        f"{test['n_rows']:,} rows judged, {test['n_accounts']:,} accounts, {test['n_churned_accounts']:,} of them churned; "
        f"{result['horizon_days']} days after a gap of {result['gap_days']}. A constant base rate has log-loss "
        f"{result['models']['shipped']['log_loss_constant']:.5f}."
    )


def who_ships(result: Mapping[str, Any]) -> str:
    """Which scorers held the champion's place, and at how many origins."""
    held: dict[str, int] = {}
    for origin in result["origins"]:
        held[origin["shipped"]] = held.get(origin["shipped"], 0) + 1
    return "What ships: " + ", ".join(f"{name} at {n}" for name, n in held.items()) + " of the origins."


def figures(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row per scorer."""
    for name, f in result["models"].items():
        auc = f"{_n(f['roc_auc'], 3)} {_bounds(f['roc_auc_ci'], 3)}"
        numbers = (
            _n(f["roc_auc_in_window"], 3),
            _n(f["log_loss"], 5),
            _n(f["observed_expected"], 2),
            _n(f["regret"], 5),
        )
        yield (name, auc, *numbers)


def ages(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row per age of what ships."""
    for age in result["decay"]["shipped"]:
        extra = _extra(age["extra_log_loss"], age["ci"]) if age["weeks_from"] else ""
        numbers = (_n(age["log_loss"], 5), _n(age["log_loss_newest"], 5))
        yield (f"{age['weeks_from']} to {age['weeks_to']}", f"{age['n_churned_accounts']:,}", *numbers, extra)


def options(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row per cadence."""
    for found in result["cadence"]["options"]:
        share = "–" if found["share_of_skill"] is None else f"{found['share_of_skill']:.0%}"
        extra = _extra(found["extra_log_loss"], found["ci"])
        yield (f"{found['weeks']} weeks", extra, share, VERDICTS[found["verdict"]])


def by_origin(result: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row per origin, of what ships there."""
    for o in result["origins"]:
        own = o["scorers"]["shipped"]
        counts = (f"{o['n_rows']:,}", f"{o['n_churned']:,}")
        told = (_n(own["log_loss"], 4), _n(own["observed_expected"], 2))
        yield (o["origin"], o["trained_until"], f"{o['n_churned_accounts_trained']:,}", o["shipped"], *counts, *told)


def _table(title: str, heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place and head else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> list[str]:
    body = ["| " + " | ".join(row) + " |" for row in rows]
    return ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|", *body]


def _extra(value: float | None, ci: list[float] | None) -> str:
    if value is None:
        return "–"
    return f"{value:+.5f}" + ("" if ci is None else f" [{ci[0]:+.5f}, {ci[1]:+.5f}]")


def _n(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _bounds(ci: list[float] | None, digits: int) -> str:
    return "" if ci is None else f"[{ci[0]:.{digits}f}, {ci[1]:.{digits}f}]"
