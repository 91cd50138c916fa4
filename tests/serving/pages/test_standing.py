"""The next step of an account: its steps, what is owed, and "nothing is due" only where that is known to be so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from serving.workbench.pages import AccountView, Book
from serving.workbench.pages.standing_view import ContactLine, PlanLine, RenewalLine, Standing, StepLine
from tests.serving.pages.conftest import SIGNALS
from tests.serving.pages.test_render import page

BERLIN = ZoneInfo("Europe/Berlin")
LATE = StepLine(
    "adoption rescue",
    "assess what the data show",
    "CSM",
    datetime(2025, 1, 2, 17, tzinfo=BERLIN),
    late_days=3,
    passed_to="CS manager",
    text="Call the champion",
)
NEXT = replace(
    LATE, subject="reach out", due_at=datetime(2025, 1, 8, 17, tzinfo=BERLIN), late_days=None, passed_to="", draft="Hello,"
)  # fmt: skip
NPS = ContactLine("nps", None, date(2025, 3, 1), 0)


def idle(account: AccountView, **changes: object) -> AccountView:
    return replace(account, tasks=[], play=None, play_steps=[], **changes)  # type: ignore[arg-type]


def test_open_and_overdue_steps_are_shown_in_order_with_who_and_when(book: Book, northwind: AccountView) -> None:
    later = replace(
        NEXT, subject="agree a plan", draft=None, no_draft="", put_off_until=date(2025, 2, 3), put_off_why="holiday"
    )
    said = page(book, idle(northwind, standing=Standing((LATE, NEXT, later)))).text
    assert (
        "Assess what the data show Overdue since Thu 2 Jan, 17:00 Europe/Berlin , 3 days "
        "Adoption rescue, CSM; passed on to the CS manager" in said
    )
    assert "Reach out Due Wed 8 Jan, 17:00 Europe/Berlin Adoption rescue, CSM Show the draft Hello," in said
    assert "1 more step Agree a plan Put off until 3 Feb : Holiday." in said
    silent = page(book, idle(northwind, standing=Standing((replace(NEXT, draft=None, no_draft="no numbers"),)))).text
    assert "No draft of the message: No numbers." in silent


def test_nothing_is_due_only_where_steps_and_contacts_are_known_and_none_is_near(
    book: Book, northwind: AccountView
) -> None:
    free = page(book, idle(northwind, standing=Standing(), contacts=(NPS,))).text
    assert "Nothing is due: no step of a play is open, and no contact before 13 Jan ." in free.replace("Jan.", "Jan .")
    assert "NPS survey: due 1 Mar , nothing on record" in free
    near = (replace(NPS, due_on=date(2025, 1, 12)),)
    overdue = (ContactLine("check_in", date(2024, 11, 1), date(2024, 12, 1), 36),)
    for owed, said in ((near, "due 12 Jan"), (overdue, "Check-in: overdue since 1 Dec 2024")):
        told = page(book, idle(northwind, standing=Standing(), contacts=owed)).text
        assert "Nothing is due" not in told
        assert said in told
    for unknown in (idle(northwind), idle(northwind, contacts=(NPS,)), idle(northwind, standing=Standing())):
        assert "Nothing is due" not in page(book, unknown).text
    assert "Nothing is due" not in page(book, idle(northwind, standing=Standing((LATE,)), contacts=())).text


def test_growth_is_told_to_wait_by_the_gate_that_the_expansion_page_asks(book: Book, northwind: AccountView) -> None:
    chances = replace(northwind, signals=SIGNALS[1:2] + SIGNALS[3:], health_tier="green")
    ready = page(book, replace(chances, standing=Standing(shut_by=()))).text
    assert "Ready to talk of growth" in ready
    assert "What stands beside: Failed payment or dispute." in ready
    shut = page(book, replace(chances, standing=Standing(shut_by=("a risk episode goes on",)))).text
    assert "not yet the time to talk of growth: a risk episode goes on." in shut
    assert "was not looked for" in page(book, chances).text


def test_the_renewal_the_plan_and_the_wins_are_told(book: Book, northwind: AccountView) -> None:
    found = Standing(
        renewal=RenewalLine(date(2025, 2, 18), 43, 60, 128_400.0, None, None, 0.24, True),
        plan=PlanLine("custom", ("goals",), ("owners", "sales_handoff"), None, date(2024, 12, 1), 36),
        wins=tuple((date(2024, 12, n), f"Goal {n} reached") for n in (9, 8, 7, 6)),
    )
    said = page(book, replace(northwind, standing=found)).text.replace("\xa0", " ")
    assert "The term ends on 18 Feb 2025, in 43 days: $128,400. Open, in the stage of 60 days." in said
    assert "24 % off the list price is on the table: needs approval" in said
    assert "Custom. Missing: owners, sales handoff." in said
    assert "Never reviewed on record. Next review overdue since 1 Dec 2024." in said
    assert "Goal 9 reached. Goal 8 reached. Goal 7 reached. 1 more: churn plays" in said
    assert "Goal 6" not in said
    assert "Renewal, plan and wins" not in page(book, replace(northwind, standing=Standing())).text
