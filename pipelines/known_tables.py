"""Source tables as they were known before a day, as frames: what the workbench and the metrics read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from data_contracts.contract import source_contracts
from data_contracts.known import as_known, in_contract_types, replaced
from pipelines.build_features import Checked

if TYPE_CHECKING:
    import pandas as pd


def known_tables(checked: Checked, as_of: date, names: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Table name → its rows known before as_of, in the version of then, with every contract column and `known_at`.

    A value that was not yet known reads as null. A table the project does not deliver is left out: nothing is known of
    what it would tell. Meant for tables of thousands of rows a year; events of usage are read through indicators.
    """
    contracts = source_contracts()
    found = {}
    for name in names:
        if name in checked.facts.tables:
            frame = in_contract_types(checked.facts.tables[name].to_pandas(), contracts[name])
            found[name] = as_known(frame, contracts[name], as_of).reset_index(drop=True)
    return found


def planned_ahead(checked: Checked, as_of: date) -> pd.DataFrame | None:
    """Milestones that were planned before as_of and neither due nor reached by then, in the version of then.

    A plan is known from the row's own `known_at`, whatever day it is for. Null where the source maps none: then nobody
    can tell a plan of then from one that was made since.
    """
    import pandas as pd

    if not checked.facts.has("milestones", "known_at"):
        return None
    contract, day = source_contracts()["milestones"], pd.Timestamp(as_of)
    frame = in_contract_types(checked.facts.tables["milestones"].to_pandas(), contract)
    # A row without a `known_at` of its own has that of its first date, and so is none of these while that lies ahead.
    known = (frame["known_at"] < day) & ~replaced(frame, contract, as_of)
    ahead = ~(frame["due_on"] < day) & ~(frame["reached_at"] < day)
    return frame[known & ahead].assign(reached_at=None).reset_index(drop=True)


def covered(checked: Checked) -> Mapping[str, frozenset[str]]:
    """Table name → the accounts it can speak about, for the tables that name them; the others speak about all."""
    return {
        name: frozenset(str(account) for account in accounts.to_pandas()["account_id"])
        for name, accounts in checked.facts.covered.items()
    }
