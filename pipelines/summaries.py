"""Results as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipelines import delivery_told
from serving.reasons import main_driver_told
from serving.workbench.pages.words import percent, span
from serving.workbench.pages.words import score as floored

SHOWN = 12  # new signals told in words on the terminal; the file has all
STYLE = {"ok": "green", "quarantined": "yellow", "stopped": "red", "absent": "dim"}


def check(report: Mapping[str, Any], project: Any) -> Any:
    """A row per table, then where the Data Docs are."""
    table = Table(title=f"Sources: {report['verdict']}", title_justify="left", box=SIMPLE)
    for head in ("table", "verdict", "rows", "set apart", "why (rows)"):
        table.add_column(
            head, justify="right" if head in ("rows", "set apart") else "left", no_wrap=head != "why (rows)"
        )
    for name, found in report["tables"].items():
        why = ", ".join(f"{f['check']} ({f['rows']})" for f in found["failed"])
        verdict = found["verdict"]
        table.add_row(
            name, Text(verdict, STYLE[verdict]), f"{found['rows']:,}", f"{found['quarantined']:,}", escape(why)
        )
    said = [Text(f"Note: {w['table']} {w['message']}", "yellow") for w in report["warnings"]]
    return Group(table, *said, Text(f"Data Docs: {project.state / 'data_docs' / 'index.html'}"))


def train(result: Mapping[str, Any], project: Any) -> Any:
    """What was judged on what, a row per scorer, and the champion with its reason."""
    test, first = result["test"], result["train"]
    table = Table(
        title="Out of time (champion in bold)", title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False
    )
    for head in ("scorer", "AUC [95 %]", "in window", "log-loss", "lift", "over recency"):
        table.add_column(head, justify="left" if head == "scorer" else "right", no_wrap=True)
    for name, f in result["models"].items():
        pair = result["paired"].get(name)
        difference = _bounds(pair["ci"]) if pair else "–"
        table.add_row(
            Text(name, "bold" if name == result["champion"]["scorer"] else ""),
            f"{_n(f['roc_auc'], 3)} {_bounds(f['roc_auc_ci'])}",
            _n(f["roc_auc_in_window"], 3),
            _n(f["log_loss"], 4),
            _n(f["lift_at_10"], 1),
            difference,
        )
    constant = result["models"]["calendar"]["log_loss_constant"]
    lines = [
        f"Trained on {first['n_rows']:,} rows, {first['n_churned_accounts']} churned accounts, {first['from']} to "
        f"{first['until']}; judged on {test['n_rows']:,} rows, {test['n_churned_accounts']} churned accounts, "
        f"{test['from']} to {test['until']} (base rate {test['base_rate']:.3f}).",
        f"A constant at the training base rate has log-loss {constant:.5f}. Purged {result['purged_rows']} rows; "
        f"{result['decided_in_gap']} decided in the gap.",
        f"Champion: {result['champion']['scorer']}, version {result['model_version']}. {result['champion']['reason']}",
        *(result[part]["sentence"] for part in ("tuning", "acted_on") if result.get(part)),
        f"Model card and plots: {project.state / 'evaluations' / result['run_id']}",
        f"Evaluation card: {project.state / 'evaluations' / result['run_id'] / 'card.html'}",
    ]
    return Group(table, *(Text(line) for line in lines))


def training_runs(runs: list[dict[str, Any]]) -> Any:
    """A row per training run, then why each of the others failed."""
    if not runs:
        return Text("No training run yet: `churn train` makes one.")
    table = Table(title="Training runs", title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for head in ("started (UTC)", "outcome", "run", "champion", "AUC [95 %]", "lost"):
        table.add_column(head, justify="right" if head == "lost" else "left", no_wrap=True)
    colour = {"done": "green", "refused": "yellow", "running": "dim"}
    lines = []
    for run in runs:
        best, error, started = run["headline"] or {}, run["error"], run["started"][:16].replace("T", " ")
        auc = f"{_n(best['roc_auc'], 3)} {_bounds(best['roc_auc_ci'])}" if best else ""
        outcome = "backtest" if run["outcome"] == "done" and run["request"].get("command") else run["outcome"]
        table.add_row(
            started,
            Text(outcome, colour.get(run["outcome"], "red")),
            (run["run_id"] or "")[:6],
            run["champion"] or "",
            auc,
            str(best.get("n_churned_accounts", "")),
        )
        if error is not None:
            where = f"{error['where']}: " if error["where"] else ""
            lines.append(f"{started}  {error['kind']} (exit code {error['code']}): {where}{error['message']}")
    return Group(table, *(Text(line) for line in lines))


def proof(result: Mapping[str, Any]) -> Any:
    """A row per check, the sentence of the verdict, and where the certificate is."""
    from proof.certificate import SIGN, TITLES

    table = Table(title="Proof that nothing leaks", title_justify="left", box=SIMPLE)
    for head in ("", "check", "what it shows"):
        table.add_column(head)
    for check in result["checks"]:
        shows = TITLES[check["check"]] if check["verdict"] == "passed" else f"{check['verdict']}: {check['note']}"
        table.add_row(SIGN[check["verdict"]], check["check"].replace("_", " "), escape(shows))
    return Group(table, Text(f"Certificate: {result['path']}"))


def stands(result: Mapping[str, Any]) -> Any:
    """One line: warnings and chances apart."""
    counts = dict.fromkeys(("W", "E"), 0)
    for name, found in result["by_signal"].items():
        counts[name[0]] += found["open"]
    return Text(
        f"{counts['W']:,} warnings and {counts['E']:,} chances to grow stand for {result['accounts']:,} accounts; "
        f"{result['new']:,} are new."
    )


def signals(result: Mapping[str, Any]) -> Any:
    """A row per signal, then what is new today in words."""
    import pyarrow.parquet as pq

    table = Table(title=f"Signals as of {result['as_of']}", title_justify="left", box=SIMPLE)
    for head in ("", "signal", "open", "new", "suppressed", ""):
        right = head in ("open", "new", "suppressed")
        table.add_column(head, justify="right" if right else "left", no_wrap=True)
    for name, found in result["by_signal"].items():
        tag = "confirms" if found["confirmatory"] else ""
        table.add_row(name, found["title"], *(f"{found[n]:,}" for n in ("open", "new", "suppressed")), tag)
    rows = pq.read_table(result["path"], partitioning=None).to_pylist()
    fresh = [r for r in rows if r["is_new"]]
    lines = [f"{result['open']:,} signals stand for {result['accounts']:,} accounts; {result['new']:,} are new."]
    lines += [f"{r['account_id']}  {r['signal']}  {r['sentence']}" for r in fresh[:SHOWN]]
    lines += [f"… and {len(fresh) - SHOWN:,} more."] if len(fresh) > SHOWN else []
    return Group(table, *(Text(line) for line in (*lines, result["path"])))


def signal_quality(result: Mapping[str, Any]) -> Any:
    """A row per signal: how much more churn it points at, how early, and how much of the churn it saw."""
    table = Table(title=f"Signals, {result['from']} to {result['until']}", title_justify="left", box=SIMPLE)
    for head in ("", "signal", "lift", "lead", "coverage", "accounts", "churned", ""):
        table.add_column(head, justify="left" if head in ("", "signal") else "right", no_wrap=True)
    for name, found in result["signals"].items():
        lead = "–" if found["median_lead_days"] is None else f"{found['median_lead_days']:.0f} days"
        coverage = "–" if found["coverage"] is None else f"{found['coverage']:.0%}"
        tag = "confirms" if found["confirmatory"] else ""
        counts = (f"{found['n_accounts']:,}", f"{found['n_churned_accounts']:,}")
        table.add_row(name, found["title"], _n(found["lift"], 2), lead, coverage, *counts, tag)
    text = f"{result['n_churned_accounts']:,} accounts churned; base rate {_n(result['base_rate'], 3)}."
    return Group(table, Text(f"{text} Figures need {result['least']} churned accounts."), Text(result["path"]))


def score(result: Mapping[str, Any]) -> Any:
    """One paragraph."""
    tiers = ", ".join(f"{n} {tier}" for tier, n in result["tiers"].items())
    return Text(
        f"{result['scored']} accounts scored as of {result['as_of']}: {tiers}, {result['unrated']} unrated; "
        f"{result['known_losses']} known losses listed; {result['tasks']} tasks.\n{result['path']}"
    )


def outlook_lines(found: Mapping[str, Any]) -> list[str]:
    r"""The probability with its range and the other horizons, in one line; none where there is no outlook.

    >>> ahead = {"p_30d": 0.12, "p_60d": 0.25, "p_90d": 0.38, "p_180d": 0.55, "range_low": 0.22, "range_high": 0.51}
    >>> ahead["range_widened"] = False
    >>> outlook_lines({"churn_probability": 0.38, "horizon_days": 90, "outlook": ahead})
    ['38\xa0% within 90 days (range 22–51\xa0%), 12\xa0% within 30, 55\xa0% within 180']
    """
    outlook = found["outlook"]
    if outlook is None:
        return []
    own = found["horizon_days"]
    ranged = outlook["range_low"] is not None
    stretched = ", stretched to hold it" if outlook["range_widened"] else ""
    parts = [f"{percent(found['churn_probability'])} within {own} days"]
    parts[0] += f" (range {span(outlook['range_low'], outlook['range_high'])}{stretched})" if ranged else ""
    ahead = [(days, outlook[f"p_{days}d"]) for days in (30, 90, 180) if days != own]
    parts += [f"{percent(share)} within {days}" for days, share in ahead if share is not None]
    return [", ".join(parts)] if len(parts) > 1 or ranged else []


def explain(found: Mapping[str, Any]) -> Any:
    """The account as a CSM would want it told."""
    lines = [f"{found['name'] or found['account_id']} as of {found['as_of']}"]
    if found["churn_probability"] is not None:
        before = "" if found["probability_before"] is None else f", {found['probability_before']:.1%} four weeks before"
        lines.append(f"Churn probability {found['churn_probability']:.1%} ({found['risk_tier']} risk{before})")
        lines += outlook_lines(found)
    if found["change"] is not None:
        lines.append(found["change"]["sentence"])
    if found["health_score"] is not None:
        lines.append(f"Health score {floored(found['health_score'])} ({found['health_tier']})")
    lines += ["", "Why"]
    if found["churn_probability"] is not None:
        lines.append(f"  {main_driver_told(found['main_driver'], {d['group']: d['points'] for d in found['drivers']})}")
    lines += [f"  {i}. {r}" for i, r in enumerate(found["reasons"], 1)]
    if found["base_points"] is not None:
        lines += ["", f"Percentage points, from the average account at {found['base_points']:.1f}:"]
        lines += [f"  {d['points']:+6.1f}  {d['group']}" for d in found["drivers"]]
        total = found["base_points"] + sum(d["points"] for d in found["drivers"])
        lines.append(f"  {total:6.1f}  = the probability shown")
    if found["signals"] is None:
        lines += ["", f"Signals were not looked for: churn signals --as-of {found['as_of']}"]
    elif found["signals"]:
        lines += ["", "Signals", *(f"  {s['signal']} since {s['since']}: {s['sentence']}" for s in found["signals"])]
    if found["play"]:
        lines += ["", f"Next: {found['play']}", *(f"  {t['due_at']}  {t['subject']}" for t in found["tasks"])]
    return Text("\n".join(lines))


def indicators(rows: list[dict[str, Any]]) -> Any:
    """The catalogue as a table."""
    table = Table(title=f"{len(rows)} indicators", title_justify="left")
    for head in ("name", "component", "unit", "riskier when", "meaning"):
        table.add_column(head)
    for row in rows:
        table.add_row(row["name"], row["component"], row["unit"], row["risk"] or "–", escape(row["doc"]))
    return table


def demo(result: Mapping[str, Any], folder: Path) -> Any:
    """Every step's summary and what to do next."""
    from pipelines.settings import open_project

    project = open_project(folder)
    crm = project.state / "crm.sqlite"  # the demo's settings are the defaults
    return Group(
        check(result["check"], project),
        Text(),
        train(result["train"], project),
        Text(),
        score(result["score"]),
        stands(result["signals"]),
        delivery_told.apply(result["apply"]),
        Text(),
        Text("Look at", "bold"),
        Text(f"  the CSM pages   {result['report']}"),
        Text(f"  the CRM         {crm} (any SQLite browser)"),
        Text(f"  the experiments mlflow ui --backend-store-uri sqlite:///{project.state / 'mlflow.db'}"),
        Text("Next", "bold"),
        Text(f"  churn explain ACCOUNT --project {folder}    why one account is rated as it is"),
        Text("  churn init my-book                       your own data: fill in the SELECTs, then churn check"),
    )


def _n(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _bounds(bounds: Any) -> str:
    if bounds is None:
        return ""
    low, high = (f"{b:+.2f}" if bounds[0] < 0 else f"{b:.2f}" for b in bounds)
    low, high = low.replace("0.", ".", 1), high.replace("0.", ".", 1)
    return f"[{low}, {high}]"
