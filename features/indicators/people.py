"""Who carries the relation, and who has left (W3)."""

from __future__ import annotations

from features.distinct import Active, Leading, Mask, Pattern
from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import people as facts
from features.reductions import usage

SILENT = Active(weeks="silent_days", most=0)
in_place = Span(facts.people, "count")

key_people = indicator(
    Span(facts.champions, "count"),
    component="people",
    group="people",
    unit="count",
    risk="lower",
    low=0,
    doc="Champions and sponsors in place at as_of.",
    says="champions and sponsors in place {moved} from {before} to {after}",
)
key_people_left_91d = indicator(
    Measure(facts.key_people_left, "left")(91),
    component="people",
    group="people",
    unit="count",
    risk="higher",
    low=0,
    doc="Champions and sponsors who left, lost access or bounced in the last 91 days (W3).",
    says="champions or sponsors who left in a quarter {moved} from {before} to {after}",
)
key_people_left_182d = indicator(
    Measure(facts.key_people_left, "left")(182),
    component="people",
    group="people",
    unit="count",
    risk="higher",
    low=0,
    doc="Champions and sponsors who left, lost access or bounced in the last 182 days.",
    says="champions or sponsors who left in half a year {moved} from {before} to {after}",
)
admins_left_91d = indicator(
    Measure(facts.admins_left, "left")(91),
    component="people",
    group="people",
    unit="count",
    risk="higher",
    low=0,
    doc="Administrators who left or lost access in the last 91 days.",
    says="administrators who left in a quarter {moved} from {before} to {after}",
)
people_left_28d = indicator(
    Measure(facts.people_left, "left")(28),
    component="people",
    group="people",
    unit="count",
    risk="higher",
    low=0,
    doc="People of the account who left or lost access in the last 28 days.",
    says="people who left in four weeks {moved} from {before} to {after}",
)
people_in_place = indicator(
    Span(facts.people, "count"),
    component="people",
    group="people",
    unit="count",
    low=0,
    doc="People of the account with access at as_of.",
    says="people with access {moved} from {before} to {after}",
)
champions = indicator(
    Span(facts.only_champions, "count"),
    component="people",
    group="people",
    unit="count",
    risk="lower",
    low=0,
    doc="Champions in place at as_of (V2).",
    says="champions in place {moved} from {before} to {after}",
)
sponsors = indicator(
    Span(facts.sponsors, "count"),
    component="people",
    group="people",
    unit="count",
    risk="lower",
    low=0,
    doc="Executive sponsors in place at as_of (H15).",
    says="sponsors in place {moved} from {before} to {after}",
)
admins = indicator(
    Span(facts.admins, "count"),
    component="people",
    group="people",
    unit="count",
    risk="lower",
    low=0,
    doc="Administrators in place at as_of.",
    says="administrators in place {moved} from {before} to {after}",
)
admin_turnover_182d = indicator(
    Measure(facts.admins_left, "left")(182) / (Measure(facts.admins_left, "left")(182) + Span(facts.admins, "count")),
    component="people",
    group="people",
    unit="share",
    risk="higher",
    low=0,
    high=1,
    doc="Administrators who left in the last 182 days, as a share of those and the ones in place; null without any.",
    says="the share of administrators who left {moved} from {before} to {after}",
)
people_joined_91d = indicator(
    Measure(facts.people_joined, "joined")(91),
    component="people",
    group="people",
    unit="count",
    risk="lower",
    low=0,
    doc="People who got access in the last 91 days (E2).",
    says="people who got access in a quarter {moved} from {before} to {after}",
)
people_change_91d = indicator(
    in_place / Span(facts.people, "count", ago=91) - 1,
    component="people",
    group="people",
    unit="share",
    risk="lower",
    low=-1,
    doc="People with access against 91 days before; null without any then.",
    says="people with access {moved} to {after}, from {before} on {since}",
    before=Span(facts.people, "count", ago=91),
    after=in_place,
    evidence_unit="count",
    before_ago=91,
)
key_person_tenure_days = indicator(
    Span(facts.champions, "age_max"),
    component="people",
    group="people",
    unit="days",
    risk="lower",
    low=1,
    doc="Days since the longest-serving champion or sponsor in place got access; null without one.",
    says="the longest-serving champion or sponsor has been there {after}; on {since} it was {before}",
    clock=True,
)
access_share = indicator(
    in_place / Context("seats"),
    component="people",
    group="people",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="People with access per paid seat; above 1 is kept; null without seats.",
    says="people with access per paid seat {moved} from {before} to {after}",
)
idle_people_share_28d = indicator(
    (1 - Mask(usage.active_users, 4) / in_place).capped(low=0),
    component="people",
    group="people",
    unit="share",
    risk="higher",
    low=0,
    high=1,
    doc="Share of the people with access who were not active in the last 28 days; null without any.",
    says="the share of people with access who stay away {moved} from {before} to {after}",
)
weekly_users_silent = indicator(
    Pattern(
        usage.active_users,
        (SILENT, Active(ago="silent_days", blocks="weekly_user_weeks", least="weekly_user_weeks")),
    ),
    component="people",
    group="people",
    unit="count",
    risk="higher",
    low=0,
    doc="People active in each of {weekly_user_weeks} weeks and then silent for {silent_days} days (W3).",
    says="weekly users who fell silent {moved} from {before} to {after}",
)
top_users_silent = indicator(
    Leading(usage.active_users, Active(ago="silent_days", blocks=12), SILENT),
    component="people",
    group="people",
    unit="count",
    risk="higher",
    low=0,
    doc="Of the people most regular in the 12 weeks before (the top {top_share} of them, at least one, ties included), those silent for {silent_days} days since (W3).",
    says="of the most regular people, those who fell silent {moved} from {before} to {after}",
)
key_people_silent = indicator(
    Pattern(facts.key_people_use, (SILENT, Active(weeks=4, ago="silent_days", least=1))),
    component="people",
    group="people",
    unit="count",
    risk="higher",
    low=0,
    doc="Champions and sponsors in place who were active in four weeks and then silent for {silent_days} days (W3).",
    says="champions or sponsors who fell silent {moved} from {before} to {after}",
)
departments_28d = indicator(
    Mask(facts.departments_use, 4),
    component="people",
    group="people",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct departments whose people in place used the product in the last 28 days (E2); null where people have none.",
    says="departments that use it {moved} from {before} to {after}",
)
