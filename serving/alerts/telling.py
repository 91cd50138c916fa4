"""Tell what is new over every channel: each signal once a channel, whatever is killed in between."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from policy.growth import Alerts
from serving.alerts.channels import Channel
from serving.alerts.routing import Alert, routed
from serving.alerts.told import Told


@dataclass(slots=True)
class Telling:
    """What became of the alerts, by channel."""

    messages: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)
    held: int = 0
    known: int = 0
    unowned: list[str] = field(default_factory=list)


def tell(
    alerts: Sequence[Alert],
    news: Collection[str],
    channels: Sequence[Channel],
    told: Told,
    policy: Alerts,
    now: datetime,
    *,
    unowned_to: str | None = None,
) -> Telling:
    """Send what nobody was told of yet. `news` are the keys of signals that began on the last run.

    A channel's first time tells the news alone: what stood before is noted as known, and floods nobody.
    """
    done = Telling()
    for channel in channels:
        if told.is_new(channel.name):
            before = [alert.key for alert in alerts if alert.key not in news]
            told.begin(before, channel.name, now)
            done.known = max(done.known, len(before))
        open_ = told.open_keys([alert.key for alert in alerts], channel.name)
        found = routed([a for a in alerts if a.key in open_], policy, now, unowned_to=unowned_to)
        done.held = max(done.held, len(found.held))
        done.unowned = sorted({alert.account_id for alert in found.unowned})
        for message in found.messages:
            told.sending(message.number, channel.name, message.keys, now)
            channel.send(message)
            told.sent(message.number, channel.name)
            done.messages[channel.name] = done.messages.get(channel.name, 0) + 1
            done.alerts[channel.name] = done.alerts.get(channel.name, 0) + len(message.keys)
    return done
