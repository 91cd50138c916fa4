"""The benchmarks measure what they say: the same data every time, the same answers from every contender, a table."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks import engine, in_pandas, running
from benchmarks.__main__ import main
from benchmarks.book import SIZES, book
from benchmarks.case import Case
from benchmarks.columns import CORE, FIVE, as_of_dates
from benchmarks.events import write_events
from benchmarks.generate import cohort_file, generated, rows_of
from benchmarks.goals import Goal, goals
from benchmarks.page import different
from benchmarks.running import Measured
from features.catalogue import catalogue

SNAPSHOTS = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.fixture(scope="module")
def data(folder: Path) -> Path:
    made = generated("tiny", folder)
    cohort_file(made, SNAPSHOTS)
    return made


def frame(table: Any) -> Any:
    import pandas as pd

    found = table.to_pandas() if hasattr(table, "to_pandas") else table
    found = found.assign(as_of=pd.to_datetime(found["as_of"])).sort_values(["as_of", "account_id"], ignore_index=True)
    return found.astype({name: "float64" for name in found.columns if name not in ("account_id", "as_of")})


def built(contender: Any, data: Path, columns: str, source: str = "parquet") -> Any:
    return frame(contender(Case("any", "tiny", SNAPSHOTS, columns, source), data)())


def test_generated_events_are_the_same_every_time(data: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.parquet"
    assert write_events(book(SIZES["tiny"]), SIZES["tiny"], again) == rows_of(data)["usage_events"]
    assert again.read_bytes() == (data / "usage_events.parquet").read_bytes()


def test_generated_tables_keep_their_contracts(data: Path) -> None:
    import ibis

    from data_contracts.check import check_sources
    from data_contracts.contract import source_contracts
    from data_contracts.mapping import Mapped

    warehouse = ibis.duckdb.connect()
    mapped = {n: Mapped(n, Path(f"{n}.sql"), f"SELECT * FROM '{data / n}.parquet'") for n in source_contracts()}
    _, report = check_sources(warehouse, warehouse, mapped, {}, now=datetime(2026, 1, 5))  # noqa: DTZ001
    assert {name: table.verdict for name, table in report.tables.items()} == dict.fromkeys(mapped, "ok")


def test_every_contender_gives_the_same_core_columns(data: Path) -> None:
    import pandas as pd

    ours = built(engine.engine, data, "core")
    assert list(ours.columns) == ["account_id", "as_of", *CORE]
    assert ours.notna().sum().min() > 0
    for other in (
        built(engine.raw_sql, data, "core"),
        built(in_pandas.work, data, "core"),
        built(engine.engine, data, "core", "duckdb"),
    ):
        pd.testing.assert_frame_equal(ours, other[ours.columns], rtol=1e-12)


def test_the_five_columns_are_those_of_the_core(data: Path) -> None:
    import pandas as pd

    five = built(engine.engine, data, "five")
    assert list(five.columns) == ["account_id", "as_of", *FIVE]
    pd.testing.assert_frame_equal(five, built(in_pandas.work, data, "five")[five.columns])


def test_a_further_window_is_a_window_of_a_measure_that_is_there() -> None:
    wider = engine.indicators("core and further windows")
    assert set(CORE) < set(wider)
    reductions = {leaf.reduction.name for name in wider if name not in CORE for leaf in wider[name].expr.leaves()}
    assert reductions == {"user_days"}
    assert set(engine.indicators("all")) == set(catalogue())


def test_as_of_dates_end_with_the_book() -> None:
    assert [d.isoformat() for d in as_of_dates(3, stride_weeks=4)] == ["2025-11-03", "2025-12-01", "2025-12-29"]


def test_one_command_writes_the_table_and_an_interrupted_run_takes_up_where_it_stopped(
    folder: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "benchmarks.md"
    asked = [
        "--size",
        "tiny",
        "--only",
        "Ibis ÷ raw SQL",
        "--repetitions",
        "1",
        "--data",
        str(folder),
        "--page",
        str(page),
    ]
    main(asked)
    text = page.read_text(encoding="utf-8")
    assert "| Ibis ÷ raw SQL, core columns, tiny/52 | ≤ 1.1 × |" in text
    assert "- raw_sql core tiny/52 parquet: as the engine." in text
    monkeypatch.setattr(running, "_run", lambda case, folder: pytest.fail(f"{case.name} was run again"))
    main(asked)
    assert page.read_text(encoding="utf-8") == text


def run(cpu: float, rss: float = 1.0) -> Measured:
    return Measured(cpu=cpu, process_cpu=cpu, wall=cpu, rss=rss, load=0.1, at="2026-01-05T00:00:00", digest=None)


def test_a_ratio_is_taken_within_a_turn_and_its_median_is_judged() -> None:
    slow, quick = Case("engine", "S", 1), Case("scan", "S")
    goal = Goal("a ÷ b", (slow, quick), lambda a, b: a.cpu / b.cpu, 2.5)
    figures = goal.figures({slow: [run(2.0), run(9.0), run(5.0)], quick: [run(1.0), run(3.0), run(2.0)]})
    assert figures == [2.0, 3.0, 2.5]
    assert goal.reached(figures) is True
    assert goal.reached([2.0, 2.6, 2.6]) is False
    assert goal.reached([]) is None


def test_equal_digests_and_others() -> None:
    assert not different({"a": [3, 1.0]}, {"a": [3, 1.0 + 1e-9]})
    assert different({"a": [3, 1.0]}, {"a": [2, 1.0]}) == ["a"]
    assert different({"a": [3, 1.0]}, {"a": [3, 1.1], "b": [1, 1.0]}) == ["a", "b"]


def test_l_stays_within_a_limit_and_runs_once() -> None:
    from benchmarks.goals import cases

    chosen = goals(["L"])
    assert [(case.memory, n) for case, n in cases(chosen, 5)] == [("6GB", 1)]


def test_the_explanation_benchmark_measures_what_adds_up_and_equals_shap() -> None:
    from benchmarks.explanation import measured

    found = measured(rounds=3, accounts=2000, sample=300)
    assert found["exact"]
    assert found["largest_difference"] < 1e-9
    assert found["ratio"] == pytest.approx(found["ours_cpu_s"] / found["tree_shap_cpu_s"])
    assert (found["trees"], found["accounts"]) == (15, 2000)
