"""How numbers, dates and sentences are written on the pages. A missing value is always `NOT_AVAILABLE`, never 0."""

from __future__ import annotations

import math
from datetime import date, datetime

NOT_AVAILABLE = "not available"
NO_OWNER = "No owner"
_ROLES = {"csm": "CSM", "tam": "TAM", "cs_operations": "CS operations", "manager": "CS manager"}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUS = "−"
PERCENT = "\u00a0%"  # the space never breaks


def known(value: float | None) -> float | None:
    """The value, or null where it is null, NaN or infinite: no page ever shows `nan`."""
    return None if value is None or not math.isfinite(value) else float(value)


def rounded(value: float) -> int:
    """Halves go up, so that a figure and the sum below it are always rounded alike.

    >>> rounded(0.5), rounded(1.5), rounded(-0.4)
    (1, 2, 0)
    """
    return math.floor(value + 0.5)


def decimals(probability: float) -> int:
    """Whole percent, but one decimal near 0 and 1, where a whole percent would hide the difference."""
    return 0 if 0.0995 <= probability < 0.99 else 1


def percent(probability: float | None, places: int | None = None) -> str:
    r"""A share of 1 as a percentage.

    >>> percent(0.414), percent(0.0234), percent(None)
    ('41\xa0%', '2.3\xa0%', 'not available')
    """
    value = known(probability)
    if value is None:
        return NOT_AVAILABLE
    return f"{scaled(rounded(value * 100 * 10 ** (p := decimals(value) if places is None else places)), p)}{PERCENT}"


def span(low: float | None, high: float | None) -> str:
    r"""A range of shares, as exact as its upper end is told.

    >>> span(0.22, 0.51), span(0.004, 0.031), span(None, 0.5)
    ('22–51\xa0%', '0.4–3.1\xa0%', 'not available')
    """
    ends = known(low), known(high)
    if ends[0] is None or ends[1] is None:
        return NOT_AVAILABLE
    places = decimals(ends[1])
    return f"{percent(ends[0], places).removesuffix(PERCENT)}–{percent(ends[1], places)}"


def scaled(units: int, places: int) -> str:
    """Whole units of 10^-places, as text with a true minus sign."""
    return f"{units / 10**places:,.{places}f}".replace("-", MINUS)


def signed(units: int, places: int) -> str:
    """Like `scaled`, with a plus sign where it is one.

    >>> signed(14, 0), signed(-14, 1), signed(0, 0)
    ('+14', '−1.4', '0')
    """
    return f"+{scaled(units, places)}" if units > 0 else scaled(units, places)


def score(value: float | None) -> str:
    """A health score of 0-100; display floors, so that 74.99 is not shown as the 75 that would be green.

    >>> score(74.99), score(None)
    ('74', 'not available')
    """
    value = known(value)
    return NOT_AVAILABLE if value is None else str(math.floor(value))


def symbol(currency: str) -> str:
    """What stands before an amount."""
    return _SYMBOLS.get(currency.upper(), f"{currency} ")


def money(value: float | None, currency: str) -> str:
    """An amount in whole units of the currency.

    >>> money(128400.4, "USD"), money(-5, "EUR"), money(None, "USD")
    ('$128,400', '−€5', 'not available')
    """
    value = known(value)
    if value is None:
        return NOT_AVAILABLE
    return f"{MINUS if rounded(value) < 0 else ''}{symbol(currency)}{abs(rounded(value)):,}"


def about(value: float | None, currency: str) -> str:
    """An estimated amount, to three figures: more would promise what an estimate cannot keep.

    >>> about(52644, "USD")
    '$52,600'
    """
    value = known(value)
    if value is None or value == 0:
        return money(value, currency)
    step = 10.0 ** max(math.floor(math.log10(abs(value))) - 2, 0)
    return money(rounded(value / step) * step, currency)


def metric(value: float | None, unit: str, currency: str) -> str:
    r"""A metric in its unit; shares as percentages to a tenth, counts and amounts whole.

    >>> metric(0.8734, "share", "USD"), metric(1_284_000, "money", "USD"), metric(23.46, "months", "USD")
    ('87.3\xa0%', '$1,284,000', '23.5 months')
    >>> metric(41.0, "points", "USD"), metric(None, "share", "USD"), metric(40.62, "customers per CSM", "USD")
    ('+41', 'not available', '40.6 customers per CSM')
    """
    value = known(value)
    if value is None:
        return NOT_AVAILABLE
    if unit == "share":
        return percent(value, 1)
    if unit == "money":
        return money(value, currency)
    if unit == "points":
        return signed(rounded(value), 0)
    if unit == "count" and value == int(value):
        return f"{int(value):,}"
    told = scaled(rounded(value * 10), 1)
    return told if unit in ("count", "score") else f"{told} {unit}"


