"""Leaves that count distinct entities of an account: people, features, modules, and who of them came, stayed or left.

Each is read from one bit per week of activity (`masks`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from features.expression import Expr, Numbers
from features.measure import Leaf, Reduction, weeks, whole


@dataclass(frozen=True)
class Active:
    """A condition on one entity: how many of some blocks of whole weeks saw it active.

    There are `blocks` blocks of `weeks` weeks each, the newest ending `ago` weeks before as_of. At least `least` and, if
    given, at most `most` of them hold activity. A text names a setting of the policy; one in days is read as weeks.

    >>> Active(weeks=4, ago=4, blocks=4, least=3).name
    'ge3of4x4w_4ago'
    """

    weeks: int | str = 1
    ago: int | str = 0
    blocks: int | str = 1
    least: int | str = 0
    most: int | None = None

    @property
    def name(self) -> str:
        """Bounds, blocks and place."""
        bounds = f"ge{self.least}" if self.most is None else f"{self.least}to{self.most}"
        return f"{bounds}of{self.blocks}x{self.weeks}w_{self.ago}ago"

    @property
    def reach(self) -> int:
        """Weeks before as_of that it looks at."""
        return int(self.ago) + int(self.blocks) * int(self.weeks)

    def bound(self, numbers: Numbers) -> Active:
        """The same with its settings as numbers."""
        found = {name: _whole(getattr(self, name), numbers) for name in ("weeks", "ago", "blocks", "least")}
        return replace(self, **found)


def _whole(value: int | str, numbers: Numbers) -> int:
    if isinstance(value, int):
        return value
    return weeks(int(numbers[value])) if value.endswith("_days") else int(numbers[value])


@dataclass(frozen=True)
class Mask(Leaf):
    """How many distinct entities were active in `weeks` whole weeks, `ago` weeks back."""

    reduction: Reduction
    weeks: int
    ago: int = 0

    @property
    def name(self) -> str:
        """Reduction and window."""
        return f"{self.reduction.name}__distinct_{self.weeks}w_{self.ago}ago"

    @property
    def conditions(self) -> tuple[Active, ...]:
        """Active in the one window."""
        return (Active(self.weeks, self.ago, least=1),)

    @property
    def reach(self) -> int:
        """To the window's oldest week."""
        return self.weeks + self.ago


@dataclass(frozen=True)
class Pattern(Leaf):
    """How many distinct entities meet every condition: the newcomers, the regulars, those who fell silent."""

    reduction: Reduction
    conditions: tuple[Active, ...]

    @property
    def name(self) -> str:
        """Reduction and conditions."""
        return f"{self.reduction.name}__{'_and_'.join(c.name for c in self.conditions)}"

    @property
    def reach(self) -> int:
        """That of the condition that looks back furthest."""
        return max(condition.reach for condition in self.conditions)

    def bound(self, numbers: Numbers) -> Expr:
        """Every condition with numbers."""
        return replace(self, conditions=tuple(c.bound(numbers) for c in self.conditions))


@dataclass(frozen=True)
class Adopted(Leaf):
    """How many distinct entities were used by enough people on enough days of `weeks` whole weeks, `ago` weeks back.

    The reduction's rows also name a `member` (the person). `people` can be 1 or 2: whether a second person took part is
    seen from the first and the last of them, without a list of all.
    """

    reduction: Reduction
    weeks: int
    people: int | str = "adopted_users"
    days: int | str = "adopted_days"
    ago: int = 0

    @property
    def name(self) -> str:
        """Reduction, thresholds and window."""
        return f"{self.reduction.name}__adopted_{self.people}p_{self.days}d_{self.weeks}w_{self.ago}ago"

    @property
    def reach(self) -> int:
        """To the window's oldest week."""
        return self.weeks + self.ago

    def bound(self, numbers: Numbers) -> Expr:
        """Both thresholds as numbers."""
        return replace(self, people=whole(self.people, numbers), days=whole(self.days, numbers))


@dataclass(frozen=True)
class Leading(Leaf):
    """Of the most regular people, how many also meet a further condition: key users who fell silent.

    The most regular are the top `share` (at least one; ties with the last of them included) by the number of active weeks
    in `over`, among those active there at all. `of` names the facts that the condition looks at where they are others
    about the same people; it must be available wherever `reduction` is.
    """

    reduction: Reduction
    over: Active
    condition: Active
    share: float | str = "top_share"
    of: Reduction | None = None

    @property
    def name(self) -> str:
        """Reduction, share and conditions."""
        share = str(self.share).replace(".", "p")
        of = f"{self.of.name}_" if self.of is not None else ""
        return f"{self.reduction.name}__top_{share}_{self.over.name}_and_{of}{self.condition.name}"

    @property
    def reach(self) -> int:
        """That of the condition that looks back further."""
        return max(self.over.reach, self.condition.reach)

    def bound(self, numbers: Numbers) -> Expr:
        """Share and conditions with numbers."""
        share = self.share if isinstance(self.share, float) else float(numbers[self.share])
        return replace(self, over=self.over.bound(numbers), condition=self.condition.bound(numbers), share=share)
