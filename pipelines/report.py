"""The CSM pages from the files of a scoring run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from features.catalogue import catalogue
from models.health_score import component_weights
from pipelines.as_scored import as_scored, evaluation_of
from pipelines.changes import change_of
from pipelines.deliver import rows_of
from pipelines.holdout import held_since
from pipelines.outlook import ahead, outlooks
from pipelines.report_signals import signals_shown
from pipelines.report_stake import losses_told
from pipelines.report_standing import contacts, standings, this_week, told_by_plays
from pipelines.report_views import briefs, views, ways_told
from pipelines.report_zones import in_zone, zones_of
from pipelines.score import TREND_WEEKS
from pipelines.settings import Project
from serving.indicator_names import label
from serving.reasons import long_date, main_driver_told, moves_enough, tells_a_change
from serving.workbench.pages import write_site
from serving.workbench.pages.standing_view import Standing
from serving.workbench.pages.view import AccountView, Book, Driver, Fact, Signal, Task, Week

PLAIN = {
    "health_recalibrated": "health score and renewal date",
    "calendar": "renewal date",
    "recency": "time since the last sign of life",
    "logistic": "model of all indicators",
    "lightgbm": "model of all indicators",
    "ensemble": "model of all indicators",
    "health_score": "health score only",
}
FACTS = 8


def report(project: Project, as_of: str, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Write the pages for one scored as-of date; returns the index page."""
    project = as_scored(project, as_of)
    site, shown = project.state / "site", views(project, as_of)
    return write_site(book(project, as_of), site, shown, briefs(project, as_of), progress=progress)


def book(project: Project, as_of: str) -> Book:
    """The whole book as the pages show it, weights and plays as in the policy it was scored with."""
    scores, project = rows_of(project, "scores", as_of), as_scored(project, as_of)
    about = {r["account_id"]: r for r in rows_of(project, "book", as_of)}
    drivers = _by_account(rows_of(project, "drivers", as_of))
    evidence = _by_account(rows_of(project, "evidence", as_of))
    known, zones = told_by_plays(project, as_of), zones_of(project, as_of)
    tasks = _by_account([r for r in rows_of(project, "tasks", as_of) if r["task_key"] not in known])
    standing, owed, week = standings(project, as_of, zones), contacts(project, as_of), this_week(project, as_of)
    outlook, widest = outlooks(project, as_of), project.policy.evidence.widest_range
    shown, held = signals_shown(project, as_of), held_since(project, as_of)
    changed, ways = change_of(project, as_of), ways_told(project, as_of)
    day = date.fromisoformat(as_of)
    first = scores[0]
    return Book(
        title=project.settings.project.name,
        as_of=day,
        published_at=first["published_at"],
        expires_on=first["expires_on"],
        horizon_days=first["horizon_days"],
        currency=project.settings.project.currency,
        scorer=PLAIN[first["scorer"]],
        weights=dict(component_weights(project.policy)),
        accounts=[
            replace(
                _view(
                    project, day, row, about[row["account_id"]], drivers, evidence, tasks, zones.get(row["account_id"])
                ),
                signals=None if shown is None else _told(shown, row["account_id"], held),
                held_since=held.get(row["account_id"]),
                ahead=ahead(outlook.get(row["account_id"]), widest),
                change=changed.get(row["account_id"], {}).get("sentence", ""),
                way_back_short=ways.get(row["account_id"], ("", ""))[0],
                way_back=ways.get(row["account_id"], ("", ""))[1],
                standing=None if standing is None else standing.get(row["account_id"], Standing()),
                contacts=None if owed is None else owed.get(row["account_id"], ()),
                this_week=week.get(row["account_id"], ""),
            )
            for row in scores
        ],
        unavailable=_unavailable(project),
        known_losses=losses_told(project, as_of, about),
        model_note=_note(project, first),
    )


def _by_account(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["account_id"]].append(row)
    return found


def _view(
    project: Project,
    day: date,
    row: Mapping[str, Any],
    about: Mapping[str, Any],
    drivers: Mapping[str, list[dict[str, Any]]],
    evidence: Mapping[str, list[dict[str, Any]]],
    tasks: Mapping[str, list[dict[str, Any]]],
    zone: str | None,
) -> AccountView:
    account = row["account_id"]
    told = {e["indicator"]: e for e in evidence.get(account, []) if _changed(e, day)}
    moved = drivers.get(account, [])
    play = row["play"]
    steps = next((p.steps for p in project.policy.plays.values() if p.play == play), ())
    return AccountView(
        account_id=account,
        name=about["name"] or account,
        segment=about["segment"] or "",
        industry=about["industry"] or "",
        region=about["region"] or "",
        owner=about["owner_id"],
        arr=row["arr"],
        seats=None if about["seats"] is None else int(about["seats"]),
        term_ends_on=about["term_ends_on"],
        tenure_days=about["tenure_days"],
        health_score=row["health_score"],
        health_before=_number(about["health_before"]),
        health_tier=row["health_tier"],
        coverage=row["coverage"],
        components={c: _number(row[f"{c}_score"]) for c in component_weights(project.policy)},
        probability=_number(row["churn_probability"]),
        probability_before=_number(about["probability_before"]),
        base_probability=None if _number(about["base_points"]) is None else about["base_points"] / 100,
        risk_tier=row["risk_tier"],
        low_evidence=row["evidence"] == "low",
        reasons=[row[f"reason_{i}"] for i in (1, 2, 3) if row[f"reason_{i}"]],
        drivers=_grouped(moved, told),
        facts=_facts(moved, told, project.policy.evidence.least_change),
        weeks=[
            Week(day - timedelta(weeks=i + 1), None if about[f"week_{i:02d}"] is None else int(about[f"week_{i:02d}"]))
            for i in reversed(range(TREND_WEEKS))
        ],
        tasks=[
            Task(t["subject"], in_zone(t["due_at"], zone), t["owner_id"], t["step"], t["body"])
            for t in tasks.get(account, [])
        ],
        play=play,
        play_steps=list(steps),
        service=_service(about),
        journey=about.get("journey_status"),
        weights=_own_weights(about["tenure_days"], project),
        # A book that was scored before drivers could be told apart has no such column.
        standing_out=main_driver_told(about["main_driver"], {d.group: d.points for d in _grouped(moved, told)})
        if "main_driver" in about
        else "",
    )


