"""What it takes to close a play: its cause from a closed list, and whether the account can be saved (I3, I4, I5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from policy.errors import UsageError, did_you_mean
from policy.work import Tasks
from serving.workbench.plays.said import Said

QUESTIONS = (
    "What did you want to reach with us, and how near are you?",
    "What has changed in your team or your business since we began?",
    "Where do expectations and daily work lie apart?",
    "What would have to be true in three months for you to stay gladly?",
)
"""Open questions for the call that finds the cause (I4)."""


class Closing(NamedTuple):
    """How a play ended: the root cause, whether the account can be saved, and the action that follows."""

    root_cause: str
    salvageable: str
    action: str | None


def close(root_cause: str | None, salvageable: str | None, tasks: Tasks) -> Closing:
    """The closing of a play. Raises UsageError where the cause or the answer is missing or not on its list.

    >>> from policy.policy import load_policy
    >>> close("budget", "yes", load_policy().tasks).action
    'pricing approval'
    """
    for value, known, field, needs in (
        (root_cause, tasks.root_causes, "root_cause", "its root cause"),
        (salvageable, tasks.salvageable, "outcome", "an answer to: can the account be saved?"),
    ):
        if value is None:
            raise UsageError(
                f"a play cannot be closed without {needs}.",
                where=field,
                cure=f"Write one of {', '.join(known)} into `{field}` of its task `diagnose`.",
            )
        if value not in known:
            raise UsageError(f"`{value}` is not on the list.", where=field, cure=did_you_mean(value, known))
    return Closing(str(root_cause), str(salvageable), tasks.actions.get(str(root_cause)))


def recorded(diagnose: Said | None, others: Iterable[Said], tasks: Tasks) -> tuple[str | None, str | None]:
    """(root cause, can it be saved) as people recorded them: both on the task `diagnose`, the cause on any other too."""
    causes = [_code(said.reason) for said in (*others, *([diagnose] if diagnose else ())) if said.reason]
    cause = next((c for c in reversed(causes) if c in tasks.root_causes), causes[-1] if causes else None)
    answer = None if diagnose is None or not diagnose.over else diagnose.value
    return cause, answer


def action_text(root_cause: str | None, tasks: Tasks) -> str:
    """What follows from the cause, or from each while it is not known."""
    if root_cause in tasks.actions:
        return f"Cause: {_words(str(root_cause))}. Action: {tasks.actions[str(root_cause)]}."
    return "\n".join(f"- {_words(cause)}: {action}" for cause, action in tasks.actions.items())


def _code(reason: str | None) -> str:
    return (reason or "").strip().lower().replace(" ", "_")


def _words(code: str) -> str:
    return code.replace("_", " ")
