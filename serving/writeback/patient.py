"""A destination that is waited for: never called before it asked to be, for as long as a delivery may take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Busy, Capabilities, Destination, Handle, Key, Kind, Outcome, Outgoing, Row
from serving.writeback.ledger import Ledger

Answer = TypeVar("Answer")
PATIENCE = 300.0
"""Seconds that one delivery may wait for the destination in all; then the rest is deferred to the next run."""
MAX_BACKOFF = 60.0


def backoff(times: int) -> float:
    """Seconds to wait after so many failures in a row: half a second, then twice as long each time, a minute at most.

    >>> [backoff(times) for times in (1, 2, 3, 20)]
    [0.5, 1.0, 2.0, 60.0]
    """
    return min(MAX_BACKOFF, 0.5 * 2.0 ** min(times - 1, 10))


class Deferred(DeliveryIncomplete):
    """The destination wants a longer wait than this delivery may take; `until` is a Unix time."""

    until = 0.0


class Patient:
    """The destination, with a budget of seconds that may be waited for it.

    The ledger remembers until when it is busy, but for one that is only read (`remembers` false).
    """

    def __init__(
        self,
        destination: Destination,
        ledger: Ledger,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        patience: float,
        *,
        remembers: bool = True,
    ) -> None:
        self.destination = destination
        self.ledger = ledger
        self.until = ledger.paused_until()
        self.remembers = remembers
        self.clock = clock
        self.sleep = sleep
        self.patience = patience

    @property
    def name(self) -> str:
        """The destination's."""
        return self.destination.name

    @property
    def costs_calls(self) -> bool:
        """The destination's."""
        return self.destination.costs_calls

    def describe(self) -> Capabilities:
        """What it takes."""
        return self._asked(self.destination.describe)

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows that exist."""
        return self._asked(lambda: self.destination.read(kind, keys))

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        """Store the rows; a destination that is busy has stored none."""
        try:
            return self.destination.write(kind, batch, handle)
        except Busy as busy:
            return [Outcome.retry(busy.after, busy.code)] * len(batch)

    def finish(self) -> None:
        """Whatever is made once from all rows."""
        self.destination.finish()

    def close(self) -> None:
        """Give back what it holds."""
        self.destination.close()

    def pause(self, seconds: float) -> float:
        """Call nobody for so long; returns until when."""
        until = self.clock() + seconds
        self.until = max(self.until, until)
        if self.remembers:
            self.ledger.pause(until)
        return until

    def due_in(self) -> float:
        """Seconds until the destination may be called, 0 where it may be now."""
        return max(0.0, self.until - self.clock())

    def wait(self, seconds: float) -> bool:
        """Sleep, unless it takes longer than there is patience left."""
        if seconds > self.patience:
            return False
        self.patience -= seconds
        self.sleep(seconds)
        return True

    def _asked(self, call: Callable[[], Answer]) -> Answer:
        times = 0
        while True:
            wait = self.due_in()
            if wait and not self.wait(wait):
                raise self._deferred()
            try:
                return call()
            except Busy as busy:
                times += 1
                self.pause(backoff(times) if busy.after is None else max(busy.after, 0.5))

    def _deferred(self) -> Deferred:
        found = Deferred(
            f"the destination asks not to be called for another {self.due_in():,.0f} seconds; nothing is lost.",
            where=self.name,
            cure="Apply again after that: it goes on where this stopped.",
        )
        found.until = self.until
        return found
