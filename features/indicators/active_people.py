"""How many people use the product, how regularly, and who of them came or went (H5, H7)."""

from __future__ import annotations

from features.distinct import Active, Mask, Pattern
from features.expression import Setting
from features.indicator import indicator
from features.measure import Measure
from features.reductions import usage as facts

user_days = Measure(facts.user_days, "active")
users = facts.active_users
BASELINE = Setting("least_baseline_user_days")

active_users_28d = indicator(
    Mask(users, 4),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct people active in the last 28 days (MAU).",
    says="active people {moved} from {before} to {after}",
)
active_users_7d = indicator(
    Mask(users, 1),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct people active in the last 7 days (WAU).",
    says="people active in a week {moved} from {before} to {after}",
)
active_users_change_28d = indicator(
    (Mask(users, 4) / Mask(users, 4, ago=4) - 1).where(user_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Distinct people active in the last 28 days against the 28 days before; null below "
    "{least_baseline_user_days} user-days of baseline.",
    says="active people {moved} from {before} to {after}",
    before=Mask(users, 4, ago=4),
    after=Mask(users, 4),
    evidence_unit="count",
)
stickiness_28d = indicator(
    user_days(28) / (Mask(users, 4) * 28),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="DAU/MAU: the mean share of the month's active people who are active on a day; null without any.",
    says="the share of its people active on a day {moved} from {before} to {after}",
)
active_users_84d = indicator(
    Mask(users, 12),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct people active in the last 84 days.",
    says="people active in twelve weeks {moved} from {before} to {after}",
)
weekly_stickiness_28d = indicator(
    Mask(users, 1) / Mask(users, 4),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="WAU/MAU: the share of the month's active people who were active in its last week; null without any.",
    says="the share of its people active in a week {moved} from {before} to {after}",
)
regular_users_28d = indicator(
    Pattern(users, (Active(blocks=4, least=4),)),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="People active in every one of the last 4 weeks.",
    says="people who come every week {moved} from {before} to {after}",
)
regular_user_share_28d = indicator(
    Pattern(users, (Active(blocks=4, least=4),)) / Mask(users, 4),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="Share of the month's active people who were active in every one of its weeks; null without any.",
    says="the share of people who come every week {moved} from {before} to {after}",
)
new_users_28d = indicator(
    Pattern(users, (Active(weeks=4, least=1), Active(weeks=12, ago=4, most=0))),
    component="usage",
    group="usage",
    unit="count",
    low=0,
    doc="People active in the last 28 days and not in the 84 days before.",
    says="people who started to use it {moved} from {before} to {after} in four weeks",
)
lapsed_users_28d = indicator(
    Pattern(users, (Active(weeks=4, most=0), Active(weeks=4, ago=4, least=1))),
    component="usage",
    group="usage",
    unit="count",
    risk="higher",
    low=0,
    doc="People active in the 28 days before and not in the last 28.",
    says="people who stopped using it {moved} from {before} to {after} in four weeks",
)
