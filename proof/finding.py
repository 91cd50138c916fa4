"""What one check found: its verdict, the figures behind it, and the cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["passed", "failed", "not judged"]
SHOWN = 12  # failures beyond this many are counted, not listed


@dataclass(frozen=True)
class Finding:
    """One check of the proof.

    `asks` is the question in one sentence; `measured` holds its figures (JSON values, null where undefined). A check
    is `not judged` where the book is too small to say anything; `note` then tells why.
    """

    check: str
    asks: str
    verdict: Verdict
    measured: Mapping[str, Any] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    note: str = ""
    cure: str = ""

    @property
    def passed(self) -> bool:
        """Whether the check was made and found nothing."""
        return self.verdict == "passed"

    def as_json(self) -> dict[str, Any]:
        """The check's part of the certificate."""
        return {
            "check": self.check,
            "asks": self.asks,
            "verdict": self.verdict,
            "measured": dict(self.measured),
            "failures": list(self.failures),
            "note": self.note or None,
            "cure": self.cure or None,
        }


def judged(check: str, asks: str, measured: Mapping[str, Any], failures: Sequence[str], *, cure: str) -> Finding:
    """Failed with its cure where there is any failure, else passed.

    >>> judged("split", "Is the past past?", {"rows": 3}, [], cure="Split by time.").verdict
    'passed'
    """
    if not failures:
        return Finding(check, asks, "passed", measured)
    shown = tuple(failures[:SHOWN])
    if len(failures) > SHOWN:
        shown = (*shown, f"… and {len(failures) - SHOWN} more")
    return Finding(check, asks, "failed", measured, shown, cure=cure)


def not_judged(check: str, asks: str, measured: Mapping[str, Any], *, note: str) -> Finding:
    """The book is too small for this check; `note` says what is missing."""
    return Finding(check, asks, "not judged", measured, note=note)
