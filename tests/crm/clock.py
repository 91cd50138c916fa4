"""A clock for long waits."""

from __future__ import annotations

import time


class Hurried:
    """Sleeps `longest` seconds where more was asked for, and seems to have slept it all."""

    def __init__(self, longest: float) -> None:
        self.ahead, self.longest = 0.0, longest

    def __call__(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, self.longest))
        self.ahead += max(seconds - self.longest, 0)
