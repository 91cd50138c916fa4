"""Deliveries to a real CRM that are killed again and again, on a line that loses answers besides."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crm.company import ACCOUNTS, TASKS, WRITES, book, missing_or_wrong
from tests.crm.fault_proxy import Proxy
from tests.crm.fault_rules import Rule
from tests.crm.tryton_server import Tryton

ROOT, MOST_LIVES = Path(__file__).parents[2], 60


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_delivery_killed_at_random_moments_loses_nothing_and_doubles_nothing(
    seed: int, tryton: Tryton, front: Proxy, ledger: Path, record_property: Callable[[str, object], None]
) -> None:
    front.add(Rule("lose_answer", body_has=WRITES, probability=0.3, seed=seed, count=20))
    command = [sys.executable, "-m", "tests.crm.one_delivery", front.url, tryton.database, tryton.user, str(ledger)]
    variables = {**os.environ, "CRM_PASSWORD": tryton.password}
    draw = random.Random(seed)
    killed, ended = 0, ""
    while not ended and killed < MOST_LIVES:
        seen = len(front.log)
        with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as life:
            # Logging in takes longer than the rest: the time of a life counts from its first questions.
            while life.poll() is None and len(front.log) < seen + 4:
                time.sleep(0.01)
            try:
                # The first ones end before anybody could be through.
                ended = life.communicate(timeout=draw.uniform(0, 0.06 if killed < 3 else 0.25))[0]
                assert life.returncode == 0
            except subprocess.TimeoutExpired:
                life.kill()
                killed += 1
    record_property("kills", killed)
    assert killed >= 3, "a delivery that is never killed proves nothing"
    assert json.loads(ended)["deferred"] == 0
    time.sleep(0.3)  # The server may still be at work for a life that ended.
    assert missing_or_wrong(tryton, book()) == []
    assert (tryton.duplicates(), len(tryton.tasks()), len(tryton.parties())) == ([], TASKS, ACCOUNTS)
