"""What a task id may look like, and the names of its three files."""

from __future__ import annotations

import re

from policy.errors import UsageError
from policy.growth import Reviews

PARTS = ("context", "todos", "insights")
# Whatever pattern a project writes: an id is a part of a file name, and never of a path.
_IN_A_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def checked_id(task_id: str, reviews: Reviews) -> str:
    """The id itself. Raises UsageError where it does not fit the policy's pattern and length, or could leave the folder.

    >>> from policy.policy import load_policy
    >>> checked_id("q1-retention", load_policy().reviews)
    'q1-retention'
    """
    fits = re.fullmatch(reviews.id_pattern, task_id) and _IN_A_NAME.fullmatch(task_id)
    if not fits or len(task_id) > reviews.longest_id:
        raise UsageError(
            f"{task_id[: reviews.longest_id + 1]!r} is no task id: at most {reviews.longest_id} characters of the form "
            f"{reviews.id_pattern}.",
            where="TASK-ID",
            cure="Write for example q1-retention.",
        )
    return task_id


def file_names(task_id: str) -> dict[str, str]:
    """Part → file name. Two ids never share one: the part stands last, and is one of three.

    >>> file_names("q1-retention")["todos"]
    'q1-retention-todos.md'
    """
    return {part: f"{task_id}-{part}.md" for part in PARTS}
