"""What is at stake on a scored day, from the files of scores and plays, and who looks after those that are gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipelines.deliver import rows_of
from pipelines.report_standing import day_of
from pipelines.settings import Project
from serving.reasons import long_date
from serving.workbench.kpis.slices import NOBODY
from serving.workbench.pages.stake_view import Leaver, RenewalAhead, Stake

LOST = "lost"
About = Mapping[str, Mapping[str, Any]]


def stake(project: Project, as_of: str, about: About) -> Stake:
    """The three amounts and what is behind them. `about` are the book's rows by account."""
    scores = {str(row["account_id"]): row for row in rows_of(project, "scores", as_of)}
    rated = [row for row in scores.values() if row["churn_probability"] is not None]
    owners, names = owners_known(project, as_of), names_known(project, as_of)
    ahead: tuple[RenewalAhead, ...] | None = None
    signed: list[float] = []
    if (project.state / "plays" / f"as_of={as_of}" / "renewals.parquet").exists():
        rows = [r for r in rows_of(project, "plays", as_of, part="renewals") if r["days"] >= 0]
        signed = [r["arr"] for r in rows if r["outcome"] not in (None, LOST)]
        found = [_ahead(r, scores, owners, names, about) for r in rows if r["outcome"] is None]
        ahead = tuple(sorted(found, key=lambda r: (not r.unwell, -r.arr, r.account_id)))
    return Stake(
        at_risk=sum(row["arr"] * row["churn_probability"] for row in rated) if rated else None,
        scored=len(rated),
        horizon_days=next((row["horizon_days"] for row in scores.values()), 0),
        days=project.policy.signals.renewal.stages[0],
        ahead=ahead,
        signed=(len(signed), sum(signed)),
        leavers=leavers(project, as_of, about),
    )


def leavers(project: Project, as_of: str, about: About) -> tuple[Leaver, ...] | None:
    """Who has decided to leave and is still there, the largest first; null where nobody looked for plays."""
    if not (project.state / "plays" / f"as_of={as_of}" / "departures.parquet").exists():
        return None
    owners, names, day = owners_known(project, as_of), names_known(project, as_of), date.fromisoformat(as_of)
    rows = [
        r
        for r in rows_of(project, "plays", as_of, part="departures")
        if r["returned_on"] is None and day_of(r["ends_on"]) >= day
    ]
    found = [
        Leaver(
            account_id=str(r["account_id"]),
            name=names.get(str(r["account_id"]), ""),
            owner=owners.get(str(r["account_id"])),
            arr=r["arr"],
            known_on=day_of(r["known_on"]),
            leaves_on=day_of(r["ends_on"]),
            kind=r["kind"],
            reason=r["reason"],
            page=str(r["account_id"]) in about,
        )
        for r in rows
    ]
    return tuple(sorted(found, key=lambda r: (-r.arr, r.account_id)))


def losses_told(project: Project, as_of: str, about: About) -> list[tuple[str, str]]:
    """(name, when it decided and leaves, why, and whose it is) of every known loss."""
    known = {r.account_id: r for r in leavers(project, as_of, about) or ()}
    return [
        (str(row["name"] or row["account_id"]), _told(known.get(str(row["account_id"]))))
        for row in rows_of(project, "known_losses", as_of)
    ]


def owners_known(project: Project, as_of: str) -> dict[str, str | None]:
    """Account → its owner, of those that are gone too: from the owners kept with the signals, and the movements of
    its ARR; those that nobody owned are missing or null."""
    found: dict[str, str | None] = {}
    if (project.state / "signals" / f"as_of={as_of}" / "owners.parquet").exists():
        found = {str(row["account_id"]): row["owner_id"] for row in rows_of(project, "signals", as_of, "owners")}
    for part in ("movements", "year"):
        if (project.state / "kpis" / f"as_of={as_of}" / f"{part}.parquet").exists():
            for row in _columns(project, as_of, part, ["account_id", "csm"]):
                if row["csm"] != NOBODY:
                    found[str(row["account_id"])] = row["csm"]
    return found | {str(row["account_id"]): row["owner_id"] for row in rows_of(project, "book", as_of)}


def names_known(project: Project, as_of: str) -> dict[str, str]:
    """Account → its name, of the book, of known losses, and of who moved the ARR of the last year."""
    rows = [*rows_of(project, "known_losses", as_of), *rows_of(project, "book", as_of)]
    if (project.state / "kpis" / f"as_of={as_of}" / "year.parquet").exists():
        rows = [*_columns(project, as_of, "year", ["account_id", "name"]), *rows]
    return {str(row["account_id"]): row["name"] for row in rows if row["name"]}


def _columns(project: Project, as_of: str, part: str, columns: list[str]) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    path = project.state / "kpis" / f"as_of={as_of}" / f"{part}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path, columns=columns, partitioning=None).to_pylist()
    return rows


def _ahead(
    row: Mapping[str, Any],
    scores: Mapping[str, Mapping[str, Any]],
    owners: Mapping[str, str | None],
    names: Mapping[str, str],
    about: About,
) -> RenewalAhead:
    account = str(row["account_id"])
    score = scores.get(account, {})
    return RenewalAhead(
        account_id=account,
        name=names.get(account, ""),
        owner=owners.get(account),
        arr=row["arr"],
        ends_on=day_of(row["term_ends_on"]),
        stage=row["stage"],
        health=score.get("health_tier"),
        risk=score.get("risk_tier"),
        needs_approval=bool(row["needs_approval"]),
        page=account in about,
    )


def _told(leaver: Leaver | None) -> str:
    if leaver is None:
        return "the decision to leave is known; `churn plays` tells when and why"
    why = f", {leaver.kind.replace('_', ' ')}" if leaver.kind else ""
    why += f" ({leaver.reason.replace('_', ' ')})" if leaver.reason else ""
    whose = f"; {leaver.owner} looks after it" if leaver.owner else "; nobody looks after it"
    return f"decided by {long_date(leaver.known_on)}, leaves on {long_date(leaver.leaves_on)}{why}{whose}"
