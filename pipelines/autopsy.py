"""`churn autopsy`: every account that was lost, with exactly one verdict on why, and the evidence for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from data_contracts.facts import latest
from features.labels import data_until, losses, losses_of_kind
from features.reductions.money import terms
from features.reductions.shapes import GONE
from features.signals.catalogue import signals as signals_of
from features.signals.state import signal_history
from features.snapshots import EPOCH
from pipelines.autopsy_weeks import Lost, weeks_before
from pipelines.autopsy_work import work_before
from pipelines.build_features import Checked, checked_sources, cohort_rule
from pipelines.files import write_parquet
from pipelines.lapses import lapses
from pipelines.panel import first_as_of, label_rule
from pipelines.settings import Project
from pipelines.tracking import Tracking
from policy.errors import NotEnoughData, UsageError
from serving.workbench.replay.autopsy import LAPSE, Autopsy, Case, Verdict, Warned, autopsy
from serving.workbench.replay.stayed import stayed

if TYPE_CHECKING:
    import pandas as pd


def autopsies(
    project: Project,
    first: date | None,
    until: date | None,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Check the sources and open every loss decided from `first` up to and without `until`, and every lapse.

    Without dates: from the first day on which the book can be seen to the end of the data. Raises UsageError for an
    inactivity label, of which no day is decided, and NotEnoughData where nobody was lost.
    """
    with checked_sources(project) as checked:
        return autopsies_on(checked, first, until, progress=progress)


