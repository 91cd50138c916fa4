"""When a write-back stops before it has sent anything, and how far back it can be taken."""

from __future__ import annotations

from policy.frozen import Frozen, Share, rule


class Delivery(Frozen):
    """The circuit breakers of `churn apply`, and the memory of `churn rollback`."""

    least_rows: int = rule("", "Shares are judged from so many rows on, rows beyond the usual too.", ge=1)
    rejected_share: Share = rule("", "More of the rows rejected than this, by us or by the CRM: stop.")
    tier_moves_share: Share = rule(
        "", "More accounts changing a tier in one direction than this share of those that had one: stop."
    )
    new_tasks_share: Share = rule("", "More accounts with a new task than this share of the scored ones: stop.")
    new_tasks_times: float = rule("", "More new tasks than so many times the usual number: stop.", gt=1)
    usual_runs: int = rule("", "The usual number is the median of so many earlier runs; fewer say nothing.", ge=1)
    source_moves_share: Share = rule(
        "", "A source whose last four weeks moved by more than this against the twelve weeks before: stop."
    )
    source_least_rows: int = rule("", "Rows a source must have had in four of those weeks to be judged.", ge=1)
    undo_runs: int = rule("", "So many runs can be rolled back; older ones have forgotten what was there before.", ge=1)
    alone_tries: int = rule("", "A row that fails alone so often while others pass is set apart.", ge=1)
