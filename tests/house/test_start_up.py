"""What a command loads before it has anything to do: looked up in a fresh interpreter, not timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.house.tree import ROOT

HEAVY = {
    "pandas",
    "numpy",
    "sklearn",
    "scipy",
    "lightgbm",
    "shap",
    "mlflow",
    "prefect",
    "great_expectations",
    "ibis",
    "duckdb",
    "pyarrow",
    "matplotlib",
    "optuna",
}
OFF = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


def fresh(code: str, **environment: str) -> str:
    """What the code prints in an interpreter of its own, without the telemetry switches of this one."""
    kept = {k: v for k, v in os.environ.items() if k not in OFF}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LOADED = "import sys, json; sys.stdout.write('\\n' + json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"


def loaded_by(code: str) -> set[str]:
    return set(json.loads(fresh(f"{code}\n{LOADED}").splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["score", "--help"], ["nonsense"]])
def test_help_and_usage_errors_load_nothing_heavy(arguments: list[str]) -> None:
    code = f"from pipelines.cli import main\ntry:\n    main({arguments!r})\nexcept SystemExit:\n    pass"
    assert not loaded_by(code) & HEAVY


def test_init_loads_nothing_that_computes() -> None:
    assert not loaded_by("import pipelines.scaffold") & (HEAVY - {"numpy"})


def test_write_back_loads_neither_pandas_nor_anything_that_learns() -> None:
    modules = "delivery, plan, sqlite, memory, ledger, outbox, sending, sheet, staged, destination"
    assert not loaded_by(f"from serving.writeback import {modules}") & HEAVY


def test_what_trains_loads_no_search_before_a_trial_is_asked_for() -> None:
    assert "optuna" not in loaded_by("import pipelines.train, pipelines.backtest, models.tune_search")


def test_the_flows_are_not_loaded_by_plain_commands() -> None:
    assert "prefect" not in loaded_by("import pipelines.runs, pipelines.steps, pipelines.settings, pipelines.deliver")


def test_telemetry_is_off() -> None:
    code = (
        "import os, json; from pipelines.tracking import no_telemetry; no_telemetry(); "
        f"print(json.dumps({{k: os.environ.get(k) for k in {sorted(OFF)!r}}}))"
    )
    assert json.loads(fresh(code)) == OFF


def test_what_the_user_set_stays() -> None:
    code = "import os; from pipelines.tracking import no_telemetry; no_telemetry(); print(os.environ['DO_NOT_TRACK'])"
    assert fresh(code, DO_NOT_TRACK="1").strip() == "1"
