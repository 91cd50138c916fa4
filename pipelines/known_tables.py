"""Source tables as they were known before a day, as frames: what the workbench and the metrics read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from data_contracts.contract import source_contracts
from data_contracts.known import as_known, in_contract_types
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
