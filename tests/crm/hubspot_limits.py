"""How often one may call: per ten seconds, per day, and per second for searches.

The guide on limits: a 429 names its policy in `policyName`; the day ends at midnight in the account's zone, which is UTC
here; answers of searches carry no limit headers. It promises no `Retry-After` for a 429, so none is sent unless the
account's options ask for one.
"""

from __future__ import annotations

from collections import deque

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_store import Store

DAY_MS = 86_400_000


class Limits:
    """Counts the calls of one app. Refused calls do not count: no document says so, and a storm would never end."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._calls: deque[int] = deque()
        self._searches: deque[int] = deque()
        self._day, self._today = -1, 0

    def check(self, *, searching: bool) -> errors.Refused | None:
        """Count one call; the refusal when it is one too many."""
        now, options = self.store.now(), self.store.options
        self._forget(now)
        if self._today >= options.daily:
            return self._refusal("DAILY", DAY_MS - now % DAY_MS)
        if len(self._calls) >= options.ten_secondly:
            window = round(options.window_seconds * 1000)
            return self._refusal(
                "TEN_SECONDLY_ROLLING", max(1, (self._calls[0] if self._calls else now) + window - now)
            )
        if searching:
            if len(self._searches) >= options.search_per_second:
                return self._refusal("SECONDLY", max(1, self._searches[0] + 1000 - now))
            self._searches.append(now)
        self._calls.append(now)
        self._today += 1
        return None

    def headers(self) -> dict[str, str]:
        """What every answer but a search's tells of the limits."""
        options = self.store.options
        return {
            "X-HubSpot-RateLimit-Max": str(options.ten_secondly),
            "X-HubSpot-RateLimit-Remaining": str(max(0, options.ten_secondly - len(self._calls))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(round(options.window_seconds * 1000)),
            "X-HubSpot-RateLimit-Daily": str(options.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, options.daily - self._today)),
        }

    def _forget(self, now: int) -> None:
        window = round(self.store.options.window_seconds * 1000)
        while self._calls and self._calls[0] <= now - window:
            self._calls.popleft()
        while self._searches and self._searches[0] <= now - 1000:
            self._searches.popleft()
        if (day := now // DAY_MS) != self._day:
            self._day, self._today = day, 0

    def _refusal(self, policy: str, wait_ms: int) -> errors.Refused:
        seconds = -(-wait_ms // 1000)
        return errors.over_limit(policy, {"Retry-After": str(seconds)} if self.store.options.retry_after else {})
