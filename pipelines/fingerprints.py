"""Fingerprints of accepted tables, read batch by batch: the same rows in any order give the same one."""

from __future__ import annotations

import hashlib
from typing import Any

from data_contracts.contract import Contract

BATCH = 200_000
MODULUS = 2**64


def table_fingerprint(table: Any, contract: Contract) -> tuple[int, str]:
    """(rows, 16 digits) of an Ibis table's contract columns.

    Rows are hashed one by one in the contract's own types and added up, so that neither their order nor the size of
    a batch matters.
    """
    import pandas as pd

    from data_contracts.corruption import in_contract_types

    rows, total = 0, 0
    for batch in table.select(*contract.column_names).to_pyarrow_batches(chunk_size=BATCH):
        frame = in_contract_types(batch.to_pandas(), contract)
        hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
        rows += len(frame)
        total = (total + int(hashes.sum(dtype="uint64"))) % MODULUS
    text = f"{contract.column_names}:{rows}:{total}"
    return rows, hashlib.sha256(text.encode()).hexdigest()[:16]
