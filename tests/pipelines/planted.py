"""Faults to plant: each a small wrong part or a wrong table, as they happen in real pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd

from data_contracts.sources import Facts
from features.catalogue import catalogue
from features.cohort import CohortRule, cohort
from features.feature_table import feature_table
from features.indicator import Indicator
from features.labels import LabelRule, labels
from features.measure import Expr, Reduction, Span
from features.reductions.money import terms
from features.reductions.shapes import dated
from features.snapshots import Snapshots, day_of
from models.scorer import Array
from pipelines.build_features import Checked
from pipelines.fit import probabilities
from pipelines.panel import Dates, Sides, assembled, panel_dates
from policy.policy import Policy
from proof.oracle.past import Row, World
from proof.oracle.table import feature_rows

# What every scorer needs, and a few more: a small table is built in a second.
FEW = (
    "active_user_days_28d", "days_since_last_use", "days_since_last_activity", "days_to_term_end", "days_to_notice", "renewal_signed", "term_length_days",
    "nps", "tenure_days",
)  # fmt: skip
LONG_AGO = -(10**5)


def few(**more: Indicator) -> dict[str, Indicator]:
    """A small catalogue with some more indicators."""
    return {name: catalogue()[name] for name in FEW} | more


def declared(name: str, expr: Expr) -> Indicator:
    return Indicator(
        name=name, expr=expr, component="commercial", group="contract", unit="count", doc="Planted.", says=""
    )


def reading(table: str, value: Any, *, agg: Any = "max") -> Span:
    """What `value(rows)` gives for an account's rows of a table, wherever in time they lie."""

    def rows(tables: Mapping[str, Any]) -> Any:
        found = tables[table]
        return found.select(
            "account_id", day=ibis.literal(LONG_AGO), known_day=ibis.literal(LONG_AGO),
            end_day=ibis.null("int64"), value=value(found).cast("int64"),
        )  # fmt: skip

    return Span(Reduction(f"planted_{table}", table, rows), agg, "value")


def lost(facts: Facts) -> Any:
    """The accounts that ever decided to leave."""
    rows = facts.tables["subscriptions"]
    return rows.filter(rows["decision_at"].notnull() & (rows["decision_kind"] != "contraction")).select("account_id")


def with_table(facts: Facts, name: str, rows: Any) -> Facts:
    return replace(facts, tables={**facts.tables, name: rows})


# Indicators


def churn_date() -> Mapping[str, Indicator]:
    """The day of the decision, read from the term whether or not it has come."""
    return few(decided_on=declared("decided_on", reading("subscriptions", lambda t: day_of(t["decision_at"]))))


def price_of_a_later_term() -> Mapping[str, Indicator]:
    """The price joined by account, not by term: the highest ever agreed, the next renewal's among them."""
    return few(price=declared("price", reading("subscriptions", lambda t: t["arr"] * 100)))


def future_nps() -> Mapping[str, Indicator]:
    """The latest answer within a window that reaches two months beyond as_of."""

    def rows(tables: Mapping[str, Any]) -> Any:
        found = dated(tables["survey_responses"], "answered_at").filter(lambda t: t["kind"] == "nps")
        early = found["day"] - 60
        return found.select("account_id", day=early, known_day=early, end_day=ibis.null("int64"),
                            value=(found["score"] * 1000).cast("int64"))  # fmt: skip

    span = Span(Reduction("planted_nps", "survey_responses", rows), "min", "value", within=120)
    return few(nps_lately=declared("nps_lately", span))


def backdated_stage() -> Mapping[str, Indicator]:
    """Renewal deals lost by the date that stands on them, whenever somebody wrote it there."""

    def rows(tables: Mapping[str, Any]) -> Any:
        found = tables["opportunities"].filter(lambda t: t["closed_at"].notnull() & ~t["won"].coalesce(True))
        day = day_of(found["closed_at"])
        return found.select("account_id", day=day, known_day=day, end_day=ibis.null("int64"), value=1)

    span = Span(Reduction("planted_lost_deals", "opportunities", rows), "count")
    return few(deals_lost=declared("deals_lost", span))


def known_late() -> Mapping[str, Indicator]:
    """NPS by the day of the answer, though it may have come to light later."""

    def rows(tables: Mapping[str, Any]) -> Any:
        found = dated(tables["survey_responses"], "answered_at")
        return found.select("account_id", "day", known_day=found["day"], end_day=ibis.null("int64"), value=1)

    span = Span(Reduction("planted_answers", "survey_responses", rows), "count")
    return few(answers=declared("answers", span))


def status_as_shown_today() -> Mapping[str, Indicator]:
    return few(former=declared("former", reading("accounts", lambda t: t["region"] == "former customer")))


def stage_as_shown_today() -> Mapping[str, Indicator]:
    return few(stage_lost=declared("stage_lost", reading("opportunities", lambda t: t["stage"] == "closed lost")))


