"""Who is told what, and when: pure, so that every rule of A1 can be tried on a timeline."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from policy.growth import Alerts


@dataclass(frozen=True, slots=True)
class Alert:
    """A signal that somebody should hear of. `key` is its episode's; `address` is null where nobody owns the account."""

    key: str
    account_id: str
    account: str
    address: str | None
    zone: str | None
    title: str
    sentence: str
    play: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """One mail or one post, about one alert or about several. `number` is the same whenever it is put together again.

    `kind` is what a post says it is: `alert`, or `failure` for the notice of a run that failed.
    """

    number: str
    address: str
    subject: str
    body: str
    keys: tuple[str, ...]
    kind: str = "alert"


@dataclass(frozen=True, slots=True)
class Routed:
    """What goes out now, what waits for the morning, and what has nobody to go to."""

    messages: tuple[Message, ...]
    held: tuple[Alert, ...]
    unowned: tuple[Alert, ...]


def routed(alerts: Iterable[Alert], policy: Alerts, now: datetime, *, unowned_to: str | None = None) -> Routed:
    """Route alerts at a moment (with its time zone). `unowned_to`: who hears of accounts without an owner."""
    by_owner: dict[tuple[str, str | None], list[Alert]] = {}
    held, unowned = [], []
    for alert in sorted(alerts, key=lambda a: (a.account, a.account_id, a.key)):
        address = alert.address or unowned_to
        if address is None:
            unowned.append(alert)
        elif quiet(now, alert.zone, policy):
            held.append(alert)
        else:
            by_owner.setdefault((address, None if alert.address else "unowned"), []).append(alert)
    messages = [
        message
        for (address, _), theirs in sorted(by_owner.items(), key=lambda item: item[0][0])
        for message in _messages(address, theirs, policy)
    ]
    return Routed(tuple(messages), tuple(held), tuple(unowned))


def quiet(now: datetime, zone: str | None, policy: Alerts) -> bool:
    """Whether it is night for the owner (null: UTC); the hours may go past midnight.

    >>> from datetime import UTC
    >>> from policy.policy import load_policy
    >>> night = datetime(2026, 6, 1, 21, 30, tzinfo=UTC)
    >>> quiet(night, None, load_policy().alerts), quiet(night, "America/Los_Angeles", load_policy().alerts)
    (True, False)
    """
    hour = now.astimezone(ZoneInfo(zone or "UTC")).hour
    begins, ends = policy.quiet_from_hour, policy.quiet_to_hour
    return begins <= hour < ends if begins <= ends else hour >= begins or hour < ends


def _messages(address: str, alerts: Sequence[Alert], policy: Alerts) -> list[Message]:
    if len(alerts) < policy.digest_from:
        return [_message(address, f"{alert.account}: {alert.title}", _told(alert), [alert]) for alert in alerts]
    accounts = len({alert.account_id for alert in alerts})
    parts = [f"{alert.account}: {alert.title}\n{_told(alert)}" for alert in alerts]
    return [_message(address, f"{len(alerts)} signals in {accounts} accounts", "\n\n".join(parts), alerts)]


def _message(address: str, subject: str, body: str, alerts: Sequence[Alert]) -> Message:
    keys = tuple(alert.key for alert in alerts)
    number = hashlib.blake2b("\0".join([address, *keys]).encode(), digest_size=12).hexdigest()
    return Message(number, address, _one_line(subject), body, keys)


def _told(alert: Alert) -> str:
    return alert.sentence if alert.play is None else f"{alert.sentence}\nNext: {alert.play}."


def _one_line(text: str) -> str:
    # A line break in a name would begin a header of somebody else's choice.
    return " ".join(text.split())
