"""A published score is rebuilt to the bit after all that may come later, and what was changed in silence is told."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_contracts.contract import source_contracts
from data_contracts.corruption import as_arrow, corrupted
from data_contracts.facts import Facts
from data_contracts.known import in_contract_types, restated
from pipelines.build_features import Checked, checked_sources
from pipelines.rebuilt import Rebuilt, rebuilt
from pipelines.replay import TOLD, compared, told_of_all
from pipelines.score import score_on
from pipelines.settings import open_project
from pipelines.train import TrainRequest, train_on
from policy.policy import load_policy
from serving.workbench.replay.why import Circumstances
from tests.pipelines.conftest import UNTIL, Run

Trained = tuple[Path, dict[str, Any], dict[str, Any]]
WINTER = date(2026, 2, 2)
OWN = (
    'version: "2-mine"\nauthor: me\nreason: a test\nhealth: {bands: {green: 80}, weights: {usage: 30, sentiment: 30}}\n'
)


def spoiled(checked: Checked, as_of: date, seed: int) -> Facts:
    """The facts with everything changed that happened or became known at or after as_of, restatements included."""
    contracts = source_contracts()
    tables = {n: t.select(*contracts[n].column_names).to_pandas() for n, t in checked.facts.tables.items()}
    after = corrupted(tables, contracts, as_of=as_of, seed=seed)
    engine = ibis.duckdb.connect()
    made = {n: engine.create_table(n, as_arrow(frame, contracts[n])) for n, frame in after.items()}
    typed = {n: in_contract_types(frame, contracts[n]) for n, frame in after.items()}
    return Facts(made, {}, checked.facts.mapped, restated(typed, contracts))


@pytest.mark.slow
def test_everything_that_is_learned_later_changes_nothing_of_a_replay(checked: Checked, tmp_path: Path) -> None:
    here = replace(checked, project=checked.project.model_copy(update={"folder": tmp_path}))
    # The week before asked for plays, too; it is scored first, as it was.
    for day in (date(2026, 1, 26), WINTER):
        score_on(here, day)
    first = pd.read_parquet(tmp_path / ".churn/scores" / f"as_of={WINTER}" / "scores.parquet", partitioning=None)
    facts = spoiled(checked, WINTER, seed=4)
    engine = next(iter(facts.tables.values())).get_backend()
    later = replace(here, facts=facts, engine=engine)
    row = first.iloc[0].to_dict() | {"published_at": first["published_at"].iloc[0].to_pydatetime()}
    again = rebuilt(later, WINTER, row, None)
    found = compared(here.project, WINTER.isoformat(), again, None)
    assert found["differences"] == []
    assert found["fields"] > 10_000
    assert len(again.tables["tasks"]) > 0


@pytest.fixture
def later(trained: Trained, tmp_path: Path) -> Path:
    """The scored company some weeks on: trained again on other data, another policy, and more rows in its sources."""
    not_copied = shutil.ignore_patterns("prefect", "warehouse*", "data_docs", "truth")
    folder = Path(shutil.copytree(trained[0], tmp_path / "later", ignore=not_copied))
    add_late_rows(folder)
    (folder / "policy.yaml").write_text(OWN, encoding="utf-8")
    return folder


def add_late_rows(folder: Path) -> None:
    """Old rows in a new version learned on UNTIL or later, and new rows that are only learned of then."""
    keys = {"subscriptions": "arr", "invoices": "amount", "survey_responses": "score", "usage_events": "count"}
    for name, changed in keys.items():
        path = folder / "tables" / f"{name}.parquet"
        rows = pd.read_parquet(path)
        key = source_contracts()[name].key[0] if name != "usage_events" else "event_id"
        some = rows[rows[key].notna()].drop_duplicates(key, keep=False).iloc[::7].copy()
        restated_rows = some.assign(known_at=pd.Timestamp(UNTIL), **{changed: some[changed] * 0 + 1})
        fresh = some.assign(known_at=pd.Timestamp(UNTIL) + pd.Timedelta(days=3))
        fresh[key] = "late-" + fresh[key].astype(str)
        rows["known_at"] = rows["known_at"].astype("datetime64[us]")
        first = rows[key].isin(some[key]) & rows["known_at"].isna()
        event = {"subscriptions": "signed_at", "invoices": "issued_on", "survey_responses": "answered_at"}
        when = pd.to_datetime(rows[event.get(name, "occurred_at")])
        rows.loc[first, "known_at"] = when[first].astype("datetime64[us]")
        pd.concat([rows, restated_rows, fresh], ignore_index=True).to_parquet(path, index=False)


@pytest.mark.slow
def test_a_replay_is_equal_after_a_retrain_a_policy_change_and_late_rows_and_tells_a_silent_change(
    later: Path, churn: Run
) -> None:
    with checked_sources(open_project(later)) as checked:
        assert {"subscriptions", "usage_events"} <= checked.facts.restated
        train_on(checked, TrainRequest())
        score_on(checked, date(2026, 5, 25))
    code, found, _ = churn("replay", "--all", "--project", later, "--as-of", UNTIL, "--json")
    assert code == 0
    assert found["differences"] == [], found["why"]
    assert found["equal"]
    assert (found["model_version"], found["policy_version"]) == ("1", load_policy().version)
    replays = pd.read_parquet(later / ".churn" / "replays" / f"as_of={UNTIL}" / "replays.parquet")
    assert replays["equal"].all()
    assert len(replays) == found["accounts"]

    account = change_in_silence(later)
    code, found, _ = churn("replay", account, "--project", later, "--as-of", UNTIL, "--json")
    assert code == 0
    assert not found["equal"]
    assert "customer_contacts_28d" in {d["field"] for d in found["differences"] if d["table"] == "features"}
    assert any("touchpoints" in sentence and "no known_at" in sentence for sentence in found["why"])
    assert not any("*" in sentence for sentence in found["why"]), "tables are named"
    assert found["outcome"]["outcome"] in ("still a customer", "decided to leave", "its last term ran out")
    assert found["known"]


def change_in_silence(folder: Path) -> str:
    """Take back every answer of the last weeks of one account, in a table that does not say when it learned what."""
    path = folder / "tables" / "touchpoints.parquet"
    rows = pd.read_parquet(path)
    recent = rows["occurred_at"] >= pd.Timestamp(UNTIL) - pd.Timedelta(days=21)
    recent &= (rows["direction"] == "theirs") & (rows["occurred_at"] < pd.Timestamp(UNTIL))
    account = str(rows.loc[recent, "account_id"].value_counts().index[0])
    rows[~(recent & (rows["account_id"] == account))].to_parquet(path, index=False)
    return account


@dataclass(frozen=True)
class Book:
    """A published book of one field, and another one as it is rebuilt."""

    accounts: int

    def rows(self, add: float) -> pa.Table:
        ids = [f"acc-{n}" for n in range(self.accounts)]
        return pa.table({"account_id": ids, "arr": [n + add for n in range(self.accounts)]})


def test_of_a_book_that_differs_some_is_told_all_is_counted_and_the_file_has_all(tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text("", encoding="utf-8")
    project, book = open_project(tmp_path), Book(TOLD + 50)
    pq.write_table(book.rows(0.0), project.out("scores", f"as_of={WINTER}") / "scores.parquet")
    known = Circumstances(True, True, frozenset(), {}, ())
    found = compared(project, WINTER.isoformat(), Rebuilt({"scores": book.rows(0.5)}, known), None)
    written = told_of_all(project, WINTER.isoformat(), {"acc-0"}, found)
    assert (found["differing"], len(written["differences"])) == (TOLD + 50, TOLD)
    assert len(pd.read_parquet(Path(written["path"]).with_name("differences.parquet"))) == TOLD + 50


def test_an_account_that_was_not_scored_is_refused_with_the_nearest(scored: Path, churn: Run) -> None:
    code, found, _ = churn("replay", "acc-0000", "--project", scored, "--json")
    assert (code, found["error"]["where"]) == (2, "account")
    assert "Did you mean `acc-" in found["error"]["cure"]


def test_a_policy_that_is_no_longer_kept_is_an_error_with_its_cure(scored: Path, churn: Run) -> None:
    shutil.rmtree(scored / ".churn" / "policies")
    code, found, _ = churn("replay", "--all", "--project", scored, "--json")
    assert (code, found["error"]["where"]) == (3, "policies")
    assert f"`.churn/policies/{load_policy().version}.yaml`" in found["error"]["cure"]


def test_a_model_that_is_no_longer_registered_is_an_error_with_its_cure(scored: Path, churn: Run) -> None:
    # The copy has no store of models.
    account = pd.read_parquet(scored / ".churn/scores" / f"as_of={UNTIL}" / "scores.parquet")["account_id"].iloc[0]
    code, found, _ = churn("replay", account, "--project", scored, "--json")
    assert (code, found["error"]["where"]) == (3, "mlflow")
    assert "Restore" in found["error"]["cure"]


@pytest.mark.parametrize("arguments", [(), ("acc-1", "--all")])
def test_one_account_or_all_is_asked_for(arguments: tuple[str, ...], scored: Path, churn: Run) -> None:
    assert churn("replay", *arguments, "--project", scored, "--json")[0] == 2
