"""The business review of one account: from a scored day and the source tables as known then, to pages and PDFs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from features.snapshots import Snapshots
from pipelines.back_to_green import WHAT, scored_policy, stored_features
from pipelines.build_features import Checked, checked_sources, features_at
from pipelines.deliver import chosen_date, rows_of
from pipelines.files import write_text
from pipelines.known_tables import known_tables
from pipelines.plays_facts import PlaysFacts, plays_facts
from pipelines.plays_found import calm, wins_log
from pipelines.report_signals import signals_shown
from pipelines.settings import Project
from policy.errors import NotEnoughData, UsageError, did_you_mean
from policy.policy import Policy
from serving.workbench.pages import page_name
from serving.workbench.pages.words import day as shown_day
from serving.workbench.plays.expansion import shut_by
from serving.workbench.qbr import Brief, Gate, Material, brief, brief_page, pdf, sheet_page
from serving.workbench.qbr.usage import SHOWN

if TYPE_CHECKING:
    pass

TABLES = ("milestones", "touchpoints", "crm_feedback", "survey_responses")
CUSTOMER = "customer"
"""The folder of what the customer may see."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for: the version, where it goes, and whether as PDF too."""

    minutes: int | None = None
    out: Path | None = None
    as_pdf: bool = True


def qbr(
    project: Project,
    account: str,
    as_of: date | None,
    wanted: Wanted,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Write the brief and the customer's sheet; returns the object `churn qbr --json` prints.

    Raises UsageError for a day or an account that was not scored, and for minutes of no version.
    """
    day = chosen_date(project, as_of)
    scores = {str(r["account_id"]): r for r in rows_of(project, "scores", day)}
    if account not in scores:
        raise UsageError(
            f"`{account}` was not scored as of {day}.", where="account", cure=did_you_mean(account, scores)
        )
    policy = scored_policy(project, scores)
    with checked_sources(project) as checked:
        progress(f"what was known of {account} before {day}")
        given = material(checked, account, day, scores, policy)
    currency = project.settings.project.currency
    made = brief(given, policy, minutes=wanted.minutes, currency=currency)
    progress("pages")
    folder = wanted.out or project.out("qbr", f"as_of={day}")
    return {
        "account_id": account,
        "as_of": day,
        "minutes": made.sheet.minutes,
        "files": write(made, folder, currency=currency, as_pdf=wanted.as_pdf),
        "brief": as_json(made),
    }


def material(
    checked: Checked, account: str, day: str, scores: Mapping[str, dict[str, Any]], policy: Policy
) -> Material:
    """Everything a brief is made from, on sources that have been checked."""
    project, as_of = checked.project, date.fromisoformat(day)
    features = stored_features(project, day)
    features["arr"] = [scores[str(a)]["arr"] for a in features["account_id"]]
    row, facts = scores[account], plays_facts(checked, day)
    return Material(
        account_id=account,
        as_of=as_of,
        scored=row,
        about=next(r for r in rows_of(project, "book", day) if r["account_id"] == account),
        before=_before(checked, account, as_of - timedelta(days=policy.qbr.period_days), policy),
        features=features,
        tables=known_tables(checked, as_of, TABLES),
        tasks=_tasks(project, account, as_of),
        signals=_signals(project, account, day),
        gate=gate(facts, account, policy),
        logged_wins=[w.to_customer for w in wins_log(facts, policy) if w.account_id == account and w.to_customer],
        recovery=_recovery(project, account, day),
    )


def gate(facts: PlaysFacts, account: str, policy: Policy) -> Gate:
    """Whether expansion may be raised: by the gate of the expansion talk (E3, I10), and what keeps it shut."""
    why = shut_by(facts.accounts[account].tier, calm(facts, account, policy), facts.as_of, policy)
    return Gate(
        not why, f"{'; '.join(why)}." if why else f"health is {policy.expansion.tier} and nothing stands against it."
    )


def _before(checked: Checked, account: str, since: date, policy: Policy) -> dict[str, float | None]:
    """The account's figures at the beginning of the period; empty where it was no customer then."""
    known = catalogue(policy)
    try:
        _, frame = features_at(checked, Snapshots.of([since]), {name: known[name] for name in SHOWN})
    except NotEnoughData:
        return {}
    rows = frame[frame["account_id"] == account]
    if rows.empty:
        return {}
    values = rows.iloc[0][list(SHOWN)].astype(float).tolist()
    return {name: None if value != value else value for name, value in zip(SHOWN, values, strict=True)}


def _tasks(project: Project, account: str, as_of: date) -> list[dict[str, Any]]:
    """The account's tasks of every run up to the day."""
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = []
    for path in sorted((project.state / "tasks").glob("as_of=*/tasks.parquet")):
        if date.fromisoformat(path.parent.name.removeprefix("as_of=")) <= as_of:
            rows = pq.read_table(path, filters=[("account_id", "==", account)], partitioning=None)
            found += rows.to_pylist()
    return found


def _signals(project: Project, account: str, day: str) -> list[str]:
    """The warnings that stand, in a sentence each; none where nobody has looked for them."""
    shown = (signals_shown(project, day) or {}).get(account, [])
    return [
        f"{s.title}, since {shown_day(s.since)}" + (f": {s.evidence[0].sentence}" if s.evidence else ".")
        for s in shown
        if s.kind == "warning" and s.status != "suppressed"
    ]


def _recovery(project: Project, account: str, day: str) -> str:
    """What `churn back-to-green` said of the account on that day; empty where it was not asked."""
    if not (project.state / WHAT / f"as_of={day}" / f"{WHAT}.parquet").exists():
        return ""
    return next((str(r["sentence"]) for r in rows_of(project, WHAT, day) if r["account_id"] == account), "")


def write(made: Brief, folder: Path, *, currency: str, as_pdf: bool) -> dict[str, str]:
    """Write both pages, as PDF too where asked for, and the record; what → path. The customer's lie in a folder of their own."""
    stem = page_name(made.account_id).removesuffix(".html")
    pages = {"brief": brief_page(made, currency=currency), "sheet": sheet_page(made.sheet)}
    files = {}
    for what, page in pages.items():
        place = folder if what == "brief" else folder / CUSTOMER
        # The PDF first: where it cannot be drawn, nothing is written that looks whole.
        drawn = pdf(page) if as_pdf else None
        write_text(page, place / f"{stem}.html")
        files[f"{what}_html"] = str(place / f"{stem}.html")
        if drawn is not None:
            files[f"{what}_pdf"] = str(_write_bytes(drawn, place / f"{stem}.pdf"))
    content = json.dumps(as_json(made), allow_nan=False, ensure_ascii=False, indent=1)
    write_text(content, folder / f"{stem}.json")
    return files | {"brief_json": str(folder / f"{stem}.json")}


def _write_bytes(content: bytes, path: Path) -> Path:
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
    return path


def as_json(made: Brief) -> dict[str, Any]:
    """The brief as plain values: dates ISO, what is not known null."""
    return {name: _plain(value) for name, value in asdict(made).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and value != value else value
