"""Which code a trial judged: other code, other worlds."""

from __future__ import annotations

import hashlib
from pathlib import Path

JUDGED = ("policy", "data_contracts", "features", "models", "simulation", "trials")
"""Packages whole."""
ALSO = (
    "pipelines/alarms.py",
    "pipelines/build_features.py",
    "pipelines/fit.py",
    "pipelines/fit_outlook.py",
    "pipelines/outcomes.py",
    "pipelines/panel.py",
    "pipelines/train.py",
    "serving/holdout.py",
)
"""What of the pipelines stands between tables and figures."""
APART = (
    "trials/record.py",
    "trials/report.py",
    "trials/report_tables.py",
    "trials/report_year.py",
    "trials/results_page.py",
    "trials/worklist.py",
    "trials/worklist_report.py",
    "trials/worklist_world.py",
    "trials/__main__.py",
)
"""What tells and orders the work, or judges something else, and changes no figure."""


ROOT = Path(__file__).resolve().parent.parent


def fingerprint(root: Path = ROOT) -> str:
    """SHA-256 over the judged source files of a checkout, 12 digits."""
    files = [p for package in JUDGED for p in (root / package).rglob("*") if p.suffix in {".py", ".yaml"}]
    digest = hashlib.sha256()
    for path in sorted([*files, *(root / name for name in ALSO)]):
        name = path.relative_to(root).as_posix()
        if name not in APART:
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
