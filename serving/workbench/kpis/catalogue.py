"""Every metric, and their figures at a moment, for all customers and by slice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from policy.policy import Policy
from serving.workbench.kpis import (
    adoption,
    book,
    onboarding,
    renewals,
    retention,
    reviews,
    service,
    survival,
    value,
    voice,
)
from serving.workbench.kpis.definition import FIGURES, Definition, NotDefined
from serving.workbench.kpis.moment import Moment
from serving.workbench.kpis.slices import ALL, AXES, in_slices
from serving.workbench.kpis.targets import leading, targets

MODULES = (retention, survival, value, renewals, adoption, voice, service, book, reviews, onboarding)
CENTS = 100


def definitions() -> tuple[Definition, ...]:
    """Every metric in the order of the rules; M18, the scenario, is a plan and stands in scenario.py."""
    found = [one for module in MODULES for one in module.DEFINITIONS]
    return tuple(sorted(found, key=lambda d: (d.id[0] != "M", d.id[0], int(d.id[1:]))))


@dataclass(frozen=True)
class Metric:
    """One figure. `value` is null where it is not defined, and `reason` says why.

    `n` is what it rests on: customers, terms, answers or tickets. `unit`: share (0–1), money (the reporting currency),
    count, score, points (−100…100), or what is counted in words: months, days, hours, customers per CSM and the like. `leads`: false for the reading that the policy does not
    take. `met` and `gap` are null without a target or a value; a positive gap is missing.
    """

    id: str
    name: str
    title: str
    as_of: pd.Timestamp
    slice_by: str
    slice: str
    value: float | None
    unit: str
    n: int
    numerator: float | None
    denominator: float | None
    target: float | None
    excellent: float | None
    met: bool | None
    gap: float | None
    leads: bool
    formula: str
    reason: str | None


COLUMNS = tuple(field.name for field in fields(Metric))
TYPES = {
    **dict.fromkeys(("id", "name", "title", "slice_by", "slice", "unit", "formula", "reason"), "string"),
    **dict.fromkeys(("value", "numerator", "denominator", "target", "excellent", "gap"), "float64"),
    "as_of": "datetime64[us]",
    "n": "int64",
    "met": "boolean",
    "leads": "boolean",
}


def metrics_at(moments: Sequence[Moment], *, axes: tuple[str, ...] = AXES, light: bool = False) -> pd.DataFrame:
    """Every metric of some moments, by slice: one row per `Metric`, its fields the columns; sorted by moment.

    A metric that is not defined at a moment has one row there. `light` leaves the heavy ones uncut.
    """
    found = [figures(one, moments, ("all",) if light and one.heavy else axes) for one in definitions()]
    return pd.concat(found, ignore_index=True).sort_values("as_of", kind="stable", ignore_index=True)


def figures(definition: Definition, moments: Sequence[Moment], axes: tuple[str, ...] = AXES) -> pd.DataFrame:
    """One metric of some moments, by slice, all customers first; columns as above."""
    parts, missing, asked = [], [], []
    for moment in moments:
        try:
            parts.append(definition.parts(moment).assign(as_of=moment.day))
            asked.append(moment)
        except NotDefined as why:
            missing.append(_nothing(moment, str(why)))
    found = [*missing, *_folded(definition, parts, asked, axes)]
    whole = pd.concat(found, ignore_index=True)
    order = whole["slice_by"].map({axis: place for place, axis in enumerate(axes)})
    whole = whole.assign(order=order).sort_values(["as_of", "order", "slice"], ignore_index=True)
    return _told(definition, moments[0].policy, whole)


def _folded(
    definition: Definition, parts: list[pd.DataFrame], moments: Sequence[Moment], axes: tuple[str, ...]
) -> Iterator[pd.DataFrame]:
    if not parts:
        return
    slices = [moment.slices(then=definition.then) for moment in moments]
    keyed = in_slices(pd.concat(parts, ignore_index=True), slices, axes)
    if len(keyed):
        yield definition.fold(keyed)[FIGURES].reset_index()
    told = set(keyed["as_of"].unique())
    for moment in moments:
        if moment.day not in told:
            yield _nothing(moment, "it is known of no customer")


def records(frame: pd.DataFrame) -> Iterator[Metric]:
    """The rows as records, null where nothing is known."""
    for row in frame[list(COLUMNS)].astype(object).itertuples(index=False):
        values: list[Any] = [None if value is None or pd.isna(value) else value for value in row]
        yield Metric(*values)


def worded(text: str, policy: Policy) -> str:
    """A formula or a title with the policy's numbers."""
    own, rules = policy.metrics, policy.indicators
    return text.format(
        **own.model_dump(),
        win_back_days=policy.tasks.win_back_days,
        lapse_days=policy.label.lapse_days,
        activation_key_actions=rules.activation_key_actions,
        activation_by_day=rules.activation_by_day,
        adopted_users=rules.adopted_users,
        adopted_days=rules.adopted_days,
    )


def _told(definition: Definition, policy: Policy, folded: pd.DataFrame) -> pd.DataFrame:
    """The figures with everything else that a record says, money in the currency."""
    target, leads = targets(policy).get(definition.name), leading(policy).get(definition.id)
    value = folded["value"].astype("float64") / (CENTS if definition.unit == "money" else 1)
    above, below = (CENTS if money else 1 for money in definition.money)
    met: Any = None if target is None else [target.met(_known(v)) for v in value]
    gap: Any = None if target is None else [target.gap(_known(v)) for v in value]
    found = folded.assign(
        value=value,
        numerator=folded["numerator"] / above,
        denominator=folded["denominator"] / below,
        id=definition.id,
        name=definition.name,
        title=worded(definition.title, policy),
        unit=definition.unit,
        target=None if target is None else target.value,
        excellent=None if target is None else target.excellent,
        met=met,
        gap=gap,
        leads=not definition.beside and (leads is None or leads == definition.name),
        formula=worded(definition.formula, policy),
    )
    return found[list(COLUMNS)].astype(TYPES)


def _nothing(moment: Moment, reason: str) -> pd.DataFrame:
    nothing = dict.fromkeys(("value", "numerator", "denominator"), float("nan"))
    row = {"as_of": moment.day, "slice_by": ALL, "slice": ALL, **nothing, "n": 0, "reason": reason}
    return pd.DataFrame([row])


def _known(value: float) -> float | None:
    return None if pd.isna(value) else value
