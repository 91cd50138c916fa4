"""Autopsies of a whole book: who is opened, what is read of the weeks before, and what is counted and written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

from features.catalogue import catalogue
from features.snapshots import Snapshots
from models.health_score import health_scores
from pipelines.autopsy import alerts_told, autopsies_on, counted, write_autopsies
from pipelines.autopsy_weeks import snapshot_days
from pipelines.autopsy_work import outcomes
from pipelines.build_features import Checked, features_at
from pipelines.files import write_parquet
from pipelines.health_inputs import health_inputs
from pipelines.lapses import lapses
from pipelines.replay_account import RAN_OUT, STAYS, outcome_today
from pipelines.score import first_published
from policy.errors import UsageError
from policy.policy import load_policy
from serving.alerts.told import opened
from serving.workbench.replay.autopsy import Case, Verdict, Week, autopsy

FROM = date(2026, 4, 20)


def test_the_weeks_before_a_decision_end_the_day_before_it_and_reach_back_so_far() -> None:
    monday = date(2026, 6, 1)
    assert snapshot_days(monday, 14, "monday") == [date(2026, 5, 25), date(2026, 5, 18)]
    assert snapshot_days(monday + timedelta(days=1), 14, "monday") == [monday, date(2026, 5, 25)]
    assert snapshot_days(monday, 14, "thursday") == [date(2026, 5, 28), date(2026, 5, 21)]
    assert len(snapshot_days(monday, 104, "monday")) == 14


@pytest.mark.slow
def test_the_health_of_a_replayed_week_is_that_of_all_indicators(checked: Checked) -> None:
    policy, at = load_policy(), Snapshots.of([date(2026, 3, 2)])
    names = health_inputs(policy)
    assert 20 < len(names) < len(catalogue(policy)) / 2
    _, few = features_at(checked, at, names)
    _, every = features_at(checked, at)
    pd.testing.assert_frame_equal(health_scores(few, policy), health_scores(every, policy), check_exact=True)


def test_verdicts_are_counted_with_their_arr_and_unknown_arr_is_no_zero() -> None:
    lost = [Case(str(n), "x", None, date(2026, 6, 1), None, arr) for n, arr in enumerate((300.0, 100.0, None))]
    found = [autopsy(one, ("red",), ()) for one in lost]
    assert counted(found)[str(Verdict.NO_SIGNAL)] == {"accounts": 3, "share": 1.0, "arr": 400.0, "share_of_arr": 1.0}
    assert counted(found)[str(Verdict.WORKED)] == {"accounts": 0, "share": 0.0, "arr": 0.0, "share_of_arr": 0.0}
    assert counted(found[2:])[str(Verdict.NO_SIGNAL)]["arr"] is None
    assert set(counted([])) == {str(v) for v in Verdict}


def test_an_alert_counts_from_the_day_its_owner_was_first_told(checked: Checked, tmp_path: Path) -> None:
    project = checked.project.model_copy(update={"folder": tmp_path})
    assert alerts_told(project) == {}
    key, day = "acc|7|W1|2026-05-04", datetime(2026, 5, 5, 9, tzinfo=UTC)
    with opened(project.out() / "alerts.sqlite") as told:
        told.begin(["b|W1|2026-05-04"], "mail", day)
        told.sending("1", "mail", [key], day)
        assert alerts_told(project) == {}
        told.sent("1", "mail")
        told.sending("2", "webhook", [key], day - timedelta(days=1))
        told.sent("2", "webhook")
    assert alerts_told(project) == {("acc|7", "W1", date(2026, 5, 4)): date(2026, 5, 4)}
    with closing(sqlite3.connect(tmp_path / ".churn" / "alerts.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM told").fetchone() == (4,)


def test_a_loss_that_nothing_flagged_is_written_beside_one_that_was(checked: Checked, tmp_path: Path) -> None:
    project = checked.project.model_copy(update={"folder": tmp_path})
    calm = Case("a", "x", None, date(2026, 6, 1), None, None)
    flagged = replace(calm, account_id="b", weeks=(Week(date(2026, 5, 4), None, "red", None),))
    found = [autopsy(one, ("red",), ()) for one in (calm, flagged)]
    table = pd.read_parquet(write_autopsies(project, date(2026, 6, 2), found), partitioning=None)
    assert [None if pd.isna(day) else day for day in table["flagged_on"]] == [None, date(2026, 5, 4)]


def said(key: str, value: str, **more: Any) -> dict[str, Any]:
    at = datetime.fromisoformat("2026-05-04T09:00")
    row = {
        "account_id": "a",
        "kind": "task_outcome",
        "task_key": key,
        "value": value,
        "recorded_at": at,
        "known_at": at,
    }
    return row | {"reason": None, "expires_on": None} | more


@pytest.mark.parametrize(
    ("key", "value", "works"),
    [
        ("a|adoption rescue:assess|2026-W19", "done", True),
        ("acc|7|churn prevention:plan|2026-W19", "No_answer", True),
        ("a|onboarding:mail_3|2026-05-01", "done", False),
        ("a|expansion talk:step_1|2026-05-01", "done", False),
        ("task-7", "done", False),
        ("a|adoption rescue:assess|2026-W19", "not_needed", False),
        ("a|adoption rescue:assess|2026-W19", "Not needed", False),
        ("a|adoption rescue:assess|2026-W19", "cancelled", False),
        ("a|adoption rescue:assess|2026-W19", "In progress", False),
        ("a|adoption rescue:assess|2026-W19", "snoozed until 2026-06-01: waits", False),
    ],
)
def test_only_an_outcome_of_a_play_against_the_risk_is_work(key: str, value: str, works: bool) -> None:
    found = list(outcomes([said(key, value)], load_policy()))
    assert found == ([("a", date(2026, 5, 4), value)] if works else [])


def test_an_outcome_counts_from_the_day_it_could_be_known() -> None:
    row = said("a|adoption rescue:assess|2026-W19", "done", known_at=datetime.fromisoformat("2026-05-09T09:00"))
    assert [on for _, on, _ in outcomes([row], load_policy())] == [date(2026, 5, 9)]


def with_terms(checked: Checked, account: str, ends: date) -> Checked:
    """With one undecided term of the account that ends on a day, and no other."""
    rows = checked.facts.tables["subscriptions"].to_pandas()
    own = rows[rows["account_id"] == account].iloc[[0]].assign(ends_on=ends, starts_on=date(2025, 1, 1))
    for column in ("decision_at", "decision_kind", "effective_on", "reason"):
        own[column] = None
    rows = pd.concat([rows[rows["account_id"] != account], own.astype(rows.dtypes)], ignore_index=True)
    tables = {**checked.facts.tables, "subscriptions": ibis.memtable(rows)}
    return replace(checked, facts=replace(checked.facts, tables=tables))


def test_a_term_that_ran_out_without_a_decision_is_a_loss_and_no_customer(checked: Checked) -> None:
    account = str(checked.facts.tables["subscriptions"].to_pandas()["account_id"].iloc[0])
    over = date(2026, 3, 1)
    here = with_terms(checked, account, over)
    (loss,) = [one for one in lapses(here, date(2026, 6, 1)) if one.account_id == account]
    assert (loss.ends_on, loss.lapsed, loss.kind) == (over, True, None)
    assert not [one for one in lapses(here, date(2026, 3, 31)) if one.account_id == account]
    found = outcome_today(here, account, date(2026, 2, 2))
    assert (found["outcome"], found["ended_on"], found["days_after"]) == (RAN_OUT, "2026-03-01", 27)
    assert outcome_today(with_terms(checked, account, date(2030, 1, 1)), account, over)["outcome"] == STAYS


def test_a_week_that_is_scored_again_stays_published_when_it_first_was(checked: Checked, tmp_path: Path) -> None:
    project = checked.project.model_copy(update={"folder": tmp_path})
    day = "2026-05-04"
    assert first_published(project, day) is None
    folder = project.out("scores", f"as_of={day}")
    write_parquet(
        pd.DataFrame({"published_at": [datetime.fromisoformat("2026-06-01T09:00")]}), folder / "scores.parquet"
    )
    assert first_published(project, day) == datetime.fromisoformat("2026-06-01T09:00")
    (folder / "made_with.json").write_text('{"first_published_at": "2026-05-04T06:00:00"}', encoding="utf-8")
    assert first_published(project, day) == datetime.fromisoformat("2026-05-04T06:00")


def test_with_an_inactivity_label_nobody_decides(checked: Checked) -> None:
    label = checked.project.settings.label.model_copy(update={"kind": "inactivity"})
    settings = checked.project.settings.model_copy(update={"label": label})
    with pytest.raises(UsageError, match="no day on which a customer decided"):
        autopsies_on(replace(checked, project=checked.project.model_copy(update={"settings": settings})), None, None)


@pytest.mark.slow
def test_every_loss_of_a_period_is_opened_once_and_a_published_week_counts_as_such(
    checked: Checked, tmp_path: Path
) -> None:
    here = replace(checked, project=checked.project.model_copy(update={"folder": tmp_path}))
    first = autopsies_on(here, FROM, None)
    terms = checked.facts.tables["subscriptions"].to_pandas()
    kinds = list(load_policy().label.loss_kinds)
    decided = terms[terms["decision_kind"].isin(kinds) & (terms["decision_at"] >= pd.Timestamp(FROM))]
    assert {a["account_id"] for a in first["autopsies"]} <= set(decided["account_id"])
    keys = [(a["account_id"], a["decided_on"]) for a in first["autopsies"]]
    assert len(set(keys)) == len(keys) == first["lost"] > 0
    assert sum(v["accounts"] for v in first["verdicts"].values()) == first["lost"]
    assert first["verdicts"][str(Verdict.NOT_WORKED)]["accounts"] == 0, "nothing was published"
    assert first["stayed"]["accounts"] > first["lost"]
    assert 0 < first["stayed"]["flagged"] < first["flagged"] / first["lost"]
    assert first["rescored_weeks"] == 0
    table = pd.read_parquet(first["path"], partitioning=None)
    assert list(table["verdict"]) == [a["verdict"] for a in first["autopsies"]]
    assert set(pd.read_parquet(Path(first["path"]).with_name("evidence.parquet"))["account_id"]) == set(
        table["account_id"]
    )

    without_tasks = [a for a in first["autopsies"] if not any(line.startswith("A task") for line in a["evidence"])]
    flagged = next(a for a in without_tasks if a["verdict"] == Verdict.WOULD and a["lead_days"] > 7)
    publish(here, flagged)
    second = autopsies_on(with_contacts(here, flagged), FROM, None)
    changed = [b for a, b in zip(first["autopsies"], second["autopsies"], strict=True) if a["verdict"] != b["verdict"]]
    assert [b["account_id"] for b in changed] == [flagged["account_id"]]
    assert changed[0]["verdict"] == Verdict.NOT_WORKED
    assert changed[0]["published_weeks"] == 1
    assert "contact" in changed[0]["evidence"][-1]

    again = here.project.out("scores", f"as_of={flagged['flagged_on']}")
    rows = pd.read_parquet(again / "scores.parquet", partitioning=None)
    first_at = rows["published_at"].iloc[0].isoformat()
    (again / "made_with.json").write_text(f'{{"first_published_at": "{first_at}"}}', encoding="utf-8")
    write_parquet(rows.assign(published_at=pd.Timestamp("2027-01-01")), again / "scores.parquet")
    third = autopsies_on(with_contacts(here, flagged), FROM, None)
    assert [a["verdict"] for a in third["autopsies"]] == [a["verdict"] for a in second["autopsies"]]
    assert third["rescored_weeks"] == 1

    worked = autopsies_on(with_contacts(here, flagged, 2), FROM, None)
    assert [a["verdict"] for a in worked["autopsies"] if a["account_id"] == flagged["account_id"]] == [Verdict.WORKED]


def publish(here: Checked, flagged: dict[str, Any]) -> None:
    """The scores of the flagged week as if they had been published on it, one account of them."""
    day = date.fromisoformat(flagged["flagged_on"])
    row = {f"{c}_score": [80.0] for c in ("usage", "engagement", "sentiment", "commercial")}
    row |= {"account_id": [flagged["account_id"]], "policy_version": [load_policy().version], "health_tier": ["yellow"]}
    row |= {"as_of": [day], "risk_tier": ["low"], "published_at": [pd.Timestamp(day) + pd.Timedelta(hours=5)]}
    write_parquet(pd.DataFrame(row), here.project.out("scores", f"as_of={day}") / "scores.parquet")


def with_contacts(here: Checked, flagged: dict[str, Any], *days_after: int) -> Checked:
    """With no contacts of the account but ours because of risk, so many days after the flagged week."""
    rows = here.facts.tables["touchpoints"].to_pandas()
    other = rows[rows["account_id"] != flagged["account_id"]]
    new = rows.iloc[[0] * len(days_after)].assign(account_id=flagged["account_id"], direction="ours", reason="risk")
    new["occurred_at"] = [pd.Timestamp(flagged["flagged_on"]) + pd.Timedelta(days=n) for n in days_after]
    tables = {**here.facts.tables, "touchpoints": ibis.memtable(pd.concat([other, new], ignore_index=True))}
    return replace(here, facts=replace(here.facts, tables=tables))
