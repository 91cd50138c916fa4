"""The work list and the desk of one scored week: what `churn worklist` prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.build_features import Checked, checked_sources
from pipelines.capacity import Owing, owing_on, records
from pipelines.deliver import chosen_date, rows_of
from pipelines.files import write_parquet, write_text
from pipelines.holdout import held_since
from pipelines.known_tables import known_tables
from pipelines.settings import Project
from pipelines.worklist_history import history
from pipelines.worklist_seen import seen
from policy.errors import UsageError, did_you_mean
from serving.workbench.capacity import day_hours, hours_for_plays
from serving.workbench.promises import Promise
from serving.workbench.worklist.desk import at_risk, cells, csm_views, desk
from serving.workbench.worklist.effects import Effects, effects_of
from serving.workbench.worklist.worklist import WorkList, candidates, worklist

if TYPE_CHECKING:
    import pandas as pd

INDICATORS = ("past_due_days", "arr_change_364d", "days_to_term_end")


def work_of_week(
    project: Project,
    as_of: date | None,
    *,
    owner: str | None = None,
    hours: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Check the sources and choose; returns the object `churn worklist --json` prints, and writes .churn/worklist/.

    `hours` replaces the hours that each owner has for plays. With `owner` only that owner's part is told; the files hold
    everyone's. Raises UsageError where nothing was scored or nobody of that name owns an account.
    """
    day = date.fromisoformat(chosen_date(project, as_of))
    with checked_sources(project) as checked:
        return work_on(checked, day, owner=owner, hours=hours, progress=progress)


