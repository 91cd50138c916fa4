"""Does anything at or after as_of reach the cohort or the indicators?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from proof.finding import Finding, judged, not_judged
from proof.sameness import differences

CHECK = "corruption"
ASKS = (
    "Facts at or after as_of were deleted, edited, moved, invented and taken back in every table, as its contract "
    "dates them: are cohort and indicators byte-identical up to as_of?"
)
CURE = (
    "An indicator or the cohort reads a value before it was known. Read the table through `known_at` and the date that "
    "guards the column (knownFrom in data_contracts/source), or drop the column."
)


@dataclass(frozen=True)
class Corrupted:
    """What was built from one corruption: `before` and `after` hold every snapshot up to as_of."""

    as_of: date
    seed: int
    facts_ahead: int
    before: pd.DataFrame
    after: pd.DataFrame


def corruption(rebuilt: Sequence[Corrupted], *, accounts: int) -> Finding:
    """Compare what was built before and after each corruption."""
    failures = [
        f"as of {r.as_of}, corruption {r.seed}: {text}" for r in rebuilt for text in differences(r.before, r.after)
    ]
    measured = {
        "accounts": accounts,
        "corruptions": [
            {
                "as_of": r.as_of.isoformat(),
                "seed": r.seed,
                "facts_ahead": r.facts_ahead,
                "rows": len(r.before),
                "columns": len(r.before.columns),
            }
            for r in rebuilt
        ],
    }
    if not failures and not any(r.facts_ahead and len(r.before) for r in rebuilt):
        return not_judged(CHECK, ASKS, measured, note="no fact lies at or after any of the dates.")
    return judged(CHECK, ASKS, measured, failures, cure=CURE)