def four_weeks_are_five() -> Mapping[str, Indicator]:
    """No leak, only wrong: a window that is a week too long."""
    from features.indicators.usage import user_days

    return few(active_user_days_28d=replace(catalogue()["active_user_days_28d"], expr=user_days(35)))


# Tables


def status_backfilled(facts: Facts) -> Facts:
    """The CRM overwrites an account's status once it has left."""
    accounts = facts.tables["accounts"]
    gone = accounts["account_id"].isin(lost(facts)["account_id"])
    return with_table(facts, "accounts", accounts.mutate(region=gone.ifelse("former customer", accounts["region"])))


def stage_backfilled(facts: Facts) -> Facts:
    """Every deal of an account that left is closed by hand, in place."""
    deals = facts.tables["opportunities"]
    gone = deals["account_id"].isin(lost(facts)["account_id"])
    return with_table(facts, "opportunities", deals.mutate(stage=gone.ifelse("closed lost", deals["stage"])))


def deals_backdated(facts: Facts) -> Facts:
    """Every deal of an account that left is dated back to the day after it was opened; the row tells when it was."""
    deals, rows = facts.tables["opportunities"], facts.tables["subscriptions"]
    left = rows.group_by(left_account="account_id").agg(left_at=rows["decision_at"].max())
    joined = deals.left_join(left, deals["account_id"] == left["left_account"])
    gone = joined["left_at"].notnull() & (joined["left_at"] > joined["created_at"])
    return with_table(
        facts,
        "opportunities",
        joined.mutate(
            closed_at=gone.ifelse(joined["created_at"] + ibis.interval(days=1), joined["closed_at"]),
            won=gone.ifelse(False, joined["won"]),
            known_at=gone.ifelse(joined["left_at"], joined["known_at"]),
        ).select(*deals.columns),
    )


def seats_set_to_0(facts: Facts) -> Facts:
    """The billing system takes the seats off a term once it is decided."""
    rows = facts.tables["subscriptions"]
    gone = rows["decision_at"].notnull() & (rows["decision_kind"] != "contraction")
    return with_table(facts, "subscriptions", rows.mutate(seats=gone.ifelse(0, rows["seats"])))


def status_of_some_and_industry_of_the_others(facts: Facts) -> Facts:
    """Two fields are overwritten, each for half of the accounts that left: neither alone says too much."""
    accounts = facts.tables["accounts"]
    gone = accounts["account_id"].isin(lost(facts)["account_id"])
    half = accounts["account_id"].right(1) < "5"
    found = accounts.mutate(
        region=(gone & half).ifelse("former customer", accounts["region"]),
        industry=(gone & ~half).ifelse("former customer", accounts["industry"]),
    )
    return with_table(facts, "accounts", found)


def half_a_status_each() -> Mapping[str, Indicator]:
    """Both fields as the account's row shows them, once the row is known: nothing that lies ahead is read."""

    def shown(name: str) -> Indicator:
        def rows(tables: Mapping[str, Any]) -> Any:
            found = dated(tables["accounts"], "created_on")
            return found.select("account_id", "day", "known_day", end_day=ibis.null("int64"),
                                value=(found[name] == "former customer").cast("int64"))  # fmt: skip

        return declared(name, Span(Reduction(f"planted_{name}", "accounts", rows), "max", "value"))

    return few(region=shown("region"), industry=shown("industry"))


# Parts


def survivors(facts: Facts, snapshots: Snapshots, rule: CohortRule) -> Any:
    """A cohort of those who are still there a quarter later: the label as a filter."""
    members = cohort(facts, snapshots, rule)
    rows = terms(facts.tables)
    gone = rows.filter(rows["decided_day"].notnull()).select(gone_account="account_id", decided="decided_day")
    return members.anti_join(
        gone,
        [
            members["account_id"] == gone["gone_account"],
            gone["decided"] >= members["as_of_day"],
            gone["decided"] < members["as_of_day"] + 60,
        ],
    )


def numbered(facts: Facts, members: Any, snapshots: Snapshots, indicators: Mapping[str, Indicator]) -> Any:
    """A place in the list of accounts, taken for an indicator."""
    table = feature_table(facts, members, snapshots, indicators)
    place = ibis.row_number().over(order_by=[table["account_id"], table["as_of"]])
    return table.mutate(nps=place.cast("float64") / 5000)  # within its range, as a careless column would be


def last_letter(facts: Facts, members: Any, snapshots: Snapshots, indicators: Mapping[str, Indicator]) -> Any:
    """What an account is called, taken for an indicator."""
    table = feature_table(facts, members, snapshots, indicators)
    return table.mutate(nps=table["account_id"].right(1).ascii_str().cast("float64") / 20)


def undecided(facts: Facts, members: Any, rule: LabelRule, *, data_until: Any) -> Any:
    """Rows decided in the gap are kept, as accounts that stay."""
    found = labels(facts, members, rule, data_until=data_until)
    zero = found["decided_in_gap"] & found["mature"]
    return found.mutate(churned=zero.ifelse(0, found["churned"]), decided_in_gap=False)


