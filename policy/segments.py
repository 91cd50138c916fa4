"""Segments and touch models (S1–S7): two axes by ARR, and what an account is given where they disagree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from policy.errors import did_you_mean
from policy.frozen import Amount, Frozen, ascending, rule

TouchModel = Literal["tech", "mid", "high"]
TeamSegment = Literal["smb", "mid_market", "enterprise"]
Service = Literal["digital", "pooled", "named", "dedicated"]
PlanKind = Literal["automated", "templated", "custom"]
Ratio = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]


class TouchBands(Frozen):
    """S1: ARR from which an account is mid- or high-touch; below is tech-touch."""

    mid: Amount = rule("S1", "ARR from which an account is mid-touch.")
    high: Amount = rule("S1", "ARR from which an account is high-touch.")

    @model_validator(mode="after")
    def _rising(self) -> TouchBands:
        ascending((self.mid, self.high), "touch_model bands")
        return self


class TeamBands(Frozen):
    """S2: ARR from which an account is mid-market or enterprise; below is SMB."""

    mid_market: Amount = rule("S2", "ARR from which an account is mid-market.")
    enterprise: Amount = rule("S2", "ARR from which an account is enterprise.")

    @model_validator(mode="after")
    def _rising(self) -> TeamBands:
        ascending((self.mid_market, self.enterprise), "team_segment bands")
        return self


class Reading(Frozen):
    """What one axis alone would give an account: how it is served, and how many accounts share a CSM."""

    service: Service = rule("S1 S2", "How it is served.")
    accounts_per_csm: Ratio | None = rule("S4", "Fewest and most accounts per CSM; null where the text gives none.")

    @model_validator(mode="after")
    def _range(self) -> Reading:
        if self.accounts_per_csm and self.accounts_per_csm[0] > self.accounts_per_csm[1]:
            raise ValueError("accounts_per_csm gives the fewest first")
        return self


class Cadence(Frozen):
    """S3: how often each kind of contact is owed, in days; null where it is not."""

    check_in_days: int | None = rule("S3", "Days from one check-in to the next.", ge=1)
    review_days: int | None = rule("S3", "Days from one business review to the next.", ge=1)
    mail_days: int | None = rule("S3", "Days from one e-mail campaign to the next.", ge=1)
    nps_days: int | None = rule("S3 V3", "Days from one NPS survey to the next.", ge=1)


class Row(Frozen):
    """The decision for one pair of touch model and team segment."""

    touch_model: TouchModel = rule("S1", "The pair this row is for.")
    team_segment: TeamSegment = rule("S2", "The pair this row is for.")
    service: Service = rule("S1 S2", "How it is served: what the two axes come to.")
    owner_types: tuple[str, ...] = rule("S5", "Who serves it; the first is the owner.")
    cadence: str = rule("S3", "A key of `cadences`.")
    accounts_per_csm: int = rule("S4", "Accounts one CSM can hold.", ge=1)
    human: Literal["always", "when_at_risk"] = rule("S1", "Whether a person calls without a cause.")
    executive_review_days: int | None = rule("S3", "Days from one executive review to the next.", ge=1)


class QbrList(Frozen):
    """S6: who is owed a business review each quarter."""

    touch_models: tuple[TouchModel, ...] = rule("S6", "Every account of these touch models.")
    top_by_arr: int = rule("S6", "And this many accounts with the most ARR.", ge=0)


class Segments(Frozen):
    """Which account gets how much of whom."""

    touch_model: TouchBands = rule("S1", "The first axis.")
    team_segment: TeamBands = rule("S2", "The second axis.")
    touch_readings: Mapping[TouchModel, Reading] = rule("S1 S4", "What the touch model alone would give.")
    team_readings: Mapping[TeamSegment, Reading] = rule("S2 S4", "What the team segment alone would give.")
    cadences: Mapping[str, Cadence] = rule("S3", "Cadences by name.")
    rows: tuple[Row, ...] = rule("S1 S2", "The decision for every pair that the bands make possible.")
    owner_types: tuple[str, ...] = rule("S5", "The roles a task or an account may belong to.")
    hours_per_week: Mapping[str, Amount] = rule("S4", "Hours a week one person of a role has for accounts.")
    qbr: QbrList = rule("S6", "Who is owed a business review each quarter.")
    success_plan: Mapping[TeamSegment, PlanKind] = rule("S7", "The kind of success plan by team segment.")

    @model_validator(mode="after")
    def _complete(self) -> Segments:
        for row in self.rows:
            if row.cadence not in self.cadences:
                raise ValueError(f"no cadence `{row.cadence}`: {did_you_mean(row.cadence, self.cadences)}")
            _known(row.owner_types, self.owner_types)
            if not row.owner_types:
                raise ValueError(f"the row {row.touch_model}/{row.team_segment} has no owner type")
        _known(self.hours_per_week, self.owner_types)
        pairs = [(row.touch_model, row.team_segment) for row in self.rows]
        if len(set(pairs)) < len(pairs):
            raise ValueError("a pair of touch model and team segment stands twice in rows")
        for arr in self.boundaries():
            pair = (touch_model(arr, self), team_segment(arr, self))
            if pair not in pairs:
                raise ValueError(f"rows lack {pair[0]}/{pair[1]}, where an ARR of {arr:,.0f} falls")
        for name, found, wanted in (
            ("touch_readings", self.touch_readings, ("tech", "mid", "high")),
            ("team_readings", self.team_readings, ("smb", "mid_market", "enterprise")),
            ("success_plan", self.success_plan, ("smb", "mid_market", "enterprise")),
        ):
            if set(found) != set(wanted):
                raise ValueError(f"{name} name {', '.join(wanted)}, not {', '.join(found)}")
        return self

    def boundaries(self) -> list[float]:
        """The lower end of every range of ARR between two bands of either axis, from 0 up."""
        touch, team = self.touch_model, self.team_segment
        return sorted({0.0, touch.mid, touch.high, team.mid_market, team.enterprise})


def touch_model(arr: float, segments: Segments) -> TouchModel:
    """The touch model of an ARR; bands are half-open, so their lower ends belong to them (S1)."""
    bands = segments.touch_model
    return "high" if arr >= bands.high else "mid" if arr >= bands.mid else "tech"


def team_segment(arr: float, segments: Segments) -> TeamSegment:
    """The team segment of an ARR; bands are half-open, so their lower ends belong to them (S2)."""
    bands = segments.team_segment
    return "enterprise" if arr >= bands.enterprise else "mid_market" if arr >= bands.mid_market else "smb"


def row_of(arr: float, segments: Segments) -> Row:
    """What an account of this ARR is given, both axes taken together."""
    pair = (touch_model(arr, segments), team_segment(arr, segments))
    return next(row for row in segments.rows if (row.touch_model, row.team_segment) == pair)


def success_plan(arr: float, segments: Segments) -> PlanKind:
    """Custom, templated or automated (S7)."""
    return segments.success_plan[team_segment(arr, segments)]


def cadence_text(row: Row, segments: Segments) -> str:
    """The cadence of a row in words."""
    cadence = segments.cadences[row.cadence]
    parts = [
        f"{what} every {days} days"
        for what, days in (
            ("check-in", cadence.check_in_days),
            ("business review", cadence.review_days),
            ("executive review", row.executive_review_days),
            ("e-mail campaign", cadence.mail_days),
            ("NPS survey", cadence.nps_days),
        )
        if days is not None
    ]
    if row.human == "when_at_risk":
        parts.append("a person when at risk")
    return ", ".join(parts)


def qbr_list(arr: Mapping[str, float], segments: Segments) -> set[str]:
    """The accounts owed a business review each quarter: high-touch ones and the largest by ARR (S6).

    Accounts that tie with the last place by ARR are all on it, so the order of the book cannot matter.
    """
    named = {account for account, value in arr.items() if touch_model(value, segments) in segments.qbr.touch_models}
    places = segments.qbr.top_by_arr
    if not places:
        return named
    values = sorted(arr.values(), reverse=True)
    least = values[min(places, len(values)) - 1] if values else 0.0
    return named | {account for account, value in arr.items() if value >= least}


def listed_review_days(segments: Segments) -> int | None:
    """Days from one business review to the next for the QBR list: the shortest cadence of the touch models on it (S6).

    Null where none of them has reviews.
    """
    named = [
        days
        for row in segments.rows
        if row.touch_model in segments.qbr.touch_models
        and (days := segments.cadences[row.cadence].review_days) is not None
    ]
    return min(named, default=None)


def review_days(row: Row, *, listed: bool, segments: Segments) -> int | None:
    """Days from one business review to the next: the cadence's, or for the QBR list a quarter's if that comes sooner."""
    own = segments.cadences[row.cadence].review_days
    quarterly = listed_review_days(segments) if listed else None
    return min((days for days in (own, quarterly) if days is not None), default=None)


def _known(names: Iterable[str], roles: Collection[str]) -> None:
    for name in names:
        if name not in roles:
            raise ValueError(f"no owner type `{name}`: {did_you_mean(name, roles)}")
