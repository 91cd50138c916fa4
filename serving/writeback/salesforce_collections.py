"""Writing up to 200 records a call: each on its own, answered in the order of the request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from serving.writeback.destination import Busy, Kind, Outcome
from serving.writeback.salesforce_calls import Calls, Refused
from serving.writeback.salesforce_errors import outcome_of, whole
from serving.writeback.salesforce_fields import Layout
from serving.writeback.salesforce_prepare import Ready
from serving.writeback.web import NoAnswer

AT_ONCE = 200
GATEWAYS = (502, 503, 504)


class Collections:
    """The composite collections of one org."""

    def __init__(self, calls: Calls, at: Callable[[str], None]) -> None:
        self.calls, self.at = calls, at
        self.stopped: Outcome | None = None

    def send(self, kind: Kind, layout: Layout, rows: Sequence[Ready], outcomes: list[Outcome | None]) -> None:
        """Write the rows; once the line failed or a limit was met, `stopped` says so of those not sent."""
        groups = ([row for row in rows if row.id], [row for row in rows if not row.id])
        for group, create in zip(groups, (False, True), strict=True):
            group = sorted(group, key=lambda row: (row.parent, row.key))
            for start in range(0, len(group), AT_ONCE):
                some = group[start : start + AT_ONCE]
                told = [self.stopped] * len(some) if self.stopped else self._call(kind, layout, some, create=create)
                for row, outcome in zip(some, told, strict=True):
                    outcomes[row.at] = outcome

    def _call(self, kind: Kind, layout: Layout, rows: Sequence[Ready], *, create: bool) -> Sequence[Outcome]:
        path = "/composite/sobjects" + (f"/{layout.object}/{layout.key}" if create else "")
        records: list[dict[str, Any]] = []
        for row in rows:
            who = {layout.key: row.key} if create else {"id": row.id}
            records.append({"attributes": {"type": layout.object}, **who, **row.values})
        self.at("collection")
        try:
            told = self.calls.asked("PATCH", path, json={"allOrNone": False, "records": records})
        except Busy as busy:
            self.stopped = Outcome.retry(busy.after, busy.code.lower())
            return [self.stopped] * len(rows)
        except NoAnswer as lost:
            # The rest would wait as long for as little.
            self.stopped = Outcome.retry(code="not_sent")
            return [Outcome.unknown() if lost.sent else Outcome.retry(code="no_connection")] * len(rows)
        except Refused as no:
            if no.status in (404, 405, 410, 415):
                raise self.calls.stopped(no, f"it has no such call for {layout.object}") from no
            if no.status in GATEWAYS:
                self.stopped = Outcome.retry(code="not_sent")
            return [whole(no, len(rows))] * len(rows)
        self.at("collected")
        if not isinstance(told, list) or len(told) != len(rows):
            return [Outcome.unknown("answers_missing")] * len(rows)
        return [_outcome(kind, one) for one in told]


def _outcome(kind: Kind, told: Any) -> Outcome:
    if told.get("success"):
        return Outcome.ok(told.get("id"))
    first = (told.get("errors") or [{}])[0]
    return outcome_of(kind, str(first.get("statusCode") or ""), [str(name) for name in first.get("fields") or ()])
