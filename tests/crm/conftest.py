"""The CRMs of these tests, each started once a file: a real one, HubSpot's and Salesforce's emulators.

A test takes the CRM as a company has it that never heard of us (`tryton`, `hub`, `org`), or the client in front of it
(`tryton_crm`, `crm`). A file whose HubSpot begins otherwise has a `hub` of its own, and `api` and `crm` go with that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving.writeback.hubspot import HubSpotCrm
from tests.crm import hubspot_company, salesforce_asking, salesforce_company
from tests.crm import hubspot_oracle as hubspot
from tests.crm import salesforce_server as salesforce
from tests.crm.company import accounts_only
from tests.crm.fault_proxy import Proxy, fault_proxy
from tests.crm.salesforce_asking import Api
from tests.crm.tryton_destination import TrytonCrm
from tests.crm.tryton_server import Tryton, server

# Tryton imports its module, in an environment of its own: it is nothing for pytest to collect.
collect_ignore = ["tryton_module"]
TIMEOUT = 0.6


@pytest.fixture(scope="module")
def trytond() -> Iterator[Tryton]:
    with server() as found:
        yield found


@pytest.fixture
def tryton(trytond: Tryton) -> Tryton:
    accounts_only(trytond)
    return trytond


@pytest.fixture
def front(tryton: Tryton) -> Iterator[Proxy]:
    with fault_proxy(tryton.url) as found:
        yield found


@pytest.fixture
def tryton_crm(tryton: Tryton, front: Proxy) -> Iterator[TrytonCrm]:
    found = TrytonCrm(front.url, tryton.database, tryton.user, tryton.password, timeout=TIMEOUT, batch_size=10)
    with found.client:
        yield found


@pytest.fixture(scope="module")
def running() -> Iterator[hubspot.Emulator]:
    """HubSpot, as the last test left it."""
    with hubspot.server() as found:
        yield found


@pytest.fixture
def hub(running: hubspot.Emulator) -> hubspot.Emulator:
    hubspot_company.opened(running)
    return running


@pytest.fixture
def crm(hub: hubspot.Emulator) -> Iterator[HubSpotCrm]:
    found = hubspot_company.client(hub)
    yield found
    found.close()


@pytest.fixture
def api(hub: hubspot.Emulator) -> Iterator[httpx.Client]:
    """HubSpot's interface itself, for tests of the emulator."""
    with hub.http() as client:
        yield client


@pytest.fixture(scope="module")
def company_org() -> Iterator[salesforce.Emulator]:
    with salesforce.server(salesforce_company.FIELDS) as found:
        yield found


@pytest.fixture
def org(company_org: salesforce.Emulator) -> salesforce.Emulator:
    salesforce_company.accounts_only(company_org)
    return company_org


@pytest.fixture(scope="module")
def asked_org() -> Iterator[salesforce.Emulator]:
    with salesforce.server(salesforce_asking.FIELDS, seconds=120) as found:
        yield found


@pytest.fixture
def blank(asked_org: salesforce.Emulator) -> salesforce.Emulator:
    """An empty org, for tests of the emulator."""
    asked_org.call("reset")
    return asked_org


@pytest.fixture
def asking(blank: salesforce.Emulator) -> Iterator[Api]:
    """Its interface itself."""
    with Api(blank) as client:
        yield client


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"