def autopsies_on(
    checked: Checked, first: date | None, until: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """The same on sources that have been checked; writes `.churn/autopsies/as_of=UNTIL/`."""
    project, rule = checked.project, label_rule(checked)
    if rule.kind != "decision":
        raise UsageError(
            "an inactivity label knows no day on which a customer decided.",
            where="[label] kind",
            cure='An autopsy needs decisions: decision_at in sources/subscriptions.sql and kind = "decision".',
        )
    reach = min(filter(None, (until, data_until(checked.facts))))
    begin = first or first_as_of(checked)
    ran_out = {(loss.account_id, loss.ends_on): loss.arr for loss in lapses(checked, reach)}
    kinds = dict.fromkeys(ran_out, LAPSE) | _lost(checked)
    lost = sorted(one for one in kinds if begin <= one[1] < reach)
    if not lost:
        raise NotEnoughData(
            f"nobody was lost between {begin} and {reach}.", where="autopsy", cure="Give a longer period."
        )
    days = rule.horizon_days + rule.gap_days
    progress(f"{len(lost)} losses from {begin} to {reach}, each with the {days} days before it")
    looked = weeks_before(checked, lost, Tracking(project).champion(), reach, days=days, progress=progress)
    progress("warnings")
    warned = _warned(checked, lost, days)
    done, arr = work_before(checked, lost, days), ran_out | _arr(checked, lost)
    about = (
        latest(checked.facts, "accounts").select("account_id", "name", "segment").to_pandas().set_index("account_id")
    )
    found = [
        autopsy(
            Case(
                account_id=one[0],
                name=_text(about, one[0], "name") or one[0],
                segment=_text(about, one[0], "segment"),
                decided_on=one[1],
                kind=kinds[one],
                arr=arr.get(one),
                weeks=looked.weeks[one],
                warnings=warned.get(one, ()),
                work=done[one].work,
                contacts=done[one].contacts,
            ),
            project.policy.tasks.trigger_tiers,
            project.policy.monitoring.risk_words,
        )
        for one in lost
    ]
    base = stayed(looked.seen, {account for account, _ in kinds}, [day for _, day in lost], days=days)
    path = write_autopsies(project, reach, found)
    return {
        "as_of": reach.isoformat(),
        "from": begin.isoformat(),
        "until": reach.isoformat(),
        "lookback_days": days,
        "policy_version": project.policy.version,
        "lost": len(found),
        "lapsed": sum(a.case.kind == LAPSE for a in found),
        "flagged": sum(a.flagged_on is not None for a in found),
        "stayed": {"accounts": base.accounts, "flagged": base.flagged},
        "rescored_weeks": looked.rescored,
        "earlier": sum(1 for one in kinds if one[1] < begin),
        "arr": _sum(found),
        "verdicts": counted(found),
        "autopsies": [{**_row(a), "evidence": list(a.evidence)} for a in found],
        "path": path,
    }


def counted(found: Sequence[Autopsy]) -> dict[str, dict[str, Any]]:
    """Per verdict: accounts, their share, the ARR lost and its share of all that is known; null where none is known."""
    whole = _sum(found)
    table = {}
    for verdict in Verdict:
        some = [a for a in found if a.verdict == verdict]
        arr = _sum(some)
        table[str(verdict)] = {
            "accounts": len(some),
            "share": len(some) / len(found) if found else None,
            "arr": arr if some else 0.0,
            "share_of_arr": None if not whole or (some and arr is None) else (arr or 0.0) / whole,
        }
    return table


def _lost(checked: Checked) -> dict[Lost, str | None]:
    """(account, day of the decision) → its kind; null where it is not told."""
    rule = label_rule(checked)
    found: dict[Lost, str | None] = dict.fromkeys(_days(losses(checked.facts, rule)))
    for kind in rule.loss_kinds:
        found.update(dict.fromkeys(_days(losses_of_kind(checked.facts, rule, kind)), kind))
    return found


def _days(table: Any) -> list[Lost]:
    rows = table.to_pandas()
    return [(str(a), EPOCH + timedelta(days=int(d))) for a, d in zip(rows["account_id"], rows["lost_day"], strict=True)]


def _warned(checked: Checked, lost: Sequence[Lost], days: int) -> dict[Lost, tuple[Warned, ...]]:
    """The warnings that stood in each look-back, those of the whole segment left out."""
    project, policy = checked.project, checked.project.policy
    declared = {name: s for name, s in signals_of(policy).items() if s.kind == "warning"}
    history = signal_history(
        checked.facts,
        cohort_rule(project),
        declared,
        min(day for _, day in lost) - timedelta(days=days),
        max(day for _, day in lost) - timedelta(days=1),
        clear_runs=policy.signals.clear_runs,
        weekday=project.settings.panel.weekday,
        accounts=sorted({account for account, _ in lost}),
    )
    told = alerts_told(project)
    episodes: dict[str, list[tuple[str, date, date | None]]] = {}
    for account, signal, started, cleared in history.itertuples(index=False):
        ended = None if cleared is None or cleared != cleared else cleared
        episodes.setdefault(str(account), []).append((str(signal), started, ended))
    return {
        (account, decided_on): tuple(
            Warned(declared[s].name, f"{s}, {declared[s].title},", started, told.get((account, s, started)))
            for s, started, ended in episodes.get(account, ())
            if started < decided_on and (ended is None or ended > decided_on - timedelta(days=days))
        )
        for account, decided_on in lost
    }


def alerts_told(project: Project) -> dict[tuple[str, str, date], date]:
    """(account, signal, first day of the episode) → the day on which an owner was first told of it."""
    path = project.state / "alerts.sqlite"
    if not path.exists():
        return {}
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT key, min(at) FROM told WHERE state='sent' AND key<>'' GROUP BY key").fetchall()
    found = {}
    for key, at in rows:
        account, signal, started = str(key).rsplit("|", 2)
        found[account, signal, date.fromisoformat(started)] = date.fromisoformat(str(at)[:10])
    return found


def _arr(checked: Checked, lost: Sequence[Lost]) -> dict[Lost, float]:
    """The ARR of the terms in force on the day of the decision; no entry where there is none."""
    rows = terms(checked.facts.tables)
    rows = rows.filter(rows[GONE].isnull()) if GONE in rows.columns else rows
    held: dict[str, list[tuple[int, int, int]]] = {}
    for account, *term in rows.select("account_id", "starts", "ends", "arr_cents").to_pandas().itertuples(index=False):
        held.setdefault(str(account), []).append((int(term[0]), int(term[1]), int(term[2])))
    found = {}
    for account, decided_on in lost:
        day = (decided_on - EPOCH).days
        cents = [c for starts, ends, c in held.get(account, ()) if starts <= day < ends]
        if cents:
            found[account, decided_on] = sum(cents) / 100
    return found


def _text(about: pd.DataFrame, account: str, column: str) -> str | None:
    value = about[column].get(account)
    return value if isinstance(value, str) else None


def _sum(found: Sequence[Autopsy]) -> float | None:
    known = [a.case.arr for a in found if a.case.arr is not None]
    return sum(known) if known else None


def _row(a: Autopsy) -> Mapping[str, Any]:
    case = a.case
    return {
        "account_id": case.account_id,
        "name": case.name,
        "segment": case.segment,
        "decided_on": case.decided_on.isoformat(),
        "kind": case.kind,
        "arr": case.arr,
        "verdict": str(a.verdict),
        "flagged_on": None if a.flagged_on is None else a.flagged_on.isoformat(),
        "lead_days": a.lead_days,
        "published_weeks": sum(w.published_on is not None for w in case.weeks),
        "replayed_weeks": sum(w.published_on is None for w in case.weeks),
    }


def write_autopsies(project: Project, reach: date, found: Sequence[Autopsy]) -> str:
    """A row per loss, and a row per sentence of evidence; returns the first file's path."""
    import pandas as pd

    folder = project.out("autopsies", f"as_of={reach.isoformat()}")
    said = [(a.case.account_id, a.case.decided_on, place, line) for a in found for place, line in enumerate(a.evidence)]
    lines = pd.DataFrame(said, columns=["account_id", "decided_on", "place", "sentence"])
    write_parquet(lines, folder / "evidence.parquet")
    rows = [{**_row(a), "decided_on": a.case.decided_on, "flagged_on": a.flagged_on} for a in found]
    table = pd.DataFrame(rows).astype({"arr": "float64", "lead_days": "Int64", "kind": "string", "segment": "string"})
    # Last: a reader that finds the verdicts finds their evidence.
    return str(write_parquet(table, folder / "autopsies.parquet"))
