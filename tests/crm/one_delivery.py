"""A process for the kill test: delivers the company's book once. Run as a module: URL DATABASE USER LEDGER.

The password comes in CRM_PASSWORD. Prints in the end what the delivery did.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.crm.company import apply, book
from tests.crm.tryton_destination import TrytonCrm


def main() -> None:
    url, database, user, ledger = sys.argv[1:]
    crm = TrytonCrm(url, database, user, os.environ["CRM_PASSWORD"], timeout=2, batch_size=10)
    with crm.client:
        applied = apply(book(), crm, Path(ledger), run_id=f"life {os.getpid()}")
    print(json.dumps(applied.as_json()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