def work_on(
    checked: Checked,
    day: date,
    *,
    owner: str | None = None,
    hours: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """The same on sources that have been checked."""
    project, policy = checked.project, checked.project.policy
    book = scored_book(project, day)
    progress("hours of every owner")
    owing = owing_on(checked, day)
    owners = sorted({*(str(o) for o in book["owner_id"].dropna()), *owing.team.roles})
    if owner is not None and owner not in owners:
        raise UsageError(
            f"`{owner}` owns no account and has no role as of {day}.", where="--owner", cure=did_you_mean(owner, owners)
        )
    held = set(held_since(project, day.isoformat()))
    available = hours_for_plays(owing.report.owners)
    if hours is not None:
        available = dict.fromkeys(owners, hours)
    progress("what acting saves")
    effects = effects_of(policy.save_effects, seen(checked, day))
    progress("choosing")
    rows = candidates(wanted(book, owing, held), effects, policy)
    days = {person: day_hours(role, policy) for person, (role, _) in owing.team.roles.items()}
    found = worklist(rows, available, policy, day, days=days)
    progress("where views disagree")
    past, source = history(checked, day)
    views = desk(book, csm_views(_feedback(checked, day), policy, day), cells(past, policy), policy, day)
    folder = project.out("worklist", f"as_of={day.isoformat()}")
    write_parquet(views, folder / "desk.parquet")
    write_text(json.dumps(_effects(effects), allow_nan=False, indent=1) + "\n", folder / "effects.json")
    write_parquet(found.owners, folder / "owners.parquet")
    # The list last: a reader that finds it finds what belongs to it.
    path = write_parquet(found.accounts, folder / "worklist.parquet")
    told = _told(found, views, effects, owner)
    return {"as_of": day.isoformat(), "held_out": len(held), "history": source} | told | {"path": str(path)}


def scored_book(project: Project, day: date) -> pd.DataFrame:
    """Everyone scored that day: scores, who owns them, the main driver, and the indicators that the desk reads."""
    import pandas as pd

    iso = day.isoformat()
    scores = pd.DataFrame(rows_of(project, "scores", iso))
    book = pd.DataFrame(rows_of(project, "book", iso))
    features = pd.DataFrame(rows_of(project, "features", iso))
    about = book.reindex(columns=["account_id", "name", "owner_id", "main_driver"])
    facts = features.reindex(columns=["account_id", *INDICATORS])
    return scores.merge(about, on="account_id", how="left").merge(facts, on="account_id", how="left")


def wanted(book: pd.DataFrame, owing: Owing, held: set[str]) -> pd.DataFrame:
    """Who has a play or is at risk or was promised something, the accounts of the holdout aside: nobody may act on them.

    What was promised is a row for each person who does it, with the hours of all plays that this person owes the
    account and the first time by which one is due. Who is promised nothing is a row of the account's owner.
    """
    import pandas as pd

    tiers = zip(book["health_tier"], book["risk_tier"], strict=True)
    risky = pd.Series([at_risk(health, risk) for health, risk in tiers], index=book.index, dtype=bool)
    own = {a: None if pd.isna(o) else str(o) for a, o in zip(book["account_id"], book["owner_id"], strict=True)}
    work: dict[tuple[str, str | None], list[Promise]] = {}
    for promise in owing.promises:
        if promise.account_id in own:
            worker = owing.team.does(promise.role, own[promise.account_id], promise.account_id)
            work.setdefault((promise.account_id, worker), []).append(promise)
    told = [
        {
            "account_id": account,
            "worker_id": worker,
            "promised": ", ".join(p.play for p in plays),
            "hours": sum(p.hours for p in plays),
            "due_at": min(p.due_at for p in plays),
        }
        for (account, worker), plays in work.items()
    ]
    due = pd.DataFrame(told, columns=["account_id", "worker_id", "promised", "hours", "due_at"])
    named = book["play"].notna() | risky | book["account_id"].isin({*due["account_id"], *owing.aside})
    rows = book[named & ~book["account_id"].isin(held)].merge(due, on="account_id", how="left")
    promised = rows["due_at"].notna()
    rows["worker_id"] = rows["worker_id"].where(promised, rows["owner_id"])
    rows["play"] = rows["play"].where(~promised, rows["promised"])
    rows["why"] = rows["reason_1"]
    rows["zone"] = rows["account_id"].map(owing.zones)
    aside = [owing.aside.get(str(account)) for account in rows["account_id"]]
    for name, column in (("status", "aside"), ("until", "until"), ("why", "note")):
        rows[column] = pd.Series([getattr(a, name, None) for a in aside], index=rows.index, dtype=object)
    return rows.drop(columns="promised")


def _feedback(checked: Checked, day: date) -> pd.DataFrame:
    import pandas as pd

    columns = ["feedback_id", "account_id", "kind", "value", "recorded_at", "expires_on"]
    found = known_tables(checked, day, ["crm_feedback"]).get("crm_feedback")
    return pd.DataFrame(columns=columns) if found is None else found[columns]


def _told(found: WorkList, views: pd.DataFrame, effects: Effects, owner: str | None) -> dict[str, Any]:
    accounts, owners = found.accounts, found.owners
    if owner is not None:
        accounts = accounts[accounts["worker_id"] == owner]
        owners, views = (f[f["owner_id"] == owner] for f in (owners, views))
    done = accounts[accounts["status"].isin(["due", "chosen"])]
    nobody = accounts[accounts["status"] == "nobody"]
    return {
        "candidates": len(accounts),
        "statuses": {str(k): int(n) for k, n in accounts["status"].value_counts().items()},
        # Where nothing can be weighed yet, nobody knows what is saved.
        "saved_arr": float(done["saved_arr"].sum()) if done.empty or done["saved_arr"].notna().any() else None,
        "breached": int(owners["breached"].sum()),
        "hours": float(owners["hours"].sum()),
        "hours_used": float(owners["hours_used"].sum()),
        "save_effects": _effects(effects),
        "owners": records(owners),
        "worklist": records(accounts),
        "unowned": records(nobody),
        "desk": records(views),
    }


def _effects(effects: Effects) -> Mapping[str, Any]:
    ci = effects.effect_ci
    return {
        "source": effects.source,
        "sentence": effects.sentence,
        "effect": effects.effect,
        "effect_ci": None if ci is None else list(ci),
        "by_group": dict(effects.by_group),
    }
