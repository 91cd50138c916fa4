"""What the page on data health shows, from the files of the last check, score, training, monitoring and delivery."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from data_contracts.contract import source_contracts
from features.catalogue import catalogue
from pipelines.as_scored import evaluation_of, monitored
from pipelines.check_record import read_check
from pipelines.deliver import rows_of, staged
from pipelines.run_report import reports
from pipelines.settings import Project
from serving.workbench.pages.data_view import Arrived, DataView, DeliveryLine, GroupLine, ModelLine, RunLine, TableLine

if TYPE_CHECKING:
    from serving.writeback.destination import Kind
    from serving.writeback.status import Status

RUNS = 8
KNOWN = re.compile(r"`(\w+)` is known in `?(\w+)\.\w+`?\.")
PLAIN_RUN = {"weekly": "Weekly batch", "daily": "Daily run", "monthly": "Monthly training"}


def data_health(project: Project, as_of: str) -> DataView:
    """The page's record for one scored as-of date. What was never run is null or empty, and said on the page."""
    checked, scores = read_check(project), rows_of(project, "scores", as_of)
    deliveries, found = _deliveries(project)
    return DataView(
        verdict="" if checked is None else checked["verdict"],
        checked_at=None if checked is None else datetime.fromisoformat(checked["checked_at"]),
        tables=() if checked is None else tuple(_tables(checked)),
        groups=tuple(_groups(project, as_of)),
        accounts=len(scores),
        unrated=sum(row["health_tier"] == "unrated" for row in scores),
        model=_model(project, scores[0]) if scores else None,
        alerts=_alerts(project, as_of, scores[0]) if scores else None,
        runs=tuple(_runs(project)),
        deliveries=deliveries,
        waiting=sum(found.waiting.values()),
        arrived=_arrived(project, as_of) if deliveries else (),
        refused=tuple(found.rejected.items()),
        examples=tuple((line.kind, line.key, line.reason) for line in found.examples),
    )


def _tables(checked: Mapping[str, Any]) -> Iterator[TableLine]:
    contracts = source_contracts()
    warned: dict[str, list[str]] = {}
    for warning in checked["warnings"]:
        warned.setdefault(warning["table"], []).append(warning["message"])
    for name, found in checked["tables"].items():
        says = {check.name: check.says for check in contracts[name].checks}
        newest = checked["newest"].get(name)
        yield TableLine(
            name=name,
            verdict=found["verdict"],
            rows=found["rows"],
            set_apart=found["quarantined"],
            newest=None if newest is None else datetime.fromisoformat(newest).date(),
            failing=tuple((plain_check(says.get(f["check"], f["check"])), f["rows"]) for f in found["failed"]),
            limit_days=contracts[name].limits.latency_days,
            warnings=(*filter(None, [found.get("message")]), *warned.get(name, ())),
        )


def plain_check(says: str) -> str:
    """What a check says, for people who do not read columns.

    >>> plain_check("`account_id` is known in accounts.account_id.")
    'the account it names is in accounts'
    >>> plain_check("`count` is at least 1.")
    '`count` is at least 1.'
    """
    found = KNOWN.fullmatch(says)
    return says if found is None else f"the {found[1].removesuffix('_id').replace('_', ' ')} it names is in {found[2]}"


def _groups(project: Project, as_of: str) -> Iterator[GroupLine]:
    """How much of each group of indicators is known, from the features that were scored."""
    import pandas as pd

    path = project.state / "features" / f"as_of={as_of}" / "features.parquet"
    if not path.exists():
        return
    known = pd.read_parquet(path, partitioning=None).notna().mean()
    groups: dict[str, list[str]] = {}
    for name, indicator in catalogue(project.policy).items():
        if name in known.index:
            groups.setdefault(indicator.group, []).append(name)
    for group, names in groups.items():
        never = tuple(name.replace("_", " ") for name in names if known[name] == 0)
        yield GroupLine(group, len(names), float(known[names].mean()), never)


def _model(project: Project, score: Mapping[str, Any]) -> ModelLine | None:
    """The model that made the scores, with its own evaluation."""
    if score["model_version"] is None:
        return None
    version, scorer = str(score["model_version"]), str(score["scorer"])
    figures = evaluation_of(project, score)
    if figures is None:
        return ModelLine(version, scorer, None, None, None, None, None, None)
    own, test = figures["models"][scorer], figures["test"]
    interval = own["roc_auc_ci"]
    return ModelLine(
        version=version,
        scorer=scorer,
        learned_until=date.fromisoformat(figures["train"]["until"]),
        tested=(date.fromisoformat(test["from"]), date.fromisoformat(test["until"])),
        churned=test["n_churned_accounts"],
        auc=own["roc_auc"],
        auc_range=None if interval is None or None in interval else (interval[0], interval[1]),
        auc_in_window=own["roc_auc_in_window"],
    )


def _alerts(project: Project, as_of: str, score: Mapping[str, Any]) -> tuple[str, ...] | None:
    found = monitored(project, str(score["model_version"]), as_of)
    if found is None:
        return None
    return tuple(alert["sentence"] for alert in found["alerts"])


def _runs(project: Project) -> Iterator[RunLine]:
    for found, _ in zip(reports(project), range(RUNS), strict=False):
        note = found["error"]["message"] if found["error"] else found["notice"] or ""
        what = PLAIN_RUN.get(found["what"], found["what"])
        yield RunLine(what, datetime.fromisoformat(found["started"]), found["outcome"], note)


def _deliveries(project: Project) -> tuple[tuple[DeliveryLine, ...], Status]:
    """The last deliveries, and what the ledger says of the rest. Nothing is asked of the CRM."""
    from pipelines.destinations import destination, ledger
    from serving.writeback.status import status

    with closing(destination(project)) as crm:
        found = status(crm.name, ledger(project), time.time())
    lines = tuple(
        DeliveryLine(
            run=run.run_id,
            what=run.what,
            began=datetime.fromisoformat(run.started_at),
            ended=None if run.finished_at is None else datetime.fromisoformat(run.finished_at),
            written=run.written,
            skipped=run.skipped,
            rejected=run.rejected,
            deferred=run.deferred,
        )
        for run in found.runs[:RUNS]
    )
    return lines, found


def _arrived(project: Project, as_of: str) -> tuple[Arrived, ...]:
    """Whether what was planned for the day has arrived, by the ledger: a key stands there once, so nothing is doubled.

    A score is confirmed once its day or a later one is: the one of a week ago says nothing of today's. A task keeps its
    key and is confirmed once it is there.
    """
    from pipelines.destinations import destination, ledger
    from serving.writeback.ledger import Ledger
    from serving.writeback.place import place_of

    planned: dict[Kind, list[str]] = {"score": [], "task": []}
    for row in staged(project, as_of)[1]:
        planned[row.kind].append(row.key)
    with closing(destination(project)) as crm, place_of(ledger(project)).reading(crm.name) as store:
        memory = Ledger(store, crm.name, time.time)
        return tuple(
            Arrived(
                kind,
                len(keys),
                sum(kind == "task" or seen.as_of >= as_of for seen in memory.confirmed(kind, keys).values()),
            )
            for kind, keys in planned.items()
        )
