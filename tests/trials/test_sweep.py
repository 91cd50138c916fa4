"""Which worlds a sweep judges, and that what is done is not done again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.errors import SettingsError
from trials.fingerprint import ALSO, APART, JUDGED, fingerprint
from trials.sweep import FULL, Job, Plan, judged_world, sweep


def test_sizes_share_their_worlds_and_the_silent_are_apart() -> None:
    jobs = list(Plan({500: 3, 2000: 1}, silent=2, acted=2).jobs())
    assert [(j.name, j.parts) for j in jobs] == [
        ("world-000", ("500", "2000", "acted")), ("world-001", ("500", "acted")), ("world-002", ("500",)),
        ("null-000", ("500",)), ("null-001", ("500",)),
    ]  # fmt: skip


def test_the_full_plan_is_what_the_results_page_promises() -> None:
    assert dict(FULL.worlds) == {200: 20, 500: 100, 2_000: 20, 5_000: 6, 50_000: 1}
    assert (FULL.silent, FULL.acted, FULL.explained) == (100, 6, 1_000_000)


def test_finished_worlds_are_not_judged_again_and_half_a_file_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "abc"
    folder.mkdir()
    for name in ("world-000-500.json", "null-000-500.json"):
        (folder / name).write_text(json.dumps({}))
    (folder / "world-001-500.part").write_text("{")
    said: list[str] = []
    assert len(sweep(Plan({500: 1}, silent=1), "abc", tmp_path, workers=1, say=said.append)) == 2
    assert said == ["code abc: 0 worlds to judge, 2 done before"]


def test_the_fingerprint_follows_the_judged_code_and_not_how_it_is_told(tmp_path: Path) -> None:
    for name in (*(f"{package}/one.py" for package in JUDGED), *ALSO, *APART):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    before = fingerprint(tmp_path)
    for name in APART:
        (tmp_path / name).write_text("x = 2\n")
    assert fingerprint(tmp_path) == before
    seen = {before}
    for name in ("models/one.py", "pipelines/fit.py", "trials/one.py"):
        (tmp_path / name).write_text("x = 2\n")
        seen.add(fingerprint(tmp_path))
    assert len(seen) == 4


def test_a_world_is_not_judged_by_other_code_than_it_was_drawn_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no longer abc"):
        judged_world(Job(0, "null", (500,)), "abc", str(tmp_path))
    assert not list(tmp_path.iterdir())
