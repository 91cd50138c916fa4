"""Imports go one way, and each heavy library has one door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, imports

DOORS = {
    "great_expectations": {"data_contracts/"},
    "lightgbm": {"models/boosted.py"},
    "shap": {"models/tree_shap.py"},
    "optuna": {"models/tune_search.py"},
    "ortools": {"serving/workbench/worklist/knapsack.py"},
    "mlflow": {"pipelines/tracking.py", "pipelines/served_model.py"},
    "prefect": {"pipelines/blocks.py", "pipelines/flows.py", "pipelines/prefect_server.py"},
    "open_data_contract_standard": {"data_contracts/odcs.py"},
    "vaderSentiment": {"features/mood.py"},
    "typer": {
        "pipelines/autopsy_command.py",
        "pipelines/back_to_green_command.py",
        "pipelines/cli.py",
        "pipelines/crm_commands.py",
        "pipelines/delivery_commands.py",
        "pipelines/explain_command.py",
        "pipelines/kpis_command.py",
        "pipelines/journey_command.py",
        "pipelines/monitor_command.py",
        "pipelines/options.py",
        "pipelines/plays_command.py",
        "pipelines/policy_commands.py",
        "pipelines/replay_command.py",
        "pipelines/review_command.py",
        "pipelines/qbr_command.py",
        "pipelines/runs_command.py",
        "pipelines/schedule_commands.py",
        "pipelines/signals_command.py",
        "pipelines/workbench_command.py",
        "pipelines/worklist_command.py",
    },
    "empulse": {"models/money.py"},
    "lifelines": {"serving/workbench/kpis/survival.py"},
    "openpyxl": {"serving/workbench/kpis/export.py"},
    "httpx": {"serving/writeback/web.py"},
    "psycopg": {
        "serving/writeback/place_postgres.py",
        "serving/writeback/postgres.py",
        "pipelines/backend.py",
        "data_contracts/",
    },
    "jinja2": {
        "data_contracts/",
        "serving/workbench/pages/",
        "serving/workbench/qbr/render.py",
        "pipelines/card_page.py",
    },
    "weasyprint": {"serving/workbench/qbr/pdf.py"},
}


def test_import_linter_keeps_its_contracts() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("library", DOORS)
def test_a_heavy_library_has_one_door(library: str) -> None:
    found = [i for i in imports() if i.top == library]
    assert found, f"{library} is imported nowhere: mend this rule"
    strays = [f"{i.file}:{i.line}" for i in found if not i.file.startswith(tuple(DOORS[library]))]
    assert not strays


def test_what_looks_forward_is_imported_by_pipelines_and_trials_alone() -> None:
    found = [i for i in imports() if i.module == "features.labels"]
    assert found
    assert {i.file.partition("/")[0] for i in found} == {"pipelines", "trials"}


def test_the_simulation_is_known_to_the_demo_and_the_trials_alone() -> None:
    outside = {i.file for i in imports() if i.top == "simulation" and not i.file.startswith(("simulation/", "trials/"))}
    assert outside == {"pipelines/demo.py"}


def test_no_module_is_imported_from_a_parent_by_dots() -> None:
    # Relative imports hide which layer is meant; `imports` would not see them either.
    import ast

    from tests.house.tree import files, read

    dotted = [
        f"{path}:{node.lineno}"
        for path in files(".py")
        if path.parts[0] in PACKAGES
        for node in ast.walk(ast.parse(read(path)))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not dotted


def test_nothing_is_pickled() -> None:
    banned = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    assert not [f"{i.file}:{i.line} {i.module}" for i in imports() if i.top in banned]


def test_nothing_opens_a_connection_of_its_own() -> None:
    banned = {"requests", "urllib.request", "urllib3", "socket", "ftplib", "smtplib"}
    # The door to web APIs looks a name up before it calls it; mails leave by a door of their own.
    doors = {("serving/writeback/web.py", "socket"), ("serving/alerts/channels.py", "smtplib")}
    assert not [
        f"{i.file}:{i.line} {i.module}" for i in imports() if i.module in banned and (i.file, i.module) not in doors
    ]
