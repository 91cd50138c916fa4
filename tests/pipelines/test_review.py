"""`churn review` on a scored project: three files, gone through once, whatever people and new criteria do in between."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.files import write_parquet
from pipelines.review_files import ReviewFiles
from serving.workbench.reviews.insights import LEAST_FRAGMENT
from serving.workbench.reviews.todos import open_marks
from tests.pipelines.conftest import Run
from tests.pipelines.review_book import made_book

MARK = re.compile(r"^- \[(.)\] .*<!-- churn:account (\S+)( left)? -->$", re.MULTILINE)
BLOCK = re.compile(r"^<!-- churn:insight (\S+) as_of=\S+ -->$", re.MULTILINE)


class Review:
    """One task in one project, asked as on the command line."""

    def __init__(self, folder: Path, churn: Run, task: str = "q1-retention") -> None:
        self.folder, self.churn, self.task = folder, churn, task

    def __call__(self, *options: object, code: int = 0) -> dict[str, Any]:
        left, found, _ = self.churn("review", self.task, "--project", self.folder, "--json", *options)
        assert left == code, found
        return dict(found)

    def path(self, part: str) -> Path:
        return self.folder / "reviews" / f"{self.task}-{part}.md"

    def text(self, part: str) -> str:
        return self.path(part).read_bytes().decode()

    @property
    def marks(self) -> dict[str, str]:
        return {found[2]: found[1] + (found[3] or "") for found in MARK.finditer(self.text("todos"))}

    @property
    def insights(self) -> list[str]:
        return BLOCK.findall(self.text("insights"))


@pytest.fixture
def q1(tmp_path: Path, churn: Run) -> Review:
    return Review(made_book(tmp_path / "book", 9), churn)


def test_a_first_call_writes_three_files_and_goes_through_everybody_riskiest_first(q1: Review) -> None:
    found = q1()
    assert (found["accounts"], found["done"], found["open"], found["insights_written"]) == (9, 9, 0, 9)
    assert found["kinds"] == {"at risk": 3, "calm": 4, "expansion opportunity": 1, "to watch": 1}
    assert (found["arr"], found["as_of"], found["changed"]) == (9000.0, "2026-06-01", [])
    assert found["files"] == {part: str(q1.path(part)) for part in ("context", "todos", "insights")}
    ids = [f"acc-{n:03d}" for n in range(9)]
    assert q1.marks == dict.fromkeys(ids, "x")
    assert q1.insights == ids
    assert list(q1.marks) == ids
    assert "| all | 9 | USD 9,000 |" in q1.text("context")


def test_called_again_nothing_is_written_twice(q1: Review) -> None:
    q1()
    before = {part: q1.text(part) for part in ("context", "todos", "insights")}
    found = q1()
    assert (found["insights_written"], found["ticked"], found["done"]) == (0, 0, 9)
    assert {part: q1.text(part) for part in before} == before


def test_an_account_whose_insight_stands_without_its_tick_is_ticked_and_not_written_again(q1: Review) -> None:
    q1()
    before = q1.text("insights")
    q1.path("todos").write_text(q1.text("todos").replace("- [x] Customer 5", "- [ ] Customer 5"))
    found = q1()
    assert (found["insights_written"], found["ticked"]) == (0, 1)
    assert q1.text("insights") == before
    assert q1.marks["acc-005"] == "x"


def test_what_a_person_has_ticked_is_not_gone_through(q1: Review) -> None:
    q1("--owner", "anna")
    assert q1("--owner", "any", "--tier", "purple", code=2)["error"]["where"] == "--tier"
    text = q1.text("todos") + "- [x] mine <!-- churn:account acc-008 -->\nnote\r\n"
    q1.path("todos").write_bytes(text.encode())
    found = q1("--owner", "any")
    assert found["insights_written"] == 4
    assert "acc-008" not in q1.insights
    assert q1.text("todos").startswith(text)


def test_other_criteria_are_recorded_with_old_and_new_and_who_left_is_marked(q1: Review) -> None:
    q1("--tier", "yellow", "--goal", "Keep them.")
    assert list(q1.marks) == ["acc-000", "acc-003", "acc-006"]
    assert "Goal: Keep them." in q1.text("context")
    found = q1("--tier", "yellow,green", "--segment", "smb")
    assert found["changed"] == [
        {"what": "tiers", "old": "yellow", "new": "yellow, green"},
        {"what": "segments", "old": "any", "new": "smb"},
    ]
    assert q1.marks == {
        "acc-000": "x left",
        "acc-003": "x",
        "acc-006": "x left",
        **dict.fromkeys(["acc-001", "acc-005", "acc-007"], "x"),
    }
    assert (found["done"], found["left"], found["accounts"]) == (4, 2, 4)
    assert "- accounts: 3 came in, 2 left, 1 stay" in q1.text("context")
    assert sorted(q1.insights) == sorted(q1.marks), "each once"
    again = q1()
    assert (again["segments"], again["changed"]) == (["smb"], []), "what is not asked stays"


def test_another_week_is_a_change_and_brings_its_new_accounts(q1: Review) -> None:
    q1()
    made_book(q1.folder, 10, date(2026, 6, 8))
    assert q1()["as_of"] == "2026-06-01", "a review stays with its week until another is asked for"
    found = q1("--as-of", "2026-06-08")
    assert found["changed"] == [{"what": "as_of", "old": "2026-06-01", "new": "2026-06-08"}]
    assert (found["insights_written"], q1.insights[-1]) == (1, "acc-009")
    assert "\nCame in, as of 2026-06-08:\n\n- [x] Customer 9" in q1.text("todos")


def test_a_changed_policy_is_a_change_of_criteria(q1: Review) -> None:
    q1()
    later = {name: {"policy_version": "2-mine"} for name in (f"acc_{n:03d}" for n in range(9))}
    made_book(q1.folder, 9, date(2026, 6, 8), **later)
    (q1.folder / ".churn" / "policies" / "2-mine.yaml").write_text(
        'version: "2-mine"\nauthor: me\nreason: a test\nhealth: {bands: {green: 80}}\n'
    )
    told = {c["what"]: (c["old"], c["new"]) for c in q1("--as-of", "2026-06-08")["changed"]}
    assert told["health.bands.green"] == ("75", "80")
    assert told["policy_version"][1] == "2-mine"


def test_a_torn_insight_is_cut_off_and_written_anew(q1: Review) -> None:
    q1("--tier", "yellow")
    whole, todos = q1.text("insights").encode(), q1.text("todos")
    last = whole.index(b"<!-- churn:insight acc-006")
    for cut in (last + LEAST_FRAGMENT, *range(last + 30, len(whole), (len(whole) - last) // 5), len(whole) - 1):
        q1.path("insights").write_bytes(whole[:cut])
        q1.path("todos").write_text(todos.replace("- [x] Customer 6", "- [ ] Customer 6"))
        q1()
        assert q1.text("insights").rstrip() == whole.decode().rstrip(), cut


def test_a_torn_insight_of_an_account_that_was_scored_anew_leaves_no_fragment(q1: Review) -> None:
    q1("--tier", "yellow")
    whole, todos = q1.text("insights"), q1.text("todos")
    last = whole.index("<!-- churn:insight acc-006")
    block = whole[last : whole.index("<!-- churn:playbook")]
    made_book(q1.folder, 9, acc_006={"churn_probability": 0.9, "health_score": 51.0, "reason_1": "Nobody comes."})
    for cut in range(30, len(block) - 1, len(block) // 6):
        q1.path("insights").write_text(whole[:last] + block[:cut])
        (q1.folder / "reviews" / ".q1-retention.next").write_text(block)
        q1.path("todos").write_text(todos.replace("- [x] Customer 6", "- [ ] Customer 6"))
        q1()
        text = q1.text("insights")
        assert text.startswith(whole[:last] + "<!-- churn:insight acc-006"), cut
        assert "Nobody comes." in text
        assert text.count("acc-006") == block.count("acc-006"), cut
    assert not (q1.folder / "reviews" / ".q1-retention.next").exists()


def test_a_tick_changes_one_byte_and_a_file_that_was_changed_meanwhile_keeps_what_a_person_wrote(q1: Review) -> None:
    q1("--tier", "yellow")
    files, path = ReviewFiles(q1.folder / "reviews", q1.task), q1.path("todos")
    before = q1.text("todos").replace("- [x] Customer 6", "- [ ] Customer 6")
    path.write_text(before)
    (mark,) = open_marks(before)["acc-006"]
    inode = path.stat().st_ino
    assert files.tick("todos", mark)
    assert q1.text("todos") == before.replace("- [ ] Customer 6", "- [x] Customer 6")
    assert path.stat().st_ino == inode
    path.write_text("mine\n" + before)
    assert not files.tick("todos", mark)
    assert q1.text("todos") == "mine\n" + before
    q1()
    assert q1.text("todos") == "mine\n" + before.replace("- [ ] Customer 6", "- [x] Customer 6")


def test_a_chance_waits_where_the_plays_found_the_gate_shut(q1: Review) -> None:
    assert q1()["kinds"]["expansion opportunity"] == 1
    rows = [{"account_id": "acc-002", "open": False, "shut_by": "an escalation on 2026-05-20; a warning stands: voice"}]
    write_parquet(pd.DataFrame(rows), q1.folder / ".churn" / "plays" / "as_of=2026-06-01" / "chances.parquet")
    assert "expansion opportunity" not in q1()["kinds"]


def test_a_chance_waits_after_an_episode_of_risk_that_earlier_runs_saw(q1: Review) -> None:
    made_book(q1.folder, 9, date(2026, 5, 18), acc_002={"health_tier": "red"})
    made_book(q1.folder, 9, date(2026, 5, 25))
    assert "expansion opportunity" not in q1("--as-of", "2026-06-01")["kinds"]


def test_a_file_that_is_no_utf8_stays_what_it_was(q1: Review) -> None:
    q1("--tier", "yellow")
    q1.path("todos").write_bytes(q1.path("todos").read_bytes() + b"caf\xe9\n")
    q1("--tier", "any")
    assert b"\ncaf\xe9\n" in q1.path("todos").read_bytes()


LINKS = [
    "q1-retention-context.md",
    "q1-retention-todos.md",
    "q1-retention-insights.md",
    ".q1-retention.lock",
    ".q1-retention.next",
]


@pytest.mark.parametrize("name", [*LINKS, ".q1-retention-todos.md.part"])
def test_a_link_is_refused_and_its_target_untouched(name: str, q1: Review, tmp_path: Path) -> None:
    target, link = tmp_path / "target.md", q1.folder / "reviews" / name
    target.write_text("mine")
    link.parent.mkdir()
    link.symlink_to(target)
    assert q1(code=3)["error"]["where"] == name
    assert target.read_text() == "mine"
    assert link.is_symlink()


@pytest.mark.parametrize("wrong", ["../q1", "Q1", "q1/../../q2"])
def test_an_id_that_leaves_the_folder_is_refused_and_nothing_is_written(wrong: str, q1: Review) -> None:
    q1.task = wrong
    assert q1(code=2)["error"]["where"] == "TASK-ID"
    assert not (q1.folder / "reviews").exists()


def test_while_one_process_works_on_an_id_another_is_refused_and_other_ids_are_free(q1: Review, churn: Run) -> None:
    with ReviewFiles(q1.folder / "reviews", q1.task).held():
        assert q1(code=7)["error"]["where"] == "q1-retention"
        assert Review(q1.folder, churn, "q1-retention-2")()["done"] == 9
    assert q1()["done"] == 9


def test_a_context_without_its_criteria_is_not_guessed_at(q1: Review) -> None:
    q1()
    q1.path("context").write_text("# my own\n")
    assert "names no criteria" in q1(code=3)["error"]["message"]


def test_people_are_told_where_the_files_are(q1: Review, churn: Run) -> None:
    code, text, _ = churn("review", q1.task, "--project", q1.folder, "--folder", "mine")
    assert code == 0
    assert "q1-retention, as of 2026-06-01: 9 done, 0 open" in text
    assert (q1.folder / "mine" / "q1-retention-insights.md").exists()