def points(value: float) -> str:
    """A difference in points, to two decimals.

    >>> points(-0.513), points(0.2)
    ('−0.51', '+0.20')
    """
    return signed(rounded(value * 100), 2)


def month(when: date) -> str:
    """A month of a year.

    >>> month(date(2025, 1, 1))
    'Jan 2025'
    """
    return f"{_MONTHS[when.month - 1]} {when.year}"


def day(when: date, today: date | None = None) -> str:
    """A date without its weekday; the year is left out where it is that of `today`.

    >>> day(date(2025, 1, 6)), day(date(2025, 1, 6), date(2025, 3, 1))
    ('6 Jan 2025', '6 Jan')
    """
    year = "" if today is not None and when.year == today.year else f" {when.year}"
    return f"{when.day} {_MONTHS[when.month - 1]}{year}"


def moment(when: datetime, today: date | None = None) -> str:
    """A date and time in the zone it came with, by its full name where it has one: "CST" means three of them.

    >>> from zoneinfo import ZoneInfo
    >>> moment(datetime(2025, 1, 7, 9, 0), date(2025, 1, 6))
    'Tue 7 Jan, 09:00 UTC'
    >>> moment(datetime(2025, 1, 7, 9, 0, tzinfo=ZoneInfo("America/New_York")), date(2025, 1, 6))
    'Tue 7 Jan, 09:00 America/New York'
    """
    named = getattr(when.tzinfo, "key", None) or when.tzname() or "UTC"
    zone = spaced(named).replace("UTC+00:00", "UTC")
    return f"{_WEEKDAYS[when.weekday()]} {day(when.date(), today)}, {when:%H:%M} {zone}"


def duration(days: int) -> str:
    """How long, in the unit a person would use.

    >>> duration(1), duration(45), duration(400), duration(800)
    ('1 day', '45 days', '13 months', '2 years')
    """
    if days < 92:
        count, unit = days, "day"
    else:
        count, unit = (round(days / 30.44), "month") if days < 730 else (days // 365, "year")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def renewal(ends_on: date | None, as_of: date) -> str:
    """When the term ends, seen from `as_of`."""
    if ends_on is None:
        return f"renewal date {NOT_AVAILABLE}"
    days = (ends_on - as_of).days
    if days < 0:
        return f"term ended {day(ends_on)}, {duration(-days)} ago"
    return f"renews {day(ends_on)}, {'today' if days == 0 else 'in ' + duration(days)}"


def sentence(text: str) -> str:
    """The text as a sentence: a capital to begin with, a full stop to end.

    >>> sentence("logins are down 39 % on the previous 12 weeks")
    'Logins are down 39 % on the previous 12 weeks.'
    """
    text = text.strip()
    return capital(text) + ("" if not text or text[-1] in ".!?…" else ".")


def capital(text: str) -> str:
    """The text with its first letter in upper case and the rest as it was."""
    text = text.strip()
    return text[:1].upper() + text[1:]


def spaced(name: str) -> str:
    """A column or step name as words."""
    return name.replace("_", " ").strip()


def role(name: str) -> str:
    """Who does something, as a person would call them.

    >>> role("renewals_manager"), role("csm")
    ('renewals manager', 'CSM')
    """
    return _ROLES.get(name, spaced(name))


def change(now: float | None, before: float | None, *, unit: str = "") -> str:
    """The difference of two shown whole numbers in words; empty where either is missing.

    >>> change(38, 62), change(41, 18, unit=" points"), change(5, 5)
    ('down 24', 'up 23 points', 'unchanged')
    """
    if now is None or before is None:
        return ""
    difference = round(now - before, 1)
    if difference == 0:
        return "unchanged"
    unit = " point" if unit == " points" and abs(difference) == 1 else unit
    return f"{'up' if difference > 0 else 'down'} {abs(difference):g}{unit}"
