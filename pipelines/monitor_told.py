"""What `churn monitor` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

SHOWN = 8
SENTENCES = 5
SOURCES = {
    "scores": "the scores, as they were published",
    "replay": "a replay: the shipped model on later snapshots, which it was not fitted on",
    "test": "the training's test period, by the same scorer fitted before it; no alert rests on it",
}


def told(result: Mapping[str, Any]) -> Any:
    """The verdict, the alerts in sentences, then what moved, what was expected and what happened."""
    n = len(result["alerts"])
    verdict = "nothing stands out" if not n else f"{n} alert{'s' if n > 1 else ''}"
    head = Text(f"Is the model still right? As of {result['as_of']}: {verdict}.", "bold")
    who = f"{result['scorer']}, version {result['model_version']}, fitted on snapshots until {result['fitted_until']}."
    return Group(
        head, Text(who), *_alerts(result), *_drift(result), *_outcomes(result), *_groups(result), Text(result["path"])
    )


def _alerts(result: Mapping[str, Any]) -> Iterator[Any]:
    """What became of the scores first, then what moved; the file has the sentences beyond the first few."""
    ordered = sorted(result["alerts"], key=lambda a: a["what"] in ("drift", "missing"))
    yield from (Text(f"! {a['sentence']}", "yellow") for a in ordered[:SENTENCES])
    if len(ordered) > SENTENCES:
        yield Text(f"… and {len(ordered) - SENTENCES} more, see the file named last.", "yellow")


def _drift(result: Mapping[str, Any]) -> Iterator[Any]:
    reference = result["reference"]
    if reference["reason"]:
        yield Text(f"\nDrift: {reference['reason']}")
        return
    table = _table("\nWhat moved most")
    for title in ("indicator", "PSI", "by chance", "usual", "missing", "was", ""):
        table.add_column(title, justify="left" if title in ("indicator", "") else "right", no_wrap=True)
    for d in _shown(result["indicators"]):
        shares = (f"{d[name]:.0%}" for name in ("missing_now", "missing_before"))
        numbers = (f"{d[name]:.2f}" for name in ("psi", "psi_noise", "psi_usual"))
        table.add_row(d["indicator"], *numbers, *shares, Text("alert", "yellow") if d["alert"] else "")
    yield table
    yield Text(
        f"{len(result['indicators'])} indicators against {reference['n_rows']:,} rows of {reference['n_accounts']:,} "
        f"accounts, {reference['from']} to {reference['until']}. PSI: 0 is the same spread, .25 is much. It counts where "
        "it is above the policy's limit, above chance at this number of accounts, and above what snapshots of the training "
        "period usually had."
    )


def _shown(indicators: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The alerts first, then the farthest of the others."""
    return sorted(indicators, key=lambda d: not d["alert"])[:SHOWN]


def _outcomes(result: Mapping[str, Any]) -> Iterator[Any]:
    source = result["observed_expected_source"]
    for name in ("matured", "replay"):
        if result[name] and result[name]["reason"]:
            kind = "Real scores" if name == "matured" else "Replay"
            yield Text(f"\n{kind}: {result[name]['reason']}")
    if source is None:
        return
    yield Text(f"\nWhat became of {SOURCES[source]}.", "italic")
    table = _table("")
    for title in ("snapshots", "churned", "expected", "ratio", "95 %", "accounts"):
        table.add_column(title, justify="left" if title == "snapshots" else "right", no_wrap=True)
    for block in result["observed_expected"]:
        table.add_row(
            f"{block['from']} to {block['until']}",
            f"{block['observed']:,.0f}",
            f"{block['expected']:,.0f}",
            _n(block["ratio"], 2),
            _interval(block["ci"]),
            f"{block['n_churned_accounts']:,}" + ("" if block["enough"] else " (too few)"),
        )
    yield table
    yield Text("Rows that churned and rows expected to, their ratio, and how many accounts churned.")
    figures = result["matured" if source == "scores" else source]
    yield Text(
        f"ROC-AUC {_n(figures['roc_auc'], 3)} {_interval(figures['roc_auc_ci'])}, in the renewal window "
        f"{_n(figures['roc_auc_in_window'], 3)}; log-loss {_n(figures['log_loss'], 4)}, the training's base rate alone "
        f"{_n(figures['log_loss_constant'], 4)}; {figures['n_churned_accounts']:,} of {figures['n_accounts']:,} accounts "
        f"churned, {figures['n_snapshots']} snapshots."
    )


def _groups(result: Mapping[str, Any]) -> Iterator[Any]:
    held = result["holdout"]
    names = {"untouched": "nobody acted", "touched": "we acted on the risk", "held_out": "held out"}
    if not held["untouched"]:
        return
    table = _table("\nActed on before the label window opened, or not")
    for title in ("", "rows", "accounts", "rate", "ratio", "95 %", "AUC"):
        table.add_column(title, justify="left" if title == "" else "right", no_wrap=True)
    for name, words in names.items():
        f = held[name]
        if f is None:
            continue
        rate = "–" if f["base_rate"] is None else f"{f['base_rate']:.1%}"
        ci = _interval(f["observed_expected_ci"])
        numbers = (f"{f['n_rows']:,}", f"{f['n_churned_accounts']:,}", rate, _n(f["observed_expected"], 2), ci)
        table.add_row(words, *numbers, _n(f["roc_auc"], 3))
    yield table
    yield Text("Whoever is acted on is chosen for a reason: only a holdout compares like with like.")
    difference = held["difference"]
    if difference and difference["ci"]:
        low, high = difference["ci"]
        yield Text(
            f"Held out less the others: {difference['difference']:+.1%} churn, 95 % interval {low:+.1%} to {high:+.1%}."
        )
    elif not held["share"]:
        yield Text("No holdout is drawn: `[holdout] share` in churn.toml is 0.")


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)


def _n(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _interval(ci: list[float] | None) -> str:
    return "–" if ci is None else f"[{ci[0]:.2f}, {ci[1]:.2f}]"
