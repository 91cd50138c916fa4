"""Who carries the relation, and who has left (W3)."""

from __future__ import annotations

from features.indicator import indicator
from features.measure import Measure, Span
from features.reductions import people as facts

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
