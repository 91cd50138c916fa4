"""Is the past the past: no training row beside or after a test row?"""

from __future__ import annotations

import pandas as pd

from proof.finding import Finding, judged

CHECK = "split"
ASKS = "Does every training as_of lie before every test as_of, with no row twice and none on both sides?"
CURE = "Split by time, never at random: random splits put next week's copy of a test row into training."


def split(train: pd.DataFrame, test: pd.DataFrame) -> Finding:
    """Compare the dates and the rows of both sides."""
    failures = []
    last, first = train["as_of"].max(), test["as_of"].min()
    if len(train) and len(test) and last >= first:
        late = int((train["as_of"] >= first).sum())
        failures.append(f"{late} training rows are not before the first test row ({first}); the last is of {last}")
    both = train[["account_id", "as_of"]].merge(test[["account_id", "as_of"]])
    if len(both):
        failures.append(f"{len(both)} rows train and test, first {both['account_id'][0]} at {both['as_of'][0]}")
    for side, rows in (("training", train), ("test", test)):
        if twice := int(rows.duplicated(["account_id", "as_of"]).sum()):
            failures.append(f"{twice} {side} rows are there twice")
    measured = {
        "train_rows": len(train),
        "test_rows": len(test),
        "train_until": last.isoformat() if len(train) else None,
        "test_from": first.isoformat() if len(test) else None,
    }
    return judged(CHECK, ASKS, measured, failures, cure=CURE)
