"""One row, three sources: what is wanted, what the CRM shows, what we last confirmed there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from serving.writeback.canonical import marks
from serving.writeback.decision import Confirmed, Doubt, decide
from serving.writeback.staged import Staged

WEEK_1, WEEK_2 = "2025-01-06", "2025-01-13"
Make = Callable[..., Staged]
GREEN = {"name": "A", "owner_id": "csm-1", "risk_tier": "green"}


@pytest.mark.parametrize(
    ("shown", "confirmed", "verdict", "sent"),
    [
        (None, None, "new", {"name": "A", "owner_id": "csm-1", "risk_tier": "red"}),
        ({**GREEN, "risk_tier": "red"}, None, "unchanged", {}),
        (GREEN, None, "changed", {"risk_tier": "red"}),
        (GREEN, GREEN, "changed", {"risk_tier": "red"}),
        ({**GREEN, "risk_tier": "watch"}, GREEN, "unchanged", {}),
        ({**GREEN, "risk_tier": None}, GREEN, "unchanged", {}),
        ({**GREEN, "name": "Ltd"}, GREEN, "changed", {"risk_tier": "red"}),
    ],
)
def test_verdicts(
    shown: dict[str, str] | None, confirmed: dict[str, str] | None, verdict: str, sent: dict[str, str], score: Make
) -> None:
    last = Confirmed(WEEK_1, marks(confirmed)) if confirmed else None
    found = decide(score("a", risk_tier="red"), shown, last)
    assert (found.verdict, found.send) == (verdict, sent)


def test_what_an_attempt_may_have_written_is_ours_and_not_an_edit(score: Make) -> None:
    confirmed = Confirmed(WEEK_1, marks(GREEN))
    shown = {**GREEN, "risk_tier": "yellow"}

    row = score("a", WEEK_2, risk_tier="red")
    assert list(decide(row, shown, confirmed).edits) == ["risk_tier"]
    assert decide(row, shown, confirmed, in_doubt=Doubt({"risk_tier": "yellow"})).send == {"risk_tier": "red"}


def test_stale_is_older_than_anything_known(score: Make) -> None:
    row = score("a", WEEK_1)
    assert decide(row, GREEN, Confirmed(WEEK_2, {})).verdict == "stale"
    assert decide(row, {**GREEN, "as_of": f"{WEEK_2}T00:00:00Z"}, None).verdict == "stale"
    assert decide(row, {**GREEN, "as_of": f"{WEEK_1}T00:00:00Z"}, None).verdict == "unchanged"
    assert decide(row, None, None, newest=WEEK_2).verdict == "stale"
    assert decide(row, GREEN, Confirmed(WEEK_1, {}), newest=WEEK_1).verdict == "unchanged"


def test_a_deleted_task_comes_back_only_with_its_account_or_when_it_was_never_confirmed(task: Make) -> None:
    confirmed = Confirmed(WEEK_1, {})
    assert decide(task("a"), None, confirmed).verdict == "deleted"
    assert decide(task("a"), None, confirmed, had_account=False).verdict == "new"
    assert decide(task("a"), None, None).verdict == "new"


def test_a_due_date_that_only_we_would_move_stays_with_the_task(task: Make) -> None:
    shown = dict(task("a").fields)
    found = decide(task("a", due_at="2025-03-01", subject="Call now"), shown, Confirmed(WEEK_1, marks(shown)))
    assert (found.send, found.edits) == ({"subject": "Call now"}, {})
