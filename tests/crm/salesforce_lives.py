"""A process for the kill tests: deliveries of one book, each in a process of its own that kills itself at a point.

Run as a module: URL LEDGER WAY(bulk_from) POINT(or a seed of random moments) NTH KILLS. The private key comes in
CRM_KEY, the audience in CRM_AUDIENCE, the rows of a batch in CRM_BATCH. Prints how many were killed and what the last, which is left alone, did.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
from pathlib import Path

import httpx  # noqa: F401 every life would import it anew
import jwt  # noqa: F401
from pydantic import SecretStr

from serving.writeback.salesforce import SalesforceCrm
from tests.crm.salesforce_company import CLIENT_ID, USER, apply, book

BATCH = int(os.environ.get("CRM_BATCH", "2"))


def live(url: str, ledger: str, way: int, point: str, nth: int) -> str:
    seen = 0

    def at(name: str) -> None:
        nonlocal seen
        seen += name == point
        if name == point and seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    crm = SalesforceCrm(
        url,
        key=SecretStr(os.environ["CRM_KEY"]),
        client_id=CLIENT_ID,
        username=USER,
        audience=os.environ["CRM_AUDIENCE"],
        bulk_from=way,
        batch_size=BATCH,
        answer_seconds=5,
        at=at,
    )
    applied = apply(book(), crm, Path(ledger), run_id=f"life {os.getpid()}", at=at)
    return json.dumps(applied.as_json())


def main() -> None:
    url, ledger, way, point, nth, kills = sys.argv[1:]
    draw, killed = random.Random(point), 0
    for _ in range(int(kills)):
        child = os.fork()
        if child == 0:
            if point.isdigit():
                # The first ones end before anybody could be through.
                after = draw.uniform(0.0, 0.12 if killed < 3 else 0.35)
                threading.Timer(after, os.kill, (os.getpid(), signal.SIGKILL)).start()
            live(url, ledger, int(way), point, int(nth))
            os._exit(0)
        draw.random()
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            break
        killed += 1
    print(json.dumps({"killed": killed, "applied": json.loads(live(url, ledger, int(way), "", 0))}))  # noqa: T201


if __name__ == "__main__":
    main()