def _told(shown: Mapping[str, list[Signal]], account: str, held: Collection[str]) -> list[Signal]:
    """An account's signals; where it is held out, its chances to grow alone."""
    return [s for s in shown.get(account, []) if s.kind != "warning" or account not in held]


def _service(about: Mapping[str, Any]) -> str:
    """How the account is served, in one sentence; empty where its ARR is not known.

    >>> _service({"touch_model": "mid", "team_segment": "mid_market", "success_plan": "templated",
    ...           "cadence": "check-in every 60 days", "on_qbr_list": True})
    'Mid-touch, mid-market: check-in every 60 days, templated success plan, on the QBR list'
    """
    # A book that was scored before accounts had a touch model has no such column.
    if about.get("touch_model") is None:
        return ""
    team = {"smb": "SMB"}.get(about["team_segment"], about["team_segment"].replace("_", "-"))
    listed = ", on the QBR list" if about["on_qbr_list"] else ""
    head = f"{about['touch_model'].capitalize()}-touch, {team}"
    return f"{head}: {about['cadence']}, {about['success_plan']} success plan{listed}"


def _own_weights(tenure_days: int, project: Project) -> dict[str, int] | None:
    """The weights of an account that is still onboarding; None where the book's hold."""
    if tenure_days >= project.policy.onboarding.tenure_days:
        return None
    return dict(component_weights(project.policy, onboarding=True))


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _grouped(moved: list[dict[str, Any]], told: Mapping[str, dict[str, Any]]) -> list[Driver]:
    """One driver per group, in percentage points, with the sentence of its strongest indicator that has one."""
    points: dict[str, float] = defaultdict(float)
    for row in moved:
        points[row["group"]] += row["contribution"]
    found = []
    for group in sorted(points, key=lambda g: -abs(points[g])):
        inside = sorted((r for r in moved if r["group"] == group), key=lambda r: -abs(r["contribution"]))
        sentence = next((told[r["indicator"]]["sentence"] for r in inside if r["indicator"] in told), None)
        found.append(Driver(group, points[group], sentence))
    return found


def _changed(fact: Mapping[str, Any], day: date) -> bool:
    """Whether a row of evidence tells a change that a reader would call one."""
    if fact["before_text"] == fact["after_text"] or fact["indicator"] not in catalogue():
        return False
    days = (day - fact["since"]).days
    return tells_a_change(catalogue()[fact["indicator"]], fact["before"], fact["after"], days=days)


def _facts(moved: list[dict[str, Any]], told: Mapping[str, dict[str, Any]], least_change: float) -> list[Fact]:
    """The indicators that moved by enough and weigh most, as label, before and after."""
    indicators = catalogue()
    found: list[Fact] = []
    told_already: set[tuple[str, str, str, date]] = set()
    for row in sorted(moved, key=lambda r: -abs(r["contribution"])):
        fact = told.get(row["indicator"])
        if fact is None:
            continue
        if not moves_enough(fact["before"], fact["after"], least_change):
            continue
        risk = indicators[row["indicator"]].risk
        rising = fact["after"] > fact["before"]
        worse = None if risk is None else rising == (risk == "higher")
        said = (label(row["indicator"]), fact["before_text"], fact["after_text"], fact["since"])
        # Two indicators may tell the same: revenue itself, and its place within the segment.
        if said not in told_already:
            told_already.add(said)
            found.append(Fact(*said, worse))
        if len(found) == FACTS:
            break
    return found


def _unavailable(project: Project) -> list[str]:
    from data_contracts.contract import source_contracts

    return [n.replace("_", " ") for n in source_contracts() if not (project.sources / f"{n}.sql").exists()]


def _note(project: Project, first: Mapping[str, Any]) -> str:
    """How good the probability is, in one sentence, from the champion's own evaluation."""
    if first["model_version"] is None:
        return "No probability yet: too few customers have left to learn from. The health score stands alone."
    figures = evaluation_of(project, first)
    if figures is None:
        return "The probability has not been judged on later data."
    own = figures["models"][first["scorer"]]
    test = figures["test"]
    return (
        f"Judged on {test['n_churned_accounts']} customers who left between {_words(test['from'])} and "
        f"{_words(test['until'])}: the tenth of accounts rated riskiest held {own['lift_at_10']:.1f} times as many "
        f"departures as the average tenth. Most accounts rated risky still stay."
    )


def _words(iso: str) -> str:
    return long_date(date.fromisoformat(iso))
