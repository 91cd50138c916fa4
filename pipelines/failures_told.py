"""Somebody hears of runs that failed or were killed: each once a channel, over the channels that alerts take."""

from __future__ import annotations

import logging
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from pipelines.alerts import channels_of
from pipelines.run_report import reports
from pipelines.settings import Project
from policy.errors import ChurnError
from serving.alerts.routing import Message
from serving.alerts.told import Told, opened

log = logging.getLogger(__name__)
LOOKED_AT = 50
"""Reports, the newest first, among which untold failures are looked for."""
BAD = ("failed", "interrupted")
KILLED = "it was killed, or its machine stopped: it began and never ended."
UNFORESEEN = "an error that nobody foresaw; its text, which may hold data, stands in the report alone."
AGAIN = "Run `churn {what}` again: it goes on where this one stopped, and doubles nothing."


def tell_failures(project: Project) -> str | None:
    """Tell `failures_to` of every failed or killed run that nobody was told of; says what became of that.

    Null where nobody is to be told. What failed before there was a channel is known, and floods nobody. A notice that
    cannot be sent stops nothing: it is sent by the next run.
    """
    to = project.settings.alerts.failures_to
    if to is None:
        return None
    bad = [found for found in islice(reports(project), LOOKED_AT) if found["outcome"] in BAD]
    told_by = []
    try:
        channels = channels_of(project)
        with opened(project.out() / "failures.sqlite") as told:
            for channel in channels:
                if told.is_new(channel.name):
                    told.begin([found["run"] for found in bad], channel.name, datetime.now(UTC))
                for message in _open(bad, channel.name, told, to):
                    told.sending(message.number, channel.name, message.keys, datetime.now(UTC))
                    channel.send(message)
                    told.sent(message.number, channel.name)
                told_by.append(channel.name)
    except ChurnError as error:
        log.warning("the notice of a failed run was not sent: %s", error)
        return f"not sent: {error.where}: {error.message} The next run tries again"
    return f"sent by {' and '.join(told_by)}" if told_by else "not sent: no channel is set up in [alerts]"


def _open(bad: list[dict[str, Any]], channel: str, told: Told, to: str) -> list[Message]:
    open_ = told.open_keys([found["run"] for found in bad], channel)
    return [_message(found, to) for found in reversed(bad) if found["run"] in open_]


def _message(found: Mapping[str, Any], to: str) -> Message:
    """What, where, the cure, the exit code and the run's ids; no row of a table, and no secret."""
    what, error = found["what"], found["error"] or {}
    killed = found["outcome"] == "interrupted"
    code = "none: it was killed" if found["code"] is None else str(found["code"])
    at = next((step["step"] for step in found["steps"] if step["outcome"] in BAD), "before its first step")
    ids = found["run"] + (f" (Prefect flow run {found['flow_run']})" if found["flow_run"] else "")
    steps = ", ".join(f"{step['step']} {step['outcome']}" for step in found["steps"])
    lines = [
        f"What:      {KILLED if killed else UNFORESEEN if found['code'] == 1 else error['message']}",
        f"Where:     step {at} of the {what} run" + ("" if killed or not error["where"] else f", {error['where']}"),
        f"Cure:      {AGAIN.format(what=what) if killed else error['cure']}",
        f"Exit code: {code}",
        f"Run:       {ids}",
        f"Began:     {found['started']}",
        f"Steps:     {steps or 'none'}",
        f"Report:    {found['page']} on {platform.node()}",
    ]
    ended = "was killed" if killed else f"failed with exit code {code}"
    subject = f"Churn: the {what} run of {found['project']} {ended}"
    return Message(found["run"], to, " ".join(subject.split()), "\n".join(lines) + "\n", (found["run"],), "failure")
