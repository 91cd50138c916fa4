"""Since when a signal is on: two clear runs end an episode, the next cause begins another, one key for each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.cohort import CohortRule
from features.signals.catalogue import signals
from features.signals.episodes import CAUSED, CLEAR, SUPPRESSED, Code, Spell, settled_from, spells, sure
from features.signals.state import cadence, signal_history, signal_state
from policy.policy import load_policy
from tests.features.signal_books import AS_OF, DAY, Account, account, ago, facts_about, term, used_on

CODES: dict[str, Code] = {"x": CAUSED, ".": CLEAR, "s": SUPPRESSED}


def told(runs: str, clear_runs: int = 2) -> list[Spell]:
    return spells([CODES[c] for c in runs], clear_runs)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ("", []),
        ("..", []),
        ("x", [Spell(0, 0, None)]),
        (".x.x.", [Spell(1, 3, None)]),
        ("x..", [Spell(0, 0, 2)]),
        ("x..x", [Spell(0, 0, 2), Spell(3, 3, None)]),
        ("x...x..", [Spell(0, 0, 2), Spell(4, 4, 6)]),
        # A run that the whole segment shares neither opens an episode nor brings one closer to its end.
        ("ss", [Spell(0, 1, None, suppressed=True)]),
        ("s.s", [Spell(0, 0, 1, suppressed=True), Spell(2, 2, None, suppressed=True)]),
        ("sx", [Spell(0, 0, 1, suppressed=True), Spell(1, 1, None)]),
        ("x.s.", [Spell(0, 0, 3)]),
        ("xs.s", [Spell(0, 0, None)]),
    ],
)
def test_an_episode_ends_after_two_clear_runs(runs: str, expected: list[Spell]) -> None:
    assert told(runs) == expected


def test_after_as_many_clear_runs_as_asked_for_nothing_older_is_open() -> None:
    assert settled_from([CODES[c] for c in "x.s.x"], 2) == 3
    assert settled_from([CODES[c] for c in "x.x.x"], 2) is None


@given(st.text("x.s", max_size=14), st.text("x.s", min_size=1, max_size=14), st.integers(1, 3))
def test_a_spell_that_is_sure_is_the_same_whatever_came_before(earlier: str, runs: str, clear_runs: int) -> None:
    codes = [CODES[c] for c in runs]
    found = spells(codes, clear_runs)
    whole = spells([CODES[c] for c in earlier] + codes, clear_runs)
    shift = len(earlier)
    if found and sure(codes, found[-1], clear_runs):
        last = found[-1]
        cleared = None if last.cleared is None else last.cleared + shift
        assert whole[-1] == Spell(last.first + shift, last.last + shift, cleared, last.suppressed)


def test_daily_runs_end_on_as_of_and_weekly_ones_on_the_last_weekday_of_the_panel() -> None:
    thursday = AS_OF + DAY * 3
    assert cadence(thursday, weekly=False, weekday="monday").runs(2) == [thursday - DAY, thursday]
    assert cadence(thursday, weekly=True, weekday="monday").runs(2) == [AS_OF - DAY * 7, AS_OF]
    assert cadence(AS_OF, weekly=True, weekday="monday").newest == AS_OF
    assert cadence(AS_OF, weekly=True, weekday="tuesday").newest == AS_OF - DAY * 6


def state(accounts: dict[str, Account], *only: str, as_of: date = AS_OF, **options: Any) -> dict[tuple[str, str], Any]:
    policy = load_policy()
    chosen = {name: s for name, s in signals(policy).items() if name in only}
    options = {"clear_runs": policy.signals.clear_runs, **options}
    found = signal_state(facts_about(accounts), CohortRule(), chosen, as_of, **options).episodes
    return {(r.account_id, r.signal): (r.status, r.started_on, r.last_on) for r in found.itertuples()}


def invoice(due: int, paid: int | None = None) -> dict[str, Any]:
    return {
        "issued_on": AS_OF - DAY * 300, "due_on": AS_OF - DAY * due, "amount": 10.0,
        "paid_at": None if paid is None else ago(paid),
    }  # fmt: skip


def test_a_payment_is_open_from_its_first_run_and_gone_two_clear_days_after_it_is_paid() -> None:
    # Past due for 7 days 13 days ago; an invoice paid at noon is unpaid on that day's run and paid on the next one.
    accounts = {
        "unpaid": account(invoices=[invoice(20)]),
        "paid today": account(invoices=[invoice(20, 0)]),
        "paid yesterday": account(invoices=[invoice(20, 1)]),
        "paid two days ago": account(invoices=[invoice(20, 2)]),
        "paid three days ago": account(invoices=[invoice(20, 3)]),
    }
    began = AS_OF - DAY * 13
    assert state(accounts, "W4") == {
        ("unpaid", "W4"): ("open", began, AS_OF),
        ("paid today", "W4"): ("open", began, AS_OF),
        ("paid yesterday", "W4"): ("clearing", began, AS_OF - DAY),
        ("paid two days ago", "W4"): ("cleared", began, AS_OF - DAY * 2),
    }


def test_an_episode_keeps_its_first_day_and_the_next_one_gets_its_own() -> None:
    accounts = {
        "one clear day between": account(invoices=[invoice(40, 12), invoice(17)]),
        "two clear days between": account(invoices=[invoice(40, 13), invoice(17)]),
    }
    assert state(accounts, "W4") == {
        ("one clear day between", "W4"): ("open", AS_OF - DAY * 33, AS_OF),
        ("two clear days between", "W4"): ("open", AS_OF - DAY * 10, AS_OF),
    }


def test_an_episode_older_than_the_lookback_keeps_its_first_day_all_the_same() -> None:
    accounts = {"old": account(invoices=[invoice(30)]), "new": account(invoices=[invoice(7)])}
    assert state(accounts, "W4", lookback_runs=4) == {
        ("old", "W4"): ("open", AS_OF - DAY * 23, AS_OF),
        ("new", "W4"): ("open", AS_OF, AS_OF),
    }


def test_the_renewal_stays_on_from_90_days_to_its_last_day() -> None:
    for left, expected in ((91, None), (90, "open"), (60, "open"), (59, "open"), (0, "clearing")):
        # The same term, asked about on the Monday so many days before its end.
        accounts = {"a": account(term(left=left))}
        found = state(accounts, "W6").get(("a", "W6"))
        assert (found and found[0]) == expected, left
        if found:
            assert found[1] == AS_OF - DAY * ((90 - left) // 7 * 7)


def test_a_loss_that_becomes_known_ends_what_stands() -> None:
    noticed = account(term(left=45, decision_at=ago(10), decision_kind="voluntary"))
    assert state({"a": noticed}, "W6") == {("a", "W6"): ("cleared", AS_OF - DAY * 42, AS_OF - DAY * 14)}


def test_a_weekly_signal_between_two_runs_is_that_of_the_last_one() -> None:
    accounts = {"a": account(term(left=45))}
    assert state(accounts, "W6", as_of=AS_OF + DAY * 6) == state(accounts, "W6")


def test_more_clear_runs_hold_an_episode_longer() -> None:
    accounts = {"a": account(invoices=[invoice(20, 2)])}
    assert state(accounts, "W4", clear_runs=1) == {}
    assert state(accounts, "W4", clear_runs=3)["a", "W4"][0] == "clearing"


def test_the_history_holds_every_episode_with_its_two_days() -> None:
    book = facts_about({"a": account(invoices=[invoice(40, 13), invoice(17)])})
    history = signal_history(
        book, CohortRule(), {"W4": signals(load_policy())["W4"]}, AS_OF - timedelta(days=60), AS_OF, clear_runs=2
    )
    assert history.to_dict("records") == [
        {"account_id": "a", "signal": "W4", "started_on": AS_OF - DAY * 33, "cleared_on": AS_OF - DAY * 11},
        {"account_id": "a", "signal": "W4", "started_on": AS_OF - DAY * 10, "cleared_on": None},
    ]


def test_an_account_without_any_cause_is_not_listed() -> None:
    assert state({"a": account(usage_events=used_on([1]))}, "W4", "W6") == {}
