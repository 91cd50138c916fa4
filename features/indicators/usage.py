"""How much, how widely and how steadily the product is used (H5–H9, W1, W7)."""

from __future__ import annotations

from features.indicator import indicator
from features.measure import Context, Mask, Measure, Span
from features.reductions import usage as facts

user_days = Measure(facts.user_days, "active")
day_count = Measure(facts.active_days, "active")
events = Measure(facts.volume, "events")
api = Measure(facts.volume, "api_events")
core_days = Measure(facts.core_feature_days, "active")
seats = Context("seats")

# Below this many user-days in the 84 days before, a change says nothing (W1).
BASELINE = 8

active_user_days_28d = indicator(
    user_days(28),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Days on which a person was active, summed over persons, last 28 days.",
    says="daily logins {moved} from {before} to {after} in four weeks",
)
active_user_days_7d = indicator(
    user_days(7),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Days on which a person was active, summed over persons, last 7 days.",
    says="daily logins in a week {moved} from {before} to {after}",
)
user_days_per_seat_28d = indicator(
    user_days(28) / seats,
    component="usage",
    group="usage",
    unit="rate",
    risk="lower",
    low=0,
    high=1000,
    doc="Active user-days of the last 28 days per paid seat (H5); null without seats.",
    says="active days per paid seat {moved} from {before} to {after} in four weeks",
)
login_change_28d = indicator(
    (user_days(28) / user_days(84, ago=28).mean_of_blocks(3) - 1).where(user_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Active user-days of the last 28 days against the mean of the three 28-day blocks before (W1); null below 8 "
    "user-days of baseline.",
    says="daily logins in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=user_days(84, ago=28).mean_of_blocks(3),
    after=user_days(28),
    evidence_unit="count",
)
login_change_7d = indicator(
    (user_days(7) / user_days(28, ago=7).mean_of_blocks(4) - 1).where(user_days(28, ago=7) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Active user-days of the last 7 days against the mean week of the 28 days before; null below 8 user-days there.",
    says="daily logins in a week {moved} to {after}, from {before} on average in the four weeks to {since}",
    before=user_days(28, ago=7).mean_of_blocks(4),
    after=user_days(7),
    evidence_unit="count",
    before_ago=7,
)
usage_trend_84d = indicator(
    (user_days.trend(84) / (user_days(84) / 12)).where(user_days(84) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    high=1,
    doc="Change of weekly daily logins per week (least squares over 12 weeks) as a share of the mean week; null "
    "below 8 user-days.",
    says="daily logins in four weeks {moved} to {after}, from {before} in the four weeks to {since}",
    before=user_days(28, ago=56),
    after=user_days(28),
    evidence_unit="count",
    before_ago=56,
)
active_days_28d = indicator(
    day_count(28),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    high=28,
    doc="Days with any activity by a person, last 28 days.",
    says="days with any activity {moved} from {before} to {after} in four weeks",
)
events_28d = indicator(
    events(28),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Recorded actions, last 28 days.",
    says="recorded actions {moved} from {before} to {after} in four weeks",
)
events_change_28d = indicator(
    (events(28) / events(84, ago=28).mean_of_blocks(3) - 1).where(user_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Recorded actions of the last 28 days against the mean of the three 28-day blocks before; null below 8 "
    "user-days of baseline.",
    says="recorded actions in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=events(84, ago=28).mean_of_blocks(3),
    after=events(28),
    evidence_unit="count",
)
days_since_last_use = indicator(
    Span(facts.last_use, "age_min"),
    component="usage",
    group="usage",
    unit="days",
    risk="higher",
    low=1,
    doc="Days since a person last used the product; null if never.",
    says="the last use lies {after} back; on {since} it was {before}",
)
active_users_28d = indicator(
    Mask(facts.active_users, 4),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct people active in the last 28 days (MAU).",
    says="active people {moved} from {before} to {after}",
)
active_users_7d = indicator(
    Mask(facts.active_users, 1),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct people active in the last 7 days (WAU).",
    says="people active in a week {moved} from {before} to {after}",
)
active_users_change_28d = indicator(
    (Mask(facts.active_users, 4) / Mask(facts.active_users, 4, ago=4) - 1).where(user_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Distinct people active in the last 28 days against the 28 days before; null below 8 user-days of baseline.",
    says="active people {moved} from {before} to {after}",
    before=Mask(facts.active_users, 4, ago=4),
    after=Mask(facts.active_users, 4),
    evidence_unit="count",
)
stickiness_28d = indicator(
    user_days(28) / (Mask(facts.active_users, 4) * 28),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="DAU/MAU: the mean share of the month's active people who are active on a day; null without any.",
    says="the share of its people active on a day {moved} from {before} to {after}",
)
seat_utilisation_28d = indicator(
    Mask(facts.active_users, 4) / seats,
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="People active in 28 days per paid seat (H7); above 1 is kept; null without seats.",
    says="use of the paid seats {moved} from {before} to {after}",
)
modules_used_28d = indicator(
    Mask(facts.used_modules, 4),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct modules used by people in the last 28 days.",
    says="modules in use {moved} from {before} to {after}",
)
module_breadth_28d = indicator(
    Mask(facts.used_modules, 4) / Span(facts.entitled_modules, "count"),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="Modules used in 28 days per module entitled (H9); null without entitlements.",
    says="use of the modules paid for {moved} from {before} to {after}",
)
features_used_28d = indicator(
    Mask(facts.used_features, 4),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct features used by people in the last 28 days.",
    says="features in use {moved} from {before} to {after}",
)
features_used_change_28d = indicator(
    (Mask(facts.used_features, 4) / Mask(facts.used_features, 4, ago=4) - 1).where(user_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Distinct features used in 28 days against the 28 days before; null below 8 user-days of baseline.",
    says="features in use {moved} from {before} to {after}",
    before=Mask(facts.used_features, 4, ago=4),
    after=Mask(facts.used_features, 4),
    evidence_unit="count",
)
core_adoption_28d = indicator(
    Mask(facts.core_features, 4) / Span(facts.entitled_core, "count"),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="Core features used in 28 days per core feature entitled (H6); null without entitlements.",
    says="use of the core features {moved} from {before} to {after}",
)
core_use_change_28d = indicator(
    (core_days(28) / core_days(84, ago=28).mean_of_blocks(3) - 1).where(core_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="User-days on core features, last 28 days against the mean of the three blocks before (W7); null below 8.",
    says="daily use of core features in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=core_days(84, ago=28).mean_of_blocks(3),
    after=core_days(28),
    evidence_unit="count",
)
api_events_28d = indicator(
    api(28),
    component="usage",
    group="usage",
    unit="count",
    low=0,
    doc="Calls by programs in the last 28 days (H8).",
    says="calls by programs {moved} from {before} to {after} in four weeks",
)
