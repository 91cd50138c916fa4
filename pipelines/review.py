"""`churn review`: three files of a task, worked through account by account; called again it goes on (F1–F3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.as_scored import policy_of
from pipelines.deliver import chosen_date
from pipelines.review_accounts import reviewed_accounts
from pipelines.review_files import ReviewFiles
from pipelines.settings import Project
from policy.errors import SettingsError
from serving.workbench.reviews.account import Account, kind_of
from serving.workbench.reviews.context import changed_context, first_context
from serving.workbench.reviews.criteria import ANY, Criteria, changed, read_back, refuse_unknown, thresholds
from serving.workbench.reviews.insights import Block, begun, first_insights, insight_block, mended, written
from serving.workbench.reviews.names import checked_id
from serving.workbench.reviews.playbook import playbook_block, playbook_changes, playbook_key
from serving.workbench.reviews.todos import Mark, brought_up_to_date, first_todos, listed, open_marks, ticked

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Asked:
    """What the command line says of a review; null is what the review says already, `any` lifts a limit."""

    as_of: date | None = None
    tiers: tuple[str, ...] | None = None
    segments: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None
    goal: str | None = None


def review(
    project: Project, task_id: str, asked: Asked, folder: Path, *, progress: Progress = lambda done, total: None
) -> dict[str, Any]:
    """Begin the review, or go on at its first open account; returns the object `churn review --json` prints.

    The insight is on the disk before the box is ticked: after a kill anywhere, a call finds what was written, and
    writes nothing twice. Raises UsageError for an id or a criterion there is none of, Locked while another process
    works on the same id.
    """
    files = ReviewFiles(folder, checked_id(task_id, project.policy.reviews))
    with files.held():
        return _Review(project, files, asked).worked_through(progress)


class _Review:
    """One call on one task, while its lock is held."""

    def __init__(self, project: Project, files: ReviewFiles, asked: Asked) -> None:
        self.project, self.files, self.asked = project, files, asked
        self.currency = project.settings.project.currency
        # A half-written insight may be of another day than this call's.
        self.accounts_on = cache(lambda as_of: reviewed_accounts(project, as_of))
        self.policy_on = cache(lambda as_of: policy_of(project, as_of))

    def worked_through(self, progress: Progress) -> dict[str, Any]:
        """Bring the three files up to date, then go from open account to open account."""
        criteria, recorded = self._settled()
        chosen = criteria.chosen(self.accounts_on(criteria.as_of))
        self._listed(criteria, chosen)
        blocks = self._mended_insights(criteria)
        done_before = {block.key for block in blocks if block.kind == "insight"}
        text = self.files.read("todos") or ""
        todos = listed(text)
        marks: Mapping[str, Sequence[Mark]] = open_marks(text)
        by_id = {a.account_id: a for a in chosen}
        open_ = [t.account_id for t in todos.values() if not t.done and not t.left and t.account_id in by_id]
        wrote = 0
        for place, account in enumerate(open_, 1):
            if account not in done_before:
                self.files.append("insights", insight_block(by_id[account], criteria.as_of, self.currency))
                wrote += 1
            marks = self._ticked(account, marks)
            progress(place, len(open_))
        default = self.policy_on(criteria.as_of).plays["default"].play
        if chosen and playbook_key(criteria.as_of, chosen) not in blocks:
            self.files.append("insights", playbook_block(criteria.as_of, chosen, default, self.currency))
        self.files.all_appended()
        return self._told(criteria, recorded, chosen, default, wrote, ticked_now=len(open_))

    def _ticked(self, account: str, marks: Mapping[str, Sequence[Mark]]) -> Mapping[str, Sequence[Mark]]:
        """Tick the account's boxes, a byte each; the open boxes where they stand from then on.

        Where somebody changed the file meanwhile it is read anew and replaced whole.
        """
        own = marks.get(account, ())
        if own and all(self.files.tick("todos", mark) for mark in own):
            return marks
        text = ticked(self.files.read("todos") or "", account)
        self.files.replace("todos", text)
        return open_marks(text)

    def _settled(self) -> tuple[Criteria, list[tuple[str, str, str]]]:
        """(the criteria that hold from now on, what of them is recorded as changed): the context is brought up to date."""
        text = self.files.read("context")
        old = None if text is None else read_back(text)
        if text is not None and old is None:
            raise SettingsError(
                "names no criteria any more: its last line, a comment, is missing.",
                where=self.files.paths["context"].name,
                cure="Restore the line, or begin a review under another task id.",
            )
        as_of = old.as_of if old and self.asked.as_of is None else chosen_date(self.project, self.asked.as_of)
        if old is not None:
            chosen_date(self.project, date.fromisoformat(as_of))
        policy = self.policy_on(as_of)
        criteria = Criteria(
            as_of=as_of,
            tiers=_limit(self.asked.tiers, old.tiers if old else None),
            segments=_limit(self.asked.segments, old.segments if old else None),
            owners=_limit(self.asked.owners, old.owners if old else None),
            policy_version=policy.version,
            thresholds=thresholds(policy, self.project.settings.capacity.share),
        )
        book = self.accounts_on(as_of)
        refuse_unknown(criteria if old is None else self._newly_asked(criteria), book)
        chosen = criteria.chosen(book)
        if text is None or old is None:
            first = first_context(self.files.task_id, self.asked.goal, criteria, chosen, self.currency)
            self.files.replace("context", first)
            return criteria, []
        differs = list(changed(old, criteria))
        if differs:
            before = [t.account_id for t in listed(self.files.read("todos") or "").values() if not t.left]
            self.files.replace("context", changed_context(text, old, criteria, before, chosen, self.currency))
        return criteria, differs

    def _newly_asked(self, criteria: Criteria) -> Criteria:
        """Without what an earlier call asked for: a segment that has emptied since is no mistake of this call."""
        kept = {n: getattr(criteria, n) for n in ("tiers", "segments", "owners") if getattr(self.asked, n) is not None}
        return replace(criteria, **{**{"tiers": (), "segments": (), "owners": ()}, **kept})

    def _listed(self, criteria: Criteria, chosen: Sequence[Account]) -> None:
        text = self.files.read("todos")
        note = f"\nCame in, as of {criteria.as_of}:\n\n"
        now = brought_up_to_date(first_todos(self.files.task_id) if text is None else text, chosen, self.currency, note)
        if now != text:
            self.files.replace("todos", now)

    def _mended_insights(self, criteria: Criteria) -> set[Block]:
        text = self.files.read("insights")
        whole = first_insights(self.files.task_id) if text is None else mended(text, self._block)
        if whole != text:
            self.files.replace("insights", whole)
        return written(whole)

    def _block(self, block: Block) -> str | None:
        """What a block would be: the one written last, else written anew; null where its day or account is not there.

        An account that was scored anew since then would be told otherwise than it was begun.
        """
        last = self.files.last_appended()
        if begun(last) == block:
            return last
        if not (self.project.state / "scores" / f"as_of={block.as_of}").exists():
            return None
        book = self.accounts_on(block.as_of)
        if block.kind == "insight":
            found = next((a for a in book if a.account_id == block.key), None)
            return None if found is None else insight_block(found, block.as_of, self.currency)
        text = self.files.read("context")
        criteria = None if text is None else read_back(text)
        if criteria is None or criteria.as_of != block.as_of:
            return None
        default = self.policy_on(block.as_of).plays["default"].play
        return playbook_block(block.as_of, criteria.chosen(book), default, self.currency)

    def _told(
        self,
        criteria: Criteria,
        recorded: Sequence[tuple[str, str, str]],
        chosen: Sequence[Account],
        default: str,
        wrote: int,
        *,
        ticked_now: int,
    ) -> dict[str, Any]:
        todos = listed(self.files.read("todos") or "")
        arr = [a.arr for a in chosen if a.arr is not None]
        return {
            "task_id": self.files.task_id,
            "as_of": criteria.as_of,
            "policy_version": criteria.policy_version,
            "tiers": list(criteria.tiers),
            "segments": list(criteria.segments),
            "owners": list(criteria.owners),
            "changed": [{"what": what, "old": old, "new": new} for what, old, new in recorded],
            "accounts": len(chosen),
            "arr": sum(arr) if arr else None,
            "insights_written": wrote,
            "ticked": ticked_now,
            "done": sum(t.done and not t.left for t in todos.values()),
            "open": sum(not t.done and not t.left for t in todos.values()),
            "left": sum(t.left for t in todos.values()),
            "kinds": dict(sorted(Counter(kind_of(a) for a in chosen).items())),
            "playbook_changes": [r._asdict() for r in playbook_changes(chosen, default)],
            "files": {part: str(path) for part, path in self.files.paths.items()},
        }


def _limit(asked: tuple[str, ...] | None, before: tuple[str, ...] | None) -> tuple[str, ...]:
    """The limit asked for; none where that is `any`, and what held before where nothing was asked."""
    if asked is None:
        return before or ()
    return () if ANY in asked else tuple(dict.fromkeys(asked))
