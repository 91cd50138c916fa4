"""A real CRM with the accounts of a small company, the proxy in front of it, and the destination behind the proxy.

And an emulated Salesforce org with the same company's accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crm.company import accounts_only
from tests.crm.fault_proxy import Proxy, fault_proxy
from tests.crm.salesforce_company import FIELDS
from tests.crm.salesforce_company import accounts_only as salesforce_accounts_only
from tests.crm.salesforce_server import Emulator
from tests.crm.salesforce_server import server as salesforce_server
from tests.crm.tryton_destination import TrytonCrm
from tests.crm.tryton_server import Tryton, server

# Tryton imports its module, in an environment of its own: it is nothing for pytest to collect.
collect_ignore = ["tryton_module"]
TIMEOUT = 0.6


@pytest.fixture(scope="module")
def running() -> Iterator[Tryton]:
    with server() as found:
        yield found


@pytest.fixture
def tryton(running: Tryton) -> Tryton:
    accounts_only(running)
    return running


@pytest.fixture
def front(tryton: Tryton) -> Iterator[Proxy]:
    with fault_proxy(tryton.url) as found:
        yield found


@pytest.fixture
def crm(tryton: Tryton, front: Proxy) -> Iterator[TrytonCrm]:
    found = TrytonCrm(front.url, tryton.database, tryton.user, tryton.password, timeout=TIMEOUT, batch_size=10)
    with found.client:
        yield found


@pytest.fixture(scope="module")
def salesforce() -> Iterator[Emulator]:
    with salesforce_server(FIELDS) as found:
        yield found


@pytest.fixture
def org(salesforce: Emulator) -> Emulator:
    salesforce_accounts_only(salesforce)
    return salesforce


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"
