"""`churn kpis` and `churn scenario` on the simulated company: files, one object, and the point in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from openpyxl import load_workbook

from pipelines.build_features import Checked
from pipelines.files import write_parquet
from pipelines.kpis import kpis_on, summary, what_is_known
from policy.errors import NotEnoughData
from serving.workbench.kpis.movements import AMOUNTS, months
from serving.workbench.kpis.waterfall import monthly_movements
from tests.pipelines.conftest import UNTIL, Run

FILES = ("metrics", "series", "waterfall", "movements", "cohorts", "survival", "year", "moved", "book", "goal")
PAST = date(2025, 12, 1)


def test_the_metrics_of_a_company_are_written_and_every_month_of_its_waterfall_closes(
    checked: Checked, tmp_path: Path
) -> None:
    workbook = tmp_path / "kpis.xlsx"
    found, folder = kpis_on(checked, UNTIL, months=14, export=workbook)
    assert sorted(p.stem for p in folder.glob("*.parquet")) == sorted(FILES)
    assert load_workbook(workbook, read_only=True).sheetnames == list(found.tables())
    whole = found.waterfall[found.waterfall["slice_by"] == "all"]
    assert len(whole) == 14
    parts = (
        whole["start"] - whole["churn"] - whole["contraction"] + whole["expansion"] + whole["new"] + whole["won_back"]
    )
    assert (parts - whole["end"]).abs().max() < 0.005
    assert (whole["end"].iloc[:-1].to_numpy() == whole["start"].iloc[1:].to_numpy()).all()
    grr = found.series[found.series["name"] == "grr"]["value"].dropna()
    assert len(grr) > 100
    assert grr.between(0, 1).all()
    known = found.metrics[found.metrics["slice_by"] == "all"].set_index("name")["value"]
    assert known.drop(["time_to_churn_median"]).notna().all()
    told = summary(found, folder, "csm")
    assert list(told) == ["as_of", "metrics", "waterfall", "grr_moved", "goal", "path"]
    assert {m["slice_by"] for m in told["metrics"]} == {"all", "csm"}
    assert len(told["waterfall"]) == 12


def test_every_month_since_the_first_term_closes_to_the_cent(checked: Checked) -> None:
    ledger = what_is_known(checked, UNTIL, months=1).ledger
    rows = monthly_movements(ledger, months(ledger.begins, ledger.as_of), win_back_days=180)
    by_month = rows.groupby("month")[list(AMOUNTS)].sum()
    assert len(by_month) > 60
    lost, gained = by_month["churn"] + by_month["contraction"], by_month[["expansion", "new", "won_back"]].sum(axis=1)
    assert (by_month["start"] - lost + gained == by_month["end"]).all()
    assert (by_month["end"].iloc[:-1].to_numpy() == by_month["start"].iloc[1:].to_numpy()).all()
    assert by_month["end"].iloc[-1] == ledger.on(ledger.as_of).sum()


@pytest.mark.slow
def test_the_command_prints_one_object_and_writes_its_files(book: Path, churn: Run, tmp_path: Path) -> None:
    workbook = tmp_path / "kpis.xlsx"
    code, found, _ = churn(
        "kpis", "--project", book, "--as-of", PAST, "--by", "segment", "--months", 3, "--export", workbook, "--json"
    )
    assert code == 0
    assert found["as_of"] == PAST.isoformat()
    assert {m["slice"] for m in found["metrics"]} == {"all", "enterprise", "mid_market", "smb"}
    assert sorted(p.stem for p in Path(found["path"]).glob("*.parquet")) == sorted(FILES)
    assert workbook.exists()
    code, page, _ = churn("kpis", "--project", book, "--months", 2)
    assert code == 0
    assert "What moved it most" in " ".join(page.split())


def test_the_book_of_a_day_is_that_of_the_cohort(checked: Checked) -> None:
    from features.catalogue import catalogue
    from features.snapshots import Snapshots
    from pipelines.build_features import features_at

    chosen = {"active_users_28d": catalogue(checked.project.policy)["active_users_28d"]}
    _, frame = features_at(checked, Snapshots.of([UNTIL]), chosen)
    arr = frame.set_index("account_id")["arr"]
    now = what_is_known(checked, UNTIL, months=1).at(pd.Timestamp(UNTIL)).now / 100
    both = pd.DataFrame({"cohort": arr, "ledger": now}).dropna()
    assert len(both) > 150
    assert (both["cohort"] - both["ledger"]).abs().max() < 0.005


def test_what_is_learned_later_changes_nothing_of_an_earlier_day(checked: Checked) -> None:
    facts = checked.facts
    terms = facts.tables["subscriptions"].to_pandas()
    late = terms[pd.to_datetime(terms["known_at"]) < pd.Timestamp(PAST)].tail(40)
    changed = pd.concat([terms, late.assign(arr=1.0, known_at=pd.Timestamp(PAST))], ignore_index=True)
    columns = facts.tables["subscriptions"].schema()
    other = replace(
        checked,
        facts=replace(
            facts,
            tables={**facts.tables, "subscriptions": ibis.memtable(changed, schema=columns)},
        ),
    )
    before, after = (what_is_known(c, PAST, months=1).ledger for c in (checked, other))
    pd.testing.assert_frame_equal(before.levels, after.levels)
    next_day = what_is_known(other, date(2025, 12, 2), months=1).ledger
    assert not next_day.levels.equals(before.levels)


def test_a_term_that_is_left_this_morning_is_over_this_morning(checked: Checked) -> None:
    facts, day = checked.facts, pd.Timestamp(PAST)
    terms = facts.tables["subscriptions"].to_pandas()
    runs = (pd.to_datetime(terms["starts_on"]) < day) & (pd.to_datetime(terms["ends_on"]) > day + pd.Timedelta(days=40))
    one = terms[runs & terms["decision_at"].isna() & (terms["arr"] > 0)].iloc[0]
    mine = terms["subscription_id"] == one["subscription_id"]
    terms.loc[mine, "decision_kind"] = "voluntary"
    terms.loc[mine, "decision_at"] = day - pd.Timedelta(days=9)
    terms["effective_on"] = terms["effective_on"].astype(object)
    terms.loc[mine, "effective_on"] = PAST
    columns = facts.tables["subscriptions"].schema()
    table = ibis.memtable(pa.Table.from_pandas(terms, columns.to_pyarrow(), preserve_index=False))
    left = replace(checked, facts=replace(facts, tables={**facts.tables, "subscriptions": table}))
    over = {}
    for seen in (PAST, date(2025, 12, 2)):
        own = what_is_known(left, seen, months=1).ledger.terms.set_index("subscription_id")
        over[seen] = own.loc[one["subscription_id"], "over"]
    assert set(over.values()) == {day}


def test_before_the_first_term_there_is_nothing_to_measure(checked: Checked) -> None:
    with pytest.raises(NotEnoughData, match="no subscription has begun by 1999-01-01"):
        what_is_known(checked, date(1999, 1, 1))


def test_the_scenario_needs_no_data(tmp_path: Path, churn: Run) -> None:
    code, found, _ = churn("scenario", "--project", tmp_path, "--json")
    assert code == 0
    assert list(found) == ["now", "promised", "target_arr", "new_arr_needed", "audit"]
    assert (found["now"]["end_arr"], found["promised"]["end_arr"], found["new_arr_needed"]) == (10.5e6, 11.5e6, 2.5e6)
    assert next(one["about"] for one in found["audit"] if not one["agrees"]) == "expansion promised"
    code, found, _ = churn("scenario", "--project", tmp_path, "--churn", "0.1", "--new-arr", "500000", "--json")
    assert found["now"]["end_arr"] == 10e6 * 1.1 + 5e5
    code, page, _ = churn("scenario", "--project", tmp_path)
    assert "$14M needs $2.5M of new logos" in " ".join(page.split())


def test_more_than_there_is_cannot_be_lost(tmp_path: Path, churn: Run) -> None:
    given = ("--churn", "0.7", "--contraction", "0.4", "--json")
    code, found, _ = churn("scenario", "--project", tmp_path, *given)
    assert (code, found["error"]["where"]) == (2, "--churn, --contraction")


def test_the_scenario_starts_from_the_own_book_once_it_is_measured(tmp_path: Path, churn: Run) -> None:
    code, found, _ = churn("scenario", "--project", tmp_path, "--own", "--json")
    assert (code, found["error"]["cure"]) == (2, "Run `churn kpis` first.")
    own = {"arr": 2e6, "arr_churn": 0.1, "grr": 0.85, "grr_churn_only": 0.9, "expansion_rate": 0.2}
    rows = [{"name": n, "slice_by": "all", "value": v, "reason": None} for n, v in own.items()]
    file = tmp_path / ".churn" / "kpis" / "as_of=2026-06-01" / "metrics.parquet"
    write_parquet(pd.DataFrame(rows), file)
    code, found, _ = churn("scenario", "--project", tmp_path, "--own", "--json")
    assert code == 0
    assert found["now"]["rates"]["contraction"] == 0.05
    assert found["now"]["end_arr"] == 2e6 * 1.05
    assert (found["target_arr"], found["new_arr_needed"]) == (None, None), "the texts promise nothing to this company"
    assert "No ARR is promised of this book" in " ".join(churn("scenario", "--project", tmp_path, "--own")[1].split())
    (tmp_path / "policy.yaml").write_text(
        'version: "1-mine"\nauthor: me\nreason: a test\nscenario: {arr: 1900000, target_arr: 3000000}\n'
    )
    assert churn("scenario", "--project", tmp_path, "--own", "--json")[1]["target_arr"] == 3e6
    (tmp_path / "policy.yaml").unlink()
    rows[0]["value"], rows[0]["reason"] = float("nan"), "the subscriptions begin on 2026-05-10"
    write_parquet(pd.DataFrame(rows), file)
    code, found, _ = churn("scenario", "--project", tmp_path, "--own", "--json")
    assert (code, found["error"]["message"]) == (2, "`arr` is not known: the subscriptions begin on 2026-05-10.")
