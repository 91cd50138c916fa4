"""`churn alert`: owners hear of new signals, each once, in a digest where there are many, and not at night (A1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.blocks import blocks
from pipelines.settings import Project
from policy.errors import UsageError
from serving.alerts.channels import Channel, Hook, Mail, checked
from serving.alerts.routing import Alert
from serving.alerts.telling import tell
from serving.alerts.told import opened
from serving.writeback.secret import secret

if TYPE_CHECKING:
    import pandas as pd

SMTP_PASSWORD, WEBHOOK_SECRET = "CHURN_SMTP_PASSWORD", "CHURN_ALERTS_SECRET"


def alert(project: Project, as_of: date | None, now: datetime | None = None) -> dict[str, Any]:
    """Tell the owners what the newest signals, or those of a day, say. Returns counts by channel."""
    rows, owners, day = _signals(project, as_of)
    section, policy = project.settings.alerts, project.policy.alerts
    channels = channels_of(project)
    checked(channels, policy.channels)
    alerts = [_alert(row, owners) for row in rows.to_dict("records")]
    news = set(rows.loc[rows["is_new"], "episode_key"])
    moment = now or datetime.now(UTC)
    with opened(project.out() / "alerts.sqlite") as told:
        done = tell(alerts, news, channels, told, policy, moment, unowned_to=section.unowned_to)
    return {
        "as_of": day,
        "messages": done.messages,
        "alerts": done.alerts,
        "held": done.held,
        "known_before": done.known,
        "unowned": done.unowned,
    }


def _signals(project: Project, as_of: date | None) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    import pandas as pd

    folder = project.state / "signals"
    days = sorted(path.parent.name.removeprefix("as_of=") for path in folder.glob("as_of=*/owners.parquet"))
    day = as_of.isoformat() if as_of else (days[-1] if days else "")
    if day not in days:
        cure = f"Run `churn signals --as-of {day}` first." if day else "Run `churn signals` first."
        raise UsageError("there are no signals of that day.", where="--as-of", cure=cure)
    place = folder / f"as_of={day}"
    rows = pd.read_parquet(place / "signals.parquet")
    # What only confirms an end that is coming, and what a holiday explains, wakes nobody.
    rows = rows[(rows["kind"] == "warning") & (rows["status"] == "open")]
    return rows, pd.read_parquet(place / "owners.parquet").set_index("account_id"), day


def _alert(row: Mapping[Any, Any], owners: pd.DataFrame) -> Alert:
    account = str(row["account_id"])
    known = owners.loc[account].to_dict() if account in owners.index else {}
    text = {name: value for name, value in known.items() if isinstance(value, str) and value.strip()}
    play = row["play"] if isinstance(row["play"], str) else None
    return Alert(
        key=str(row["episode_key"]),
        account_id=account,
        account=text.get("name", account),
        address=text.get("owner_email"),
        zone=text.get("timezone"),
        title=str(row["name"]).replace("_", " "),
        sentence=str(row["sentence"]),
        play=play,
    )


def has_channel(project: Project) -> bool:
    """Whether churn.toml sets up a channel; no secret is asked for."""
    section = project.settings.alerts
    return bool((section.mail_host and section.mail_from) or section.webhook_url)


def channels_of(project: Project) -> list[Channel]:
    """The channels that churn.toml sets up and the policy names. Raises SettingsError for a secret that is not set."""
    return [channel for channel in _channels(project) if channel.name in project.policy.alerts.channels]


def _channels(project: Project) -> list[Channel]:
    section, found = project.settings.alerts, list[Channel]()
    if section.mail_host and section.mail_from:
        password = secret(SMTP_PASSWORD, blocks=blocks(project)) if section.mail_user else None
        found.append(Mail(section.mail_host, section.mail_port, section.mail_from, section.mail_user, password))
    if section.webhook_url:
        found.append(Hook(section.webhook_url, secret(WEBHOOK_SECRET, blocks=blocks(project)), section.webhook_hosts))
    return found


def owners_table(accounts: pd.DataFrame, path: Path) -> None:
    """Keep beside the signals who owns each account, under which address, in which time zone."""
    from pipelines.files import write_parquet

    kept = accounts.reindex(columns=["account_id", "name", "owner_id", "owner_email", "timezone"])
    write_parquet(kept.astype("string"), path)