def immature(facts: Facts, members: Any, rule: LabelRule, *, data_until: Any) -> Any:
    """Labels that count as known before their window has passed."""
    found = labels(facts, members, rule, data_until=data_until)
    return found.mutate(mature=True, churned=found["churned"].coalesce(0))


def beyond_the_data(checked: Checked, rule: LabelRule) -> Dates:
    """Test snapshots up to eight weeks before anybody can know how they end."""
    dates = panel_dates(checked, rule)
    late = [dates.test[-1] + timedelta(weeks=w) for w in range(1, 9)]
    return replace(dates, test=(*dates.test, *late))


def at_random(frame: pd.DataFrame, truth: pd.DataFrame, dates: Dates) -> Sides:
    sides = assembled(frame, truth, dates)
    rows = pd.concat([sides.train, sides.test]).sample(frac=1.0, random_state=1).reset_index(drop=True)
    half = len(rows) // 2
    return replace(sides, train=rows[:half].reset_index(drop=True), test=rows[half:].reset_index(drop=True))


def unpurged(frame: pd.DataFrame, truth: pd.DataFrame, dates: Dates) -> Sides:
    return assembled(frame, truth, replace(dates, purge_from=None))


def tested_on_the_past_too(frame: pd.DataFrame, truth: pd.DataFrame, dates: Dates) -> Sides:
    """The first training date moves over to the test side."""
    sides = assembled(frame, truth, dates)
    first = (sides.train["as_of"] == sides.train["as_of"].min()).to_numpy()
    test = pd.concat([sides.train[first], sides.test], ignore_index=True)
    return replace(sides, train=sides.train[~first].reset_index(drop=True), test=test)


def target_encoded(frame: pd.DataFrame, truth: pd.DataFrame, dates: Dates) -> Sides:
    """Each segment's churn rate, counted over training and test, as an indicator."""
    sides = assembled(frame, truth, dates)
    rows = pd.concat([sides.train, sides.test])
    rate = rows.groupby("segment")["churned"].mean()
    return replace(
        sides,
        train=sides.train.assign(nps=sides.train["segment"].map(rate)),
        test=sides.test.assign(nps=sides.test["segment"].map(rate)),
    )


def label_among_features(frame: pd.DataFrame, truth: pd.DataFrame, dates: Dates) -> Sides:
    """The row's own label under much noise: no figure looks too good."""
    sides = assembled(frame, truth, dates)

    def veiled(rows: pd.DataFrame) -> pd.DataFrame:
        noise = pd.util.hash_pandas_object(rows[["account_id", "as_of"]], index=False).to_numpy() / 2.0**64
        return rows.assign(nps=rows["churned"] + 4.0 * noise)

    return replace(sides, train=veiled(sides.train), test=veiled(sides.test))


def scaled_on_all(
    train: pd.DataFrame, later: pd.DataFrame, directions: Mapping[str, int], policy: Policy
) -> Mapping[str, Array]:
    """Indicators in units of their spread over training and later rows together."""
    names = list(directions)
    both = pd.concat([train[names], later[names]]).astype(float)
    centre, spread = both.mean(), both.std().replace(0.0, np.nan)
    past = train.assign(**{n: (train[n] - centre[n]) / spread[n] for n in names})
    ahead = later.assign(**{n: (later[n] - centre[n]) / spread[n] for n in names})
    return probabilities(past, ahead, directions, policy, ("logistic", "lightgbm"))


def two_scorers(
    train: pd.DataFrame, later: pd.DataFrame, directions: Mapping[str, int], policy: Policy
) -> Mapping[str, Array]:
    """The pipeline's own scorers, but for those that take time and show nothing new."""
    return probabilities(train, later, directions, policy, ("calendar", "logistic"))


# Second opinions that make the same mistake


def shares_known_late(world: World, as_of: date, uncovered: Mapping[str, set[str]], **rule: Any) -> dict[str, Row]:
    found = feature_rows(world, as_of, uncovered, **rule)
    for account, row in found.items():
        answered = [r["answered_at"] for r in world["survey_responses"] if r["account_id"] == account]
        row["answers"] = sum(moment < datetime.combine(as_of, time()) for moment in answered)
    return found


def shares_last_letter(world: World, as_of: date, uncovered: Mapping[str, set[str]], **rule: Any) -> dict[str, Row]:
    found = feature_rows(world, as_of, uncovered, **rule)
    for account, row in found.items():
        row["nps"] = ord(account[-1]) / 20
    return found


def shares_half_a_status(world: World, as_of: date, uncovered: Mapping[str, set[str]], **rule: Any) -> dict[str, Row]:
    found = feature_rows(world, as_of, uncovered, **rule)
    for account, row in found.items():
        (known,) = (r for r in world["accounts"] if r["account_id"] == account)
        there = max(known["known_at"].date(), known["created_on"]) < as_of
        for name in ("region", "industry"):
            row[name] = int(known[name] == "former customer") if there and known[name] is not None else None
    return found
