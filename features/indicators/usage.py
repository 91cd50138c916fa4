"""How much and how steadily people use the product (H5, W1)."""

from __future__ import annotations

from features.expression import Setting, spread
from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import usage as facts

user_days = Measure(facts.user_days, "active")
day_count = Measure(facts.active_days, "active")
weekend_count = Measure(facts.active_days, "weekend")
events = Measure(facts.volume, "events")
people_events = Measure(facts.volume, "people_events")
seats = Context("seats")

# Below so many user-days in the time before, a change says nothing (W1).
BASELINE = Setting("least_baseline_user_days")

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
    doc="Active user-days of the last 28 days against the mean of the three 28-day blocks before (W1); null below "
    "{least_baseline_user_days} user-days of baseline.",
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
    doc="Active user-days of the last 7 days against the mean week of the 28 days before; null below "
    "{least_baseline_user_days} user-days there.",
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
    "below {least_baseline_user_days} user-days.",
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
    doc="Recorded actions of the last 28 days against the mean of the three 28-day blocks before; null below "
    "{least_baseline_user_days} user-days of baseline.",
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
active_user_days_84d = indicator(
    user_days(84),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Days on which a person was active, summed over persons, last 84 days.",
    says="daily logins in twelve weeks {moved} from {before} to {after}",
)
daily_active_users_28d = indicator(
    user_days(28) / 28,
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Mean number of people active on a day, last 28 days (DAU).",
    says="people active on a day {moved} from {before} to {after}",
)
user_days_per_seat_percentile_28d = indicator(
    user_days(28) / seats,
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="Share of the segment's accounts with fewer active user-days per seat at the same as_of; null without seats.",
    says="active days per paid seat {moved} from {before} to {after} in four weeks",
    across="percentile",
    before=user_days(28, ago=28) / seats,
    after=user_days(28) / seats,
    evidence_unit="rate",
)
login_change_vs_segment_28d = indicator(
    (user_days(28) / user_days(84, ago=28).mean_of_blocks(3) - 1).where(user_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    doc="The change of the last 28 days (login_change_28d) less the segment's median change at the same as_of: what a holiday does to everyone is left out (W1).",
    says="daily logins in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    across="minus_median",
    before=user_days(84, ago=28).mean_of_blocks(3),
    after=user_days(28),
    evidence_unit="count",
)
usage_volatility_84d = indicator(
    (spread(user_days.by_week(84)) / (user_days(84) / 12)).where(user_days(84) >= BASELINE),
    component="usage",
    group="usage",
    unit="rate",
    risk="higher",
    low=0,
    doc="How unevenly use is spread over the last 12 weeks: standard deviation of weekly user-days per mean week; null below {least_baseline_user_days} user-days.",
    says="the unevenness of weekly use {moved} from {before} to {after}",
)
usage_deviation_28d = indicator(
    ((user_days(28) / 4 - user_days(84, ago=28) / 12) / spread(user_days.by_week(84, ago=28)).capped(low=0.5)).where(
        user_days(84, ago=28) >= BASELINE
    ),
    component="usage",
    group="usage",
    unit="rate",
    risk="lower",
    doc="The mean week of the last 28 days against the account's own normal: in standard deviations of its 12 weeks before (at least half a user-day); null below {least_baseline_user_days} user-days there.",
    says="daily logins in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=user_days(84, ago=28).mean_of_blocks(3),
    after=user_days(28),
    evidence_unit="count",
)
active_days_84d = indicator(
    day_count(84),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    high=84,
    doc="Days with any activity by a person, last 84 days.",
    says="days with any activity in twelve weeks {moved} from {before} to {after}",
)
active_days_change_28d = indicator(
    (day_count(28) / day_count(84, ago=28).mean_of_blocks(3) - 1).where(user_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Days with any activity in the last 28 days against the mean of the three 28-day blocks before; null below {least_baseline_user_days} user-days of baseline.",
    says="days with any activity in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=day_count(84, ago=28).mean_of_blocks(3),
    after=day_count(28),
    evidence_unit="count",
)
weekend_share_84d = indicator(
    (weekend_count(84) / day_count(84)).where(user_days(84) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    low=0,
    high=1,
    doc="Share of the active days that fall on a weekend, last 84 days; null below {least_baseline_user_days} user-days.",
    says="the share of weekend days in use {moved} from {before} to {after}",
)
events_per_user_day_28d = indicator(
    (people_events(28) / user_days(28)).where(user_days(28) >= BASELINE),
    component="usage",
    group="usage",
    unit="rate",
    risk="lower",
    low=0,
    doc="Depth: actions by people per active user-day, last 28 days; null below {least_baseline_user_days} user-days.",
    says="actions per person and day {moved} from {before} to {after}",
)
depth_change_28d = indicator(
    ((people_events(28) / user_days(28)) / (people_events(84, ago=28) / user_days(84, ago=28)) - 1).where(
        user_days(84, ago=28) >= BASELINE
    ),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Actions per active user-day, last 28 days against the 84 days before; null below {least_baseline_user_days} user-days of baseline.",
    says="actions per person and day {moved} to {after}, from {before} in the twelve weeks to {since}",
    before=people_events(84, ago=28) / user_days(84, ago=28),
    after=people_events(28) / user_days(28),
    evidence_unit="rate",
)
