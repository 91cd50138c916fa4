"""A process for the kill tests: delivers the company's book once. Run as a module: URL LEDGER AS_OF [POINT NTH].

The key comes in HUBSPOT_TOKEN. Kills itself with SIGKILL at the NTH time it passes POINT; prints else what it did.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from pydantic import SecretStr

from serving.writeback.hubspot import HubSpotCrm
from tests.crm.hubspot_company import apply, book


def main() -> None:
    url, ledger, as_of, *when = sys.argv[1:]
    point, left = (when[0], int(when[1])) if when else ("", 0)

    def at(passed: str) -> None:
        nonlocal left
        left -= passed == point
        if passed == point and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    crm = HubSpotCrm(
        SecretStr(os.environ["HUBSPOT_TOKEN"]),
        address=url,
        account="test",
        batch_size=4,
        answer_seconds=1.0,
        settle_seconds=2.5,
    )
    applied = apply(book(as_of), crm, Path(ledger), run_id=f"life {os.getpid()}", at=at)
    crm.close()
    print(json.dumps(applied.as_json()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
