"""Drivers in a CSM's words: every sentence holds two of the account's own numbers and a date, or is not given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from features.indicator import Indicator, Unit


@dataclass(frozen=True)
class Evidence:
    """One indicator of one account, before and now, ready to show."""

    indicator: str
    before: float
    after: float
    since: date
    before_text: str
    after_text: str
    sentence: str

    @property
    def changed(self) -> bool:
        """Whether the two numbers differ as shown."""
        return self.before_text != self.after_text


def evidence(
    indicator: Indicator, before: float | None, after: float | None, since: date, *, currency: str
) -> Evidence | None:
    """The indicator's sentence, or None where one of the two numbers is missing."""
    if before is None or after is None or before != before or after != after:
        return None
    unit: Unit = indicator.evidence_unit or indicator.unit
    old, new = formatted(before, unit, currency), formatted(after, unit, currency)
    moved = "stayed flat" if old == new else "rose" if after > before else "fell"
    text = indicator.says.format(moved=moved, before=old, after=new, since=long_date(since))
    tail = "." if "{since}" in indicator.says else f" since {long_date(since)}."
    sentence = f"{text[0].upper()}{text[1:]}{tail}"
    return Evidence(indicator.name, before, after, since, old, new, sentence)


def moves_enough(before: float, after: float, least_change: float) -> bool:
    """Whether a movement is at least `least_change` of the larger of the two numbers.

    >>> moves_enough(30.0, 31.0, 0.1), moves_enough(365.0, 30.0, 0.1)
    (False, True)
    """
    return abs(after - before) >= least_change * max(abs(before), abs(after))


def tells_a_change(indicator: Indicator, before: float, after: float, *, days: int) -> bool:
    """Whether a movement is one of the account: no age that rose by the `days` that passed, no revenue where none was.

    >>> from features.catalogue import catalogue
    >>> age, revenue = catalogue()["account_age_days"], catalogue()["arr_change_364d"]
    >>> tells_a_change(age, 218, 246, days=28), tells_a_change(revenue, 0.0, 8712.0, days=364)
    (False, False)
    >>> tells_a_change(revenue, 9000.0, 8712.0, days=364)
    True
    """
    if indicator.clock and after - before == days:
        return False
    return not _from_nothing(indicator, before)


def _from_nothing(indicator: Indicator, before: float) -> bool:
    """Revenue that was 0 is that of an account which was no customer yet: it has not risen."""
    money = (indicator.evidence_unit or indicator.unit) == "money"
    return indicator.group == "contract" and money and before == 0


def speaks_for_risk(indicator: Indicator, found: Evidence, *, least_change: float = 0.0) -> bool:
    """Whether the movement shown agrees with a rise in risk: a standstill or a healthy movement is no reason for it.

    `least_change` is the smallest movement that counts, as a share of the larger of the two numbers.
    """
    if not found.changed or not moves_enough(found.before, found.after, least_change):
        return False
    if _from_nothing(indicator, found.before):
        return False
    if indicator.risk is None:
        # Time alone makes every age rise, and a term begun anew lengthens what is left of it: no reason to leave.
        return not indicator.clock or found.after < found.before
    return (found.after > found.before) == (indicator.risk == "higher")


def formatted(value: float, unit: Unit, currency: str) -> str:
    """A number as a person writes it.

    >>> formatted(0.256, "share", "USD"), formatted(1234.0, "money", "USD"), formatted(1.0, "days", "USD")
    ('26 %', 'USD 1,234', '1 day')
    """
    # Format z: a value that rounds to zero is shown without a sign, or "0.0 to -0.0" would pass for a change.
    match unit:
        case "share":
            return f"{value:z.0%}".replace("%", " %")
        case "money":
            return f"{currency} {value:z,.0f}"
        case "days":
            return f"{value:z,.0f} day{'' if round(value) == 1 else 's'}"
        case "hours":
            return f"{value:z,.0f} hours" if round(value, 1) >= 10 else f"{value:z.1f} hours"
        case "count":
            return f"{value:z,.1f}".removesuffix(".0")
        case _:
            return f"{value:z.1f}"


def long_date(day: date) -> str:
    """4 May 2026."""
    return f"{day.day} {day:%B %Y}"


def main_driver_told(group: str | None, points: Mapping[str, float]) -> str:
    """The sentence before the reasons: which group stands out, or that none does. Associations, never causes.

    `points` are those of every group; what time alone moves may lead there, and is told as the calendar.

    >>> main_driver_told("payment", {"payment": 4.0, "contract": 1.0})
    'Most strongly associated with the risk: payment.'
    >>> main_driver_told(None, {"payment": 1.0, "contract": 4.0})
    'Besides the calendar, no single driver stands out.'
    """
    if group is None:
        return "Besides the calendar, no single driver stands out."
    if group == max(points, key=lambda name: points[name], default=group):
        return f"Most strongly associated with the risk: {group}."
    return f"Besides the calendar, most strongly associated with the risk: {group}."


def reasons(
    contributions: list[tuple[str, str, float]],
    found: Mapping[str, Evidence | None],
    indicators: Mapping[str, Indicator],
    *,
    most: int,
    least_points: float,
    least_change: float,
) -> list[tuple[str, str]]:
    """(group, sentence) of the strongest groups that raise the risk, strongest first, one sentence a group.

    `contributions` holds (group, indicator, percentage points). A group whose indicators cannot be told in numbers,
    or only by a movement in the healthy direction, gives no reason. Reasons that only the calendar moves come last.
    """
    totals: dict[str, float] = {}
    own: dict[str, float] = {}
    for group, name, points in contributions:
        totals[group] = totals.get(group, 0.0) + points
        own[group] = own.get(group, 0.0) + (0.0 if indicators[name].clock else points)
    told: list[tuple[bool, float, str, str]] = []
    for group in sorted(totals, key=lambda g: (-totals[g], g)):
        if totals[group] < least_points:
            break
        inside = sorted((c for c in contributions if c[0] == group and c[2] > 0), key=lambda c: (-c[2], c[1]))
        for _, name, _ in inside:
            seen = found.get(name)
            if seen is not None and speaks_for_risk(indicators[name], seen, least_change=least_change):
                clock = indicators[name].clock
                told.append((clock, -totals[group] if clock else -own[group], group, seen.sentence))
                break
    # What the customer does comes before what the calendar does; within each, the strongest first: what the calendar
    # adds to a group says nothing for a sentence about the customer.
    ordered = sorted(told, key=lambda t: t[:2])
    return [(group, sentence) for _, _, group, sentence in ordered[:most]]
