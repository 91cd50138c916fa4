"""Whose task it is: of the role where somebody has it, shared out so that no account moves."""

from __future__ import annotations

from collections import Counter

from serving.team import person

BOOK = [f"acc-{i:05d}" for i in range(600)]
THREE = {"tam": ("u-1", "u-2", "u-3")}


def test_without_the_role_the_owner_has_the_task_and_with_it_a_person_of_the_role() -> None:
    assert person("a", "tam", "csm-1", {}) == "csm-1"
    assert person("a", "tam", None, {"csm": ("u-1",)}) is None
    assert person("a", "tam", None, {"tam": ("u-1",)}) == "u-1"


def test_an_owner_who_has_the_role_keeps_their_accounts() -> None:
    assert {person(a, "tam", "u-2", THREE) for a in BOOK} == {"u-2"}


def test_several_share_the_accounts_evenly_and_the_order_of_their_names_moves_none() -> None:
    shared = {a: person(a, "tam", "csm-1", THREE) for a in BOOK}
    assert all(150 < n < 250 for n in Counter(shared.values()).values())
    assert {a: person(a, "tam", None, {"tam": ("u-3", "u-1", "u-2")}) for a in BOOK} == shared


def test_somebody_who_joins_takes_accounts_and_moves_none_between_the_others() -> None:
    more = {"tam": (*THREE["tam"], "u-4")}
    moved = [a for a in BOOK if person(a, "tam", None, more) != person(a, "tam", None, THREE)]
    assert 100 < len(moved) < 200
    assert {person(a, "tam", None, more) for a in moved} == {"u-4"}
