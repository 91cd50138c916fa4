"""Registers deployments with the Prefect server at PREFECT_API_URL. Doing it again changes nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker

from pipelines import flows
from pipelines.deployments import Deployment
from policy.errors import SettingsError, UsageError

AT_A_TIME = 1
"""Runs of one deployment: two would only meet each other's locks."""
KIND = "process"
PAUSES = (0, 1, 3)
"""Seconds before each time that a server is asked whether it can make runs: a busy one may say no at first."""


def register(wanted: Sequence[Deployment], pool: str) -> dict[str, Any]:
    """Make the server's deployments what they should be; the object that `churn deploy --json` prints.

    Raises SettingsError where no server is named or none answers, or where the pool starts no processes; UsageError
    where a deployment of that name is another project's.
    """
    # Without the user and the password that may stand in it.
    address = re.sub(r"//[^/]*@", "//", PREFECT_API_URL.value() or "")
    if not address:
        raise SettingsError(
            "no Prefect server is named.",
            where="PREFECT_API_URL",
            cure="Start one with `prefect server start`, then set PREFECT_API_URL=http://127.0.0.1:4200/api. "
            "Without a server: `churn weekly` from cron.",
        )
    with get_client(sync_client=True) as client:
        _answering(client, address)
        _not_anothers(client, wanted)
        made = _pool(client, pool)
        lines = [_registered(client, one, pool) for one in wanted]
        makes_runs = _makes_runs(client, wanted)
    shown = [line for line in lines if line["state"] != "none"]
    changed = made or any(line["state"] != "unchanged" for line in shown)
    return {
        "server": address,
        "prefect": prefect.__version__,
        "pool": {"name": pool, "state": "made" if made else "unchanged"},
        "deployments": shown,
        "changed": changed,
        "makes_runs": makes_runs,
        "worker": f"prefect worker start --pool {pool} --type {KIND}",
    }


def _answering(client: SyncPrefectClient, address: str) -> None:
    error = client.api_healthcheck()
    if error is None:
        return
    cure = "Start it, or mend PREFECT_API_URL; it ends in /api. Without a server: `churn weekly` from cron."
    raise SettingsError(f"no Prefect server answers ({type(error).__name__}).", where=address, cure=cure) from None


def _pool(client: SyncPrefectClient, name: str) -> bool:
    """Make the work pool where it is missing; whether it was."""
    try:
        kind = client.read_work_pool(name).type
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(WorkPoolCreate(name=name, type=KIND, base_job_template=template))
        return True
    if kind != KIND:
        cure = "Name another with --pool; it is made where it is missing."
        raise SettingsError(f"the work pool `{name}` is of type {kind}, not {KIND}.", where="--pool", cure=cure)
    return False


def _found(client: SyncPrefectClient, one: Deployment) -> DeploymentResponse | None:
    try:
        return client.read_deployment_by_name(f"{one.flow}/{one.name}")
    except ObjectNotFound:
        return None


def _not_anothers(client: SyncPrefectClient, wanted: Sequence[Deployment]) -> None:
    """Before anything is changed."""
    for one in wanted:
        there = _found(client, one)
        project = there and there.parameters.get("project")
        if there and project != one.parameters["project"]:
            raise UsageError(
                f"the deployment `{one.name}` runs another project: {project}.",
                where="--name",
                cure="Give this project's deployments a name of their own, for example --name acme.",
            )


def _registered(client: SyncPrefectClient, one: Deployment, pool: str) -> dict[str, Any]:
    there = _found(client, one)
    line = {"name": f"{one.flow}/{one.name}", "entrypoint": one.entrypoint, "cron": one.cron, "timezone": one.timezone}
    if one.cron is None:
        if there:
            client.delete_deployment(there.id)
        return line | {"state": "removed" if there else "none", "paused": False}
    schema = parameter_schema(getattr(flows, one.flow)).model_dump(exclude_unset=True)
    if there and _is_as_wanted(there, one, pool, schema):
        return line | {"state": "unchanged", "paused": there.paused or not there.schedules[0].active}
    # An upsert: a deployment that is paused stays so, and a schedule that somebody switched off stays off.
    active = there.schedules[0].active if there and len(there.schedules) == 1 else True
    schedule = CronSchedule(cron=one.cron, timezone=one.timezone)
    client.create_deployment(
        client.create_flow_from_name(one.flow),
        one.name,
        schedules=[DeploymentScheduleCreate(schedule=schedule, active=active)],
        concurrency_limit=AT_A_TIME,
        parameters=dict(one.parameters),
        description=one.description,
        work_pool_name=pool,
        entrypoint=one.entrypoint,
        parameter_openapi_schema=schema,
        enforce_parameter_schema=True,
        pull_steps=[],
        job_variables={},
    )
    paused = (there is not None and there.paused) or not active
    return line | {"state": "changed" if there else "registered", "paused": paused}


def _makes_runs(client: SyncPrefectClient, wanted: Sequence[Deployment]) -> bool:
    """Whether the server can make runs from a schedule: it is asked to, for the first deployment that has one.

    A server that cannot takes every deployment, starts none, and says so in its own log alone: Prefect 3.8 with
    SQLAlchemy 2.1.
    """
    there = next((found for one in wanted if one.cron and (found := _found(client, one))), None)
    if there is None:
        return True
    path = {"id": there.id}
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        for pause in PAUSES:
            time.sleep(pause)
            try:
                client.request("POST", "/deployments/{id}/schedule", path_params=path, json={"max_runs": 1})
                return True
            except PrefectHTTPStatusError as error:
                if error.response.status_code < 500:
                    return True  # it does not offer that: nothing is known against it
    return False


def _is_as_wanted(there: DeploymentResponse, one: Deployment, pool: str, schema: dict[str, Any]) -> bool:
    if len(there.schedules) != 1:
        return False
    schedule, limit = there.schedules[0].schedule, there.global_concurrency_limit
    return (
        isinstance(schedule, CronSchedule)
        and (schedule.cron, schedule.timezone) == (one.cron, one.timezone)
        and limit is not None
        and limit.limit == AT_A_TIME
        and there.parameters == dict(one.parameters)
        and there.description == one.description
        and there.work_pool_name == pool
        and there.entrypoint == one.entrypoint
        and there.parameter_openapi_schema == schema
        and there.enforce_parameter_schema is True
        and not there.pull_steps
        and there.path is None
    )
