"""Measures the OULAD example and writes its section of docs/results.md: `python benchmarks/oulad.py` (about four minutes on 2 cores).

Three readings of the same split: the whole term with clicks, without them, and days 7 to 105 of the enrolment alone.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from features.catalogue import catalogue
from models.prepare import prepared
from models.recipe import settled
from models.zoo import fit_all
from pipelines.build_features import checked_sources
from pipelines.panel import Panel, build_panel, described, label_rule
from pipelines.report_card import figures_table
from pipelines.settings import open_project
from pipelines.tracking import no_telemetry
from pipelines.train import TrainRequest, judge, train_on
from trials.results_page import write_section

ROOT = Path(__file__).resolve().parent.parent
REQUEST = TrainRequest(date(2013, 9, 2), date(2013, 10, 7), date(2014, 5, 5), 28, 0)
COMMAND = (
    "churn train --project examples/oulad --horizon-days 28 --gap-days 0 --train-until 2013-09-02 "
    "--test-from 2013-10-07 --test-until 2014-05-05 --json"
)
EARLY_DAYS = 105


def measured(data: Path) -> dict[str, Any]:
    """Every reading as the object `churn train --json` prints (less the registry's part)."""
    no_telemetry()
    folder = Path(tempfile.mkdtemp(prefix="oulad-"))
    try:
        shutil.copytree(ROOT / "examples" / "oulad", folder / "book", ignore=shutil.ignore_patterns(".churn"))
        project = open_project(folder / "book", {"data": str(data.resolve())})
        with checked_sources(project) as checked:
            whole = train_on(checked, REQUEST, progress=_say)
            rule = label_rule(checked, REQUEST.horizon_days, REQUEST.gap_days)
            panel = build_panel(checked, rule, REQUEST.split)
        _say("without clicks")
        clicks = [n for n, i in catalogue().items() if i.component == "usage"]
        blind = _reading(_without(panel, clicks), project)
        _say(f"days 7 to {EARLY_DAYS}")
        early = _reading(_early(panel), project)
        covered = panel.test["events_28d"].notna()
        seen = panel.test[covered]
        return {
            "whole": whole, "blind": blind, "early": early,
            "clicks": {
                "train_share": float(panel.train["events_28d"].notna().mean()),
                "test_share": float(covered.mean()),
                "test_accounts": int(seen["account_id"].nunique()),
                "test_churned_accounts": int(seen.loc[seen["churned"] == 1, "account_id"].nunique()),
            },
        }  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reading(panel: Panel, project: Any) -> dict[str, Any]:
    sign = {"higher": 1, "lower": -1, None: 0}
    directions = {n: sign[i.risk] for n, i in catalogue().items() if panel.train[n].notna().any()}
    frame, test = prepared(panel.train, project.policy), prepared(panel.test, project.policy)
    scorers = fit_all(
        frame, frame["churned"].to_numpy(), directions, project.policy, recipe=settled(frame, window_days=28)
    )
    figures, pairs, _ = judge(panel, test, scorers, project.settings.capacity.share)
    return {"models": figures, "paired": pairs, "train": described(panel.train), "test": described(panel.test)}


def _without(panel: Panel, names: list[str]) -> Panel:
    nothing = dict.fromkeys(names, float("nan"))
    return replace(panel, train=panel.train.assign(**nothing), test=panel.test.assign(**nothing))


def _early(panel: Panel) -> Panel:
    return replace(
        panel,
        train=panel.train[panel.train["tenure_days"] <= EARLY_DAYS].reset_index(drop=True),
        test=panel.test[panel.test["tenure_days"] <= EARLY_DAYS].reset_index(drop=True),
    )


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")


def _sides(result: Mapping[str, Any]) -> str:
    parts = []
    for name in ("train", "test"):
        side = result[name]
        parts.append(
            f"{name} {side['from']} to {side['until']}: {side['n_rows']:,} rows, {side['n_accounts']:,} accounts, "
            f"{side['n_churned_accounts']:,} churned accounts, base rate {side['base_rate']:.4f}"
        )
    constant = result["models"]["calendar"]["log_loss_constant"]
    return f"{'; '.join(parts)}. A constant at the training base rate has log-loss **{constant:.5f}**."


def _named(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} ({f['log_loss']:.5f})" for name, f in figures.items()) or "none"


def section(found: Mapping[str, Any]) -> str:
    """Its section of docs/results.md."""
    whole, blind, early, clicks = found["whole"], found["blind"], found["early"], found["clicks"]
    name = whole["champion"]["scorer"]
    best = whole["models"][name]
    pair = whole["paired"][name]
    first = early["models"][name]
    constant = best["log_loss_constant"]
    probabilities = {n: f for n, f in early["models"].items() if f["log_loss"] is not None}
    losing = _named({n: f for n, f in probabilities.items() if f["log_loss"] >= f["log_loss_constant"]})
    winning = _named({n: f for n, f in probabilities.items() if f["log_loss"] < f["log_loss_constant"]})
    return f"""## OULAD: withdrawal in the next 28 days

Measured by `python benchmarks/oulad.py`.

Real students, real clicks, real withdrawals (Open University Learning Analytics Dataset, presentations 2013B and
2013J without BBB 2013J; see [examples/oulad](../examples/oulad/README.md)). Weekly snapshots, every Monday from seven
days after the start while enrolled; trained on 2013B, judged on 2013J.

```
{COMMAND}
```

{_sides(whole)}

{figures_table(whole)}

Shipped: **{name}**, chosen inside the training period. {whole["champion"]["reason"]}

| must show | goal | measured |
|---|---|---|
| log-loss of the shipped scorer | below the constant {constant:.5f} and ≤ .110 | **{best["log_loss"]:.5f}** |
| ROC-AUC of the shipped scorer | ≥ .72 | **{best["roc_auc"]:.3f}** [{best["roc_auc_ci"][0]:.3f}, {best["roc_auc_ci"][1]:.3f}] |
| paired ROC-AUC over `recency` | the 95 % interval excludes 0 | **{pair["roc_auc_diff"]:+.3f}** [{pair["ci"][0]:+.3f}, {pair["ci"][1]:+.3f}] |

Observed ÷ expected is {best["observed_expected"]:.2f} for what ships and {whole["models"]["logistic"]["observed_expected"]:.2f} for the plain logistic: fewer students left in 2013J
than in 2013B, which only what was seen at the latest rolling origins could hint at.

### How clicks were treated

Clicks are delivered for one module on each side: BBB 2013B in training ({clicks["train_share"]:.0%} of the rows), AAA
2013J in the test ({clicks["test_share"]:.0%} of the rows; {clicks["test_accounts"]} accounts, of which
{clicks["test_churned_accounts"]} leave). For everyone else usage is *not available*: null, never 0
(`sources/usage_events_coverage.sql`). LightGBM takes the missing value as it is; the logistic gives "missing" a
coefficient of its own. Neither sees the module's name. Since having clicks means being in BBB 2013B, that coefficient
partly speaks for the module and not for the student: the same scorers without any click indicator stand below, and the
difference is what clicks add here.

{_sides(blind)}

{figures_table(blind)}

With clicks: ROC-AUC {best["roc_auc"]:.3f}, log-loss {best["log_loss"]:.5f}. Without: {blind["models"][name]["roc_auc"]:.3f},
{blind["models"][name]["log_loss"]:.5f}. With {clicks["test_churned_accounts"]} leavers among those who have clicks in the
test, no figure on clicks alone would be worth printing.

### Days 7 to {EARLY_DAYS} alone

The same split, only snapshots within the first {EARLY_DAYS} days of an enrolment, trained and judged there.

{_sides(early)}

{figures_table(early)}

Here the base rate falls from {early["train"]["base_rate"]:.3f} to {early["test"]["base_rate"]:.3f} between the two sides, and plain models lose to the constant
({early["models"]["calendar"]["log_loss_constant"]:.5f}): {losing}. {winning} stay below it. Ranking is not the
difficulty (the {name} scorer: ROC-AUC {first["roc_auc"]:.3f}); the level is: every model learned that {early["train"]["base_rate"]:.1%} leave in four
weeks, and in 2013J {early["test"]["base_rate"]:.1%} did (observed ÷ expected {first["observed_expected"]:.2f}). A model that can hardly tell
students apart repeats last year's level for everyone and pays for it; one that ranks well earns more than the wrong
level costs.
"""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "oulad")
    parser.add_argument("--json", type=Path, help="also keep the measurements here")
    chosen = parser.parse_args()
    found = measured(chosen.data)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    write_section(ROOT / "docs" / "results.md", "oulad", section(found))


if __name__ == "__main__":
    main()
