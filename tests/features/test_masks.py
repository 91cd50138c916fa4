"""Patterns of weeks, adoption and the most regular people, on a handful of dated rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from features.distinct import Active, Adopted, Leading, Mask, Pattern
from features.masks import adopted_table, leading_table, mask_table
from features.measure import Reduction
from features.snapshots import Snapshots
from tests.features.test_windows import FACTS, MONDAY, answers, one, timeline

ONE = Snapshots.of([MONDAY])


def pattern(rows: Any, *conditions: Active) -> int | None:
    leaf = Pattern(FACTS, conditions)
    return one(mask_table(rows, [leaf], ONE), leaf, MONDAY)


def weekly(*weeks: int, entity: str = "u") -> list[tuple[Any, ...]]:
    """A use in the middle of each of these weeks before as_of (0: the last one)."""
    return [("a", entity, 7 * w + 3, 7 * w + 3) for w in weeks]


def used(*rows: tuple[Any, ...]) -> Any:
    return timeline(MONDAY, ("entity", "day", "known_day"), *rows)


def test_a_regular_is_active_in_every_week() -> None:
    regular = Active(blocks=4, least=4)
    assert pattern(used(*weekly(0, 1, 2, 3)), regular) == 1
    assert pattern(used(*weekly(0, 1, 3, 4)), regular) == 0


def test_a_newcomer_was_not_there_before_and_one_who_lapsed_is_not_there_now() -> None:
    rows = used(*weekly(1, entity="new"), *weekly(1, 5, entity="old"), *weekly(5, entity="gone"))
    assert pattern(rows, Active(weeks=4, least=1), Active(weeks=12, ago=4, most=0)) == 1
    assert pattern(rows, Active(weeks=4, most=0), Active(weeks=4, ago=4, least=1)) == 1


@pytest.mark.parametrize(
    ("weeks", "lost"), [((5, 9, 13), 1), ((5, 9), 0), ((5, 9, 13, 0), 0), ((5, 6, 7), 0), ((9, 13, 17), 1)]
)
def test_a_feature_is_lost_that_was_used_in_three_of_four_blocks_and_not_since(
    weeks: tuple[int, ...], lost: int
) -> None:
    rows = used(*weekly(*weeks))
    assert pattern(rows, Active(weeks=4, most=0), Active(weeks=4, ago=4, blocks=4, least=3)) == lost


def test_a_fact_taken_back_counts_until_the_day_of_its_restatement() -> None:
    rows = timeline(
        MONDAY, ("entity", "day", "known_day", "gone_day"),
        ("a", "x", 20, 20, 7), ("a", "y", 20, 20, None), ("a", "z", 20, 20, 0), ("a", "w", 20, 5, None),
    )  # fmt: skip
    leaf, before = Mask(FACTS, 4), date.fromordinal(MONDAY.toordinal() - 7)
    snapshots = Snapshots.of([before, MONDAY])
    found = answers(mask_table(rows, [leaf], snapshots), leaf.name, snapshots)
    # A week ago x was still there and w not yet; z is restated on the morning of as_of itself: too late to count.
    assert found == {("a", before): 3, ("a", MONDAY): 3}


def adopted(*rows: tuple[Any, ...], people: int = 2, days: int = 2) -> int | None:
    leaf = Adopted(FACTS, 4, people, days)
    table = timeline(MONDAY, ("entity", "member", "day", "known_day", "active"), *((*row, 1) for row in rows))
    return one(adopted_table(table, leaf, ONE), leaf, MONDAY)


def test_adopted_needs_two_people_on_two_days() -> None:
    one_day = [("a", "f", "u1", 3, 3), ("a", "f", "u2", 3, 3)]
    one_person = [("a", "g", "u1", 3, 3), ("a", "g", "u1", 4, 4)]
    both = [("a", "h", "u1", 3, 3), ("a", "h", "u2", 27, 27)]
    assert adopted(*one_day, *one_person) is None
    assert adopted(*one_day, *one_person, *both) == 1
    assert adopted(*one_day, days=1) == 1
    assert adopted(*one_person, people=1) == 1


def test_adoption_looks_at_its_own_weeks_and_at_what_was_known() -> None:
    assert adopted(("a", "f", "u1", 3, 3), ("a", "f", "u2", 29, 29)) is None
    assert adopted(("a", "f", "u1", 3, 3), ("a", "f", "u2", 9, 0)) is None


def silent_leaders(*rows: tuple[Any, ...]) -> int | None:
    leaf = Leading(FACTS, Active(ago=3, blocks=12), Active(weeks=3, most=0), share=0.1)
    return one(leading_table(used(*rows), leaf, ONE), leaf, MONDAY)


def test_the_most_regular_person_counts_once_silent() -> None:
    occasional = weekly(4, 8, entity="occasional")
    assert silent_leaders(*weekly(3, 4, 5, 6, entity="regular"), *occasional) == 1
    assert silent_leaders(*weekly(1, 3, 4, 5, 6, entity="regular"), *occasional) == 0


def test_those_as_regular_as_the_last_leader_lead_too() -> None:
    tied = [row for name in ("p", "q") for row in weekly(3, 4, 5, entity=name)]
    assert silent_leaders(*tied, *weekly(5, entity="r")) == 2


def test_of_twenty_people_two_lead() -> None:
    rows = [row for i in range(20) for row in weekly(*range(3, 3 + min(i + 1, 12)), entity=f"u{i:02d}")]
    # Nine people reach all twelve weeks: they tie. Without them the two best of the rest lead.
    assert silent_leaders(*rows) == 9
    eleven = [row for row in rows if int(row[1][1:]) < 11]
    assert silent_leaders(*eleven, *weekly(3, entity="v")) == 2


def test_a_policy_number_in_days_becomes_weeks_and_must_be_whole() -> None:
    leaf = Pattern(Reduction("r", "t", lambda t: t), (Active(weeks="silent_days", most=0),))
    assert leaf.bound({"silent_days": 21}).conditions[0].weeks == 3  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="not whole weeks"):
        leaf.bound({"silent_days": 20})


def test_a_late_fact_adds_its_weeks_from_the_snapshot_after_it_was_learned() -> None:
    # Active three weeks ago, and four weeks ago as was learned in the last week but one (10 days ago).
    rows = used(("a", "u", 24, 24), ("a", "u", 31, 10))
    snapshots = Snapshots.of([date.fromordinal(MONDAY.toordinal() - days) for days in (14, 7, 0)])
    twice, ever = Pattern(FACTS, (Active(blocks=5, least=2),)), Mask(FACTS, 5)
    found = mask_table(rows, [twice, ever], snapshots)
    assert [n for _, n in sorted(answers(found, twice.name, snapshots).items())] == [0, 1, 1]
    # In the week in which the second is learned the first still counts.
    assert [n for _, n in sorted(answers(found, ever.name, snapshots).items())] == [1, 1, 1]


def test_an_entity_counts_from_the_week_after_its_being_one_is_known() -> None:
    rows = used(*weekly(1, 2, 3, entity="u"))
    snapshots = Snapshots.of([date.fromordinal(MONDAY.toordinal() - 7), MONDAY])
    only, leaf = timeline(MONDAY, ("entity", "known_day"), ("a", "u", 7)), Mask(FACTS, 4)
    found = answers(mask_table(rows, [leaf], snapshots, only), leaf.name, snapshots)
    # It is known on the first as_of day itself: not before it.
    assert found == {("a", MONDAY): 1}
