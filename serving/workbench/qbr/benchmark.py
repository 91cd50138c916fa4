"""An account beside others of its segment, so that no figure tells what a single one of them does (Q3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from features.catalogue import catalogue
from policy.policy import Policy
from serving.reasons import formatted
from serving.workbench.qbr.records import Benchmark

MEASURED = {
    "seat_utilisation_28d": "Paid seats in use",
    "user_days_per_seat_28d": "Active days per paid seat in four weeks",
    "module_breadth_28d": "Modules in use, of those you have",
    "core_adoption_28d": "Core features in everyday use",
    "advanced_use_share_28d": "Advanced features in use",
    "meeting_attendance_182d": "Meetings attended in half a year",
}
"""What can be compared between customers of any size: shares, and days per seat."""
UNKNOWN = "not known"


def benchmark(
    indicator: str, own: float | None, peers: Iterable[float | None], policy: Policy, *, currency: str
) -> Benchmark:
    """The own value, and the peers' median and quartiles; `peers` are the other accounts' values, nulls left out."""
    values = sorted(float(v) for v in peers if v is not None and math.isfinite(v))
    unit, least = catalogue(policy)[indicator].unit, policy.qbr.benchmark_least
    withheld = ""
    if len(values) < least:
        withheld = f"fewer than {least} similar customers to compare with"
    elif values[0] == values[-1]:
        # What all of them have in common would be known of each.
        withheld = "similar customers differ too little to compare with"
    figures = [None] * 3 if withheld else [middle(values, q) for q in (0.25, 0.5, 0.75)]
    lower, median, upper = figures
    own_text, *texts = (UNKNOWN if f is None else formatted(f, unit, currency) for f in (own, *figures))
    return Benchmark(
        indicator=indicator,
        label=MEASURED[indicator],
        own=own,
        own_text=own_text,
        peers=len(values),
        lower=lower,
        median=median,
        upper=upper,
        lower_text=texts[0],
        median_text=texts[1],
        upper_text=texts[2],
        withheld=withheld,
    )


def middle(values: Sequence[float], share: float) -> float:
    """The mean of the three or four sorted values around a quantile: none of them is told, nor follows from several.

    Three of an odd number of values, four of an even one, so that the median lies in their middle.

    >>> middle([1, 2, 3, 4, 10], 0.5), middle([1, 2, 3, 4, 10], 0.25)
    (3.0, 2.0)
    """
    chosen = around(len(values), share)
    return math.fsum(values[i] for i in chosen) / len(chosen)


def around(count: int, share: float) -> range:
    """Places of the values that a quantile of so many is the mean of."""
    width = 3 if count % 2 else 4
    start = math.floor(share * (count - 1) - (width - 1) / 2 + 0.5)
    start = min(max(start, 0), count - width)
    return range(start, start + width)
