"""How much of what an account pays for is used: seats, modules, features, programs (H6–H9, W7, E1)."""

from __future__ import annotations

from features.distinct import Active, Adopted, Mask, Pattern
from features.expression import Setting
from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import usage as facts

user_days = Measure(facts.user_days, "active")
core_days = Measure(facts.core_feature_days, "active")
events = Measure(facts.volume, "events")
api = Measure(facts.volume, "api_events")
seats = Context("seats")
BASELINE = Setting("least_baseline_user_days")
core_people_before = (
    Mask(facts.core_users, 4, ago=4) + Mask(facts.core_users, 4, ago=8) + Mask(facts.core_users, 4, ago=12)
) / 3

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
    doc="Distinct features used in 28 days against the 28 days before; null below "
    "{least_baseline_user_days} user-days of baseline.",
    says="features in use {moved} from {before} to {after}",
    before=Mask(facts.used_features, 4, ago=4),
    after=Mask(facts.used_features, 4),
    evidence_unit="count",
)
core_adoption_28d = indicator(
    Adopted(facts.core_use, 4) / Span(facts.entitled_core, "count"),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="Core features adopted per core feature entitled: used by {adopted_users} people on {adopted_days} days of the last 28 (H6); null without entitlements.",
    says="adoption of the core features {moved} from {before} to {after}",
)
core_use_change_28d = indicator(
    (core_days(28) / core_days(84, ago=28).mean_of_blocks(3) - 1).where(core_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="User-days on core features, last 28 days against the mean of the three blocks before (W7); null below "
    "{least_baseline_user_days}.",
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
core_use_share_28d = indicator(
    Mask(facts.core_features, 4) / Span(facts.entitled_core, "count"),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="Core features used at all in 28 days per core feature entitled; null without entitlements.",
    says="use of the core features {moved} from {before} to {after}",
)
advanced_use_share_28d = indicator(
    Mask(facts.advanced_features, 4) / Span(facts.entitled_advanced, "count"),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="Advanced features used in 28 days per advanced feature entitled (H6); null without any.",
    says="use of the advanced features {moved} from {before} to {after}",
)
feature_use_share_28d = indicator(
    Mask(facts.owned_features, 4) / Span(facts.entitled_features, "count"),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="Features used in 28 days per feature entitled (E1); null without entitlements.",
    says="use of the features paid for {moved} from {before} to {after}",
)
core_users_28d = indicator(
    Mask(facts.core_users, 4),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct people who used a core feature in the last 28 days.",
    says="people using core features {moved} from {before} to {after}",
)
core_users_change_28d = indicator(
    (Mask(facts.core_users, 4) / core_people_before - 1).where(core_days(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="People using core features in the last 28 days against the mean of the three 28-day blocks before (W7); null below {least_baseline_user_days} user-days on them.",
    says="people using core features {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=core_people_before,
    after=Mask(facts.core_users, 4),
    evidence_unit="count",
)
core_features_lost_28d = indicator(
    Pattern(
        facts.core_features,
        (Active(weeks=4, most=0), Active(weeks=4, ago=4, blocks="blocks", least="used_blocks")),
    ),
    component="usage",
    group="usage",
    unit="count",
    risk="higher",
    low=0,
    doc="Core features used in {used_blocks} of the {blocks} 28-day blocks before and not in the last 28 days (W7).",
    says="core features given up {moved} from {before} to {after}",
)
new_features_28d = indicator(
    Pattern(facts.used_features, (Active(weeks=4, least=1), Active(weeks=12, ago=4, most=0))),
    component="usage",
    group="usage",
    unit="count",
    low=0,
    doc="Features used in the last 28 days and not in the 84 days before.",
    says="features used for the first time {moved} from {before} to {after} in four weeks",
)
modules_used_change_84d = indicator(
    (Mask(facts.used_modules, 12) / Mask(facts.used_modules, 12, ago=12) - 1).where(user_days(84, ago=84) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Distinct modules used in 84 days against the 84 days before; null below {least_baseline_user_days} user-days of baseline.",
    says="modules in use {moved} from {before} to {after}",
    before=Mask(facts.used_modules, 12, ago=12),
    after=Mask(facts.used_modules, 12),
    evidence_unit="count",
    before_ago=84,
)
features_per_user_28d = indicator(
    (Mask(facts.used_features, 4) / Mask(facts.active_users, 4)).where(user_days(28) >= BASELINE),
    component="usage",
    group="usage",
    unit="rate",
    low=0,
    doc="Distinct features per active person, last 28 days; null below {least_baseline_user_days} user-days.",
    says="features per active person {moved} from {before} to {after}",
)
seat_utilisation_84d = indicator(
    Mask(facts.active_users, 12) / seats,
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="People active in 84 days per paid seat; above 1 is kept; null without seats.",
    says="use of the paid seats in twelve weeks {moved} from {before} to {after}",
)
seat_utilisation_14d = indicator(
    Mask(facts.active_users, 2) / seats,
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=0,
    high=1000,
    doc="People active in 14 days per paid seat (E1); null without seats.",
    says="use of the paid seats in two weeks {moved} from {before} to {after}",
)
idle_seats_28d = indicator(
    (seats - Mask(facts.active_users, 4)).capped(low=0),
    component="usage",
    group="usage",
    unit="count",
    risk="higher",
    low=0,
    doc="Paid seats without an active person in the last 28 days; null without seats.",
    says="paid seats nobody used {moved} from {before} to {after}",
)
api_use_28d = indicator(
    api(28).where(Span(facts.entitled_api, "count") >= 1),
    component="usage",
    group="usage",
    unit="count",
    risk="lower",
    low=0,
    doc="Calls by programs in the last 28 days where the account is entitled to them (a module or feature named api): 0 if unused, null if not entitled (H8).",
    says="calls by programs {moved} from {before} to {after} in four weeks",
)
api_change_28d = indicator(
    (api(28) / api(84, ago=28).mean_of_blocks(3) - 1).where(api(84, ago=28) >= BASELINE),
    component="usage",
    group="usage",
    unit="share",
    risk="lower",
    low=-1,
    doc="Calls by programs, last 28 days against the mean of the three blocks before; null below {least_baseline_user_days} calls of baseline.",
    says="calls by programs in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=api(84, ago=28).mean_of_blocks(3),
    after=api(28),
    evidence_unit="count",
)
api_share_28d = indicator(
    api(28) / events(28),
    component="usage",
    group="usage",
    unit="share",
    low=0,
    high=1,
    doc="Share of the recorded actions that programs made, last 28 days: automation lowers logins without harm; null without any.",
    says="the share of actions by programs {moved} from {before} to {after}",
)
