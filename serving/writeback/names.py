"""Our fields under the names that a CRM has for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from policy.errors import SettingsError
from serving.writeback.destination import Kind, Row

# What a CSM reads and a list sorts by. Everything else stays in the project folder, unless it is asked for.
SCORE_FIELDS = (
    *("churn_probability", "risk_tier", "health_score", "health_tier", "reason_1", "reason_2", "reason_3", "play"),
    *("as_of", "expires_on", "published_at", "run_id", "scorer", "model_version", "policy_version"),
)
TASK_FIELDS = ("subject", "body", "due_at", "priority", "status", "owner_id", "play", "step")


@dataclass(frozen=True, slots=True)
class Names:
    """For each kind, ours → theirs, of the fields that are sent, and of those that are only read."""

    score: Mapping[str, str]
    task: Mapping[str, str]
    read_scores: Mapping[str, str] = field(default_factory=dict)
    read_tasks: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: Kind) -> Mapping[str, str]:
        """The fields of one kind that are sent."""
        return self.score if kind == "score" else self.task

    def shown(self, kind: Kind) -> Mapping[str, str]:
        """All fields of one kind that are read: those that are sent, and what people say of them."""
        return {**self.of(kind), **(self.read_scores if kind == "score" else self.read_tasks)}

    def reading(self, scores: Mapping[str, str], tasks: Mapping[str, str]) -> Names:
        """The same, with fields that are read and never written."""
        return replace(self, read_scores=scores, read_tasks=tasks)

    def theirs(self, kind: Kind, fields: Row) -> Row:
        """A row of ours under the CRM's names; what the CRM is not told of is left out."""
        names = self.of(kind)
        return {names[name]: value for name, value in fields.items() if name in names}


def named(
    rule: Callable[[str], str],
    fixed_tasks: Mapping[str, str],
    score: Mapping[str, str] | None = None,
    task: Mapping[str, str] | None = None,
    where: str = "destination",
) -> Names:
    """The usual names by a rule, tasks' by the CRM's own fields, and what the project says otherwise.

    An empty name leaves a field out. Raises SettingsError where two fields would share a name.
    """
    scores = {**{name: rule(name) for name in SCORE_FIELDS}, **(score or {})}
    tasks = {**{name: fixed_tasks.get(name, rule(name)) for name in TASK_FIELDS}, **(task or {})}
    found = Names({n: t for n, t in scores.items() if t}, {n: t for n, t in tasks.items() if t})
    for names in (found.score, found.task):
        if len(set(names.values())) < len(names):
            double = sorted(t for t in names.values() if list(names.values()).count(t) > 1)[0]
            raise SettingsError(f"two fields are named `{double}`.", where=where, cure="Give each a name of its own.")
    return found
