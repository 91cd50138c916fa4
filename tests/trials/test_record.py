"""The record of finished worlds: another checkout carries on from it, other code does not."""

from __future__ import annotations

import json
from pathlib import Path

from trials.record import keep, restore


def test_what_one_checkout_has_done_another_need_not_do_again(tmp_path: Path) -> None:
    record, ours, theirs = tmp_path / "trials.jsonl", tmp_path / "ours" / "abc", tmp_path / "theirs" / "abc"
    ours.mkdir(parents=True)
    (ours / "world-000-500.json").write_text('{"accounts": 500}')
    (ours / "world-001-500.part").write_text("{")
    keep(record, ours)
    restore(record, theirs)
    assert [(p.name, json.loads(p.read_text())) for p in theirs.iterdir()] == [
        ("world-000-500.json", {"accounts": 500})
    ]


def test_what_is_there_already_stays_and_other_code_takes_nothing(tmp_path: Path) -> None:
    record, ours = tmp_path / "trials.jsonl", tmp_path / "abc"
    ours.mkdir()
    (ours / "world-000-500.json").write_text('{"accounts": 500}')
    keep(record, ours)
    (ours / "world-000-500.json").write_text('{"accounts": 501}')
    restore(record, ours)
    assert json.loads((ours / "world-000-500.json").read_text()) == {"accounts": 501}
    restore(record, tmp_path / "other")
    assert not list((tmp_path / "other").iterdir())
    restore(tmp_path / "none.jsonl", tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
