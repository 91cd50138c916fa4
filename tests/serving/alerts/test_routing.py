"""A1: every owner hears of a signal once, in a digest where there are many, and not at night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policy.errors import DeliveryIncomplete, Locked
from policy.policy import load_policy
from serving.alerts.routing import Alert, Message, quiet, routed
from serving.alerts.telling import tell
from serving.alerts.told import opened

POLICY = load_policy().alerts
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def alert(number: int, address: str | None = "anna@example.org", zone: str | None = None, account: str = "") -> Alert:
    name = account or f"Firm {number:02d}"
    said = f"Daily logins fell from {40 + number} to 3 since 4 May 2026."
    return Alert(f"a{number}|W1|2026-05-04", f"a{number}", name, address, zone, "login drop", said, "adoption rescue")


class Sent:
    """A channel that keeps what it is given, and may break."""

    def __init__(self, name: str = "mail", breaks_at: int | None = None) -> None:
        self.name = name
        self.messages: list[Message] = []
        self.breaks_at = breaks_at

    def send(self, message: Message) -> None:
        self.messages.append(message)
        if self.breaks_at is not None and len(self.messages) > self.breaks_at:
            raise DeliveryIncomplete("the line broke")


@pytest.mark.parametrize(("alerts", "messages"), [(4, 4), (5, 1), (9, 1)])
def test_from_five_on_they_come_as_one_digest(alerts: int, messages: int) -> None:
    found = routed([alert(n) for n in range(alerts)], POLICY, NOON)
    assert len(found.messages) == messages
    assert {key for message in found.messages for key in message.keys} == {alert(n).key for n in range(alerts)}
    if messages == 1:
        assert found.messages[0].subject == f"{alerts} signals in {alerts} accounts"


def test_each_owner_gets_their_own_and_a_message_says_what_and_what_next() -> None:
    found = routed([alert(1), alert(2, "bert@example.org")], POLICY, NOON)
    assert [(message.address, message.subject) for message in found.messages] == [
        ("anna@example.org", "Firm 01: login drop"),
        ("bert@example.org", "Firm 02: login drop"),
    ]
    assert found.messages[0].body == "Daily logins fell from 41 to 3 since 4 May 2026.\nNext: adoption rescue."


@pytest.mark.parametrize(
    ("local", "night"), [("07:59", True), ("08:00", False), ("17:59", False), ("18:00", True), ("23:30", True)]
)
@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", None])
def test_nothing_is_sent_at_the_owners_night(local: str, night: bool, zone: str | None) -> None:
    from zoneinfo import ZoneInfo

    now = datetime.fromisoformat(f"2026-06-01T{local}").replace(tzinfo=ZoneInfo(zone or "UTC"))
    assert quiet(now.astimezone(UTC), zone, POLICY) == night
    found = routed([alert(1, zone=zone)], POLICY, now)
    assert (len(found.messages), len(found.held)) == ((0, 1) if night else (1, 0))


def test_hours_that_do_not_pass_midnight_are_quiet_too() -> None:
    lunch = POLICY.model_copy(update={"quiet_from_hour": 12, "quiet_to_hour": 14})
    assert [quiet(NOON + timedelta(hours=h), None, lunch) for h in (-1, 0, 1, 2)] == [False, True, True, False]


def test_an_account_that_nobody_owns_is_listed_or_goes_to_whom_churn_toml_names() -> None:
    assert [a.account_id for a in routed([alert(1, None)], POLICY, NOON).unowned] == ["a1"]
    found = routed([alert(1, None), alert(2, "lead@example.org")], POLICY, NOON, unowned_to="lead@example.org")
    assert [message.address for message in found.messages] == ["lead@example.org"] * 2
    assert found.unowned == ()


def test_a_name_cannot_begin_a_header_of_its_own() -> None:
    (message,) = routed([alert(1, account="Firm\r\nBcc: all@example.org")], POLICY, NOON).messages
    assert message.subject == "Firm Bcc: all@example.org: login drop"


def test_each_signal_is_told_once_a_channel_and_the_first_run_floods_nobody(tmp_path: Path) -> None:
    mail, hook = Sent(), Sent("webhook")
    alerts = [alert(n) for n in range(8)]
    with opened(tmp_path / "told.sqlite") as told:
        first = tell(alerts, {alert(7).key}, [mail], told, POLICY, NOON)
        assert (first.known, [message.keys for message in mail.messages]) == (7, [(alert(7).key,)])
        tell(alerts, {alert(7).key}, [mail], told, POLICY, NOON)
        assert len(mail.messages) == 1
        tell([*alerts, alert(8)], {alert(8).key}, [mail, hook], told, POLICY, NOON)
    assert [message.keys for message in mail.messages[1:]] == [(alert(8).key,)]
    assert [message.keys for message in hook.messages] == [(alert(8).key,)]


def test_what_waited_for_the_morning_is_told_in_the_morning(tmp_path: Path) -> None:
    mail, night = Sent(), NOON.replace(hour=20)
    with opened(tmp_path / "told.sqlite") as told:
        assert tell([alert(1)], {alert(1).key}, [mail], told, POLICY, night).held == 1
        assert mail.messages == []
        tell([alert(1)], set(), [mail], told, POLICY, night + timedelta(hours=12))
    assert len(mail.messages) == 1


def test_a_line_that_breaks_loses_none_and_repeats_only_the_one_in_doubt(tmp_path: Path) -> None:
    mail, alerts = Sent(breaks_at=1), [alert(n) for n in range(3)]
    with opened(tmp_path / "told.sqlite") as told, pytest.raises(DeliveryIncomplete):
        tell(alerts, {a.key for a in alerts}, [mail], told, POLICY, NOON)
    mail.breaks_at = None
    with opened(tmp_path / "told.sqlite") as told:
        tell(alerts, set(), [mail], told, POLICY, NOON)
    numbers = [message.number for message in mail.messages]
    assert len(numbers) == 4
    assert numbers[1] == numbers[2]
    assert len(set(numbers)) == 3


def test_two_processes_do_not_tell_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "told.sqlite"), pytest.raises(Locked), opened(tmp_path / "told.sqlite"):
        pass
