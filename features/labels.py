"""The label: whether the decision to leave falls into the window. It looks forward; only `pipelines` imports it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from data_contracts.sources import Facts
from features.reductions.journey import ACTIVITY, signs_of_life
from features.reductions.money import terms
from features.reductions.shapes import GONE, later
from features.snapshots import EPOCH, day_number, day_of
from policy.errors import NotEnoughData


@dataclass(frozen=True)
class LabelRule:
    """What counts as churn and when.

    A `decision` label is positive when the loss is decided in [as_of + gap, as_of + gap + horizon). An `inactivity`
    label is positive when the customer does nothing in that window. A loss followed by a new term within `lapse_days`
    is none.
    """

    kind: Literal["decision", "inactivity"] = "decision"
    horizon_days: int = 90
    gap_days: int = 14
    lapse_days: int = 30
    loss_kinds: Sequence[str] = ("voluntary", "non_payment", "acquired")

    def window_end(self, as_of: date) -> date:
        """First day after the label window; the label is mature once data reach it."""
        return as_of + timedelta(days=self.gap_days + self.horizon_days)


def labels(facts: Facts, cohort: Any, rule: LabelRule, *, data_until: date) -> Any:
    """account_id, as_of, churned (0/1, null while immature), decided_in_gap, in_window for every row of the cohort.

    `in_window`: the term end, or the notice deadline where notice is due earlier, falls into the label window.
    `decided_in_gap` rows are left out of training and evaluation; their churned is null.
    """
    opens = cohort["as_of_day"] + rule.gap_days
    closes = opens + rule.horizon_days
    in_window = (cohort["deadline_day"] >= opens) & (cohort["deadline_day"] < closes)
    base = cohort.mutate(opens=opens, closes=closes, in_window=in_window)
    judged = _by_inactivity(facts, base) if rule.kind == "inactivity" else _by_decision(facts, base, rule)
    mature = judged["closes"] <= day_number(data_until)
    known = mature & ~judged["decided_in_gap"]
    return judged.select(
        "account_id",
        "as_of",
        "in_window",
        "decided_in_gap",
        churned=known.ifelse(judged["hit"].cast("int64"), None),
        mature=mature,
    )


def losses(facts: Facts, rule: LabelRule) -> Any:
    """account_id, lost_day: the days on which it was decided that an account leaves.

    A decided term that another undecided or later term carries on, or that is followed by one within the lapse, is no
    loss of the account. Where several terms run side by side, the last decision loses it.
    """
    rows = _final_terms(facts, rule)
    gone = rows.filter(rows["leaving"])
    others = rows.select(
        other_account=rows["account_id"],
        other_id=rows["subscription_id"],
        other_starts=rows["starts"],
        other_over=rows["over"],
    )
    carried = gone.join(
        others,
        [
            gone["account_id"] == others["other_account"],
            gone["subscription_id"] != others["other_id"],
            others["other_starts"] <= gone["over"] + rule.lapse_days,
            others["other_over"] > gone["over"],
        ],
    ).select("subscription_id")
    final = gone.anti_join(carried.distinct(), "subscription_id")
    return _once_all_are_decided(final, gone, rule).distinct()


def losses_of_kind(facts: Facts, rule: LabelRule, kind: str) -> Any:
    """account_id, lost_day: the losses that a decision of this kind made."""
    lost, rows = losses(facts, rule), _final_terms(facts, rule)
    named = rows.filter(rows["leaving"] & (rows["decision_kind"] == kind))
    named = named.select(named_account="account_id", named_day="decided_day").distinct()
    return lost.semi_join(named, [lost["account_id"] == named["named_account"], lost["lost_day"] == named["named_day"]])


def contractions(facts: Facts, rule: LabelRule, *, least_share: float) -> Any:
    """account_id, contracted_day, share: decisions to pay less, where at least `least_share` of the ARR goes (L4).

    The share compares what is in force on the day a contraction takes effect with the day before. It is no loss of the
    account; `contracted_day` is the day the decision could first be known.
    """
    rows = _final_terms(facts, rule)
    asked = rows.filter((rows["decision_kind"] == "contraction") & rows["effective"].notnull())
    asked = asked.select("account_id", effective="effective", contracted_day="decided_day").distinct()
    paid = rows.select(payer=rows["account_id"], starts="starts", ends="ends", cents="arr_cents")
    joined = asked.inner_join(paid, asked["account_id"] == paid["payer"])
    held = {}
    for name, day in (("before", joined["effective"] - 1), ("after", joined["effective"])):
        held[name] = ((joined["starts"] <= day) & (day < joined["ends"])).ifelse(joined["cents"], 0).sum()
    found = joined.group_by("account_id", "effective", "contracted_day").agg(**held)
    found = found.filter(found["before"] > 0).mutate(share=lambda t: 1.0 - t["after"] / t["before"])
    # In whole cents: 20 % of a sum is 20 %, whatever a float makes of it.
    lost = found["before"] - found["after"]
    enough = lost.cast("float64") >= least_share * found["before"].cast("float64") - 1e-6
    return found.filter(enough).select("account_id", "contracted_day", "share")


def _final_terms(facts: Facts, rule: LabelRule) -> Any:
    """Terms as they stand in the end, with `leaving`, `over` (when they stop) and the day the decision was known.

    A decision that was entered later than it was made, or only in a later version of the row, counts from the day on
    which it could be known.
    """
    rows = terms(facts.tables)
    decided = rows["decision_kind"].isin(list(rule.loss_kinds)) | rows["decision_kind"].isnull()
    leaving = rows["decided_day"].notnull() & decided
    over = leaving.ifelse(rows["effective"].coalesce(rows["ends"]), rows["ends"])
    rows = rows.mutate(leaving=leaving, over=over, decided_day=later(rows["decided_day"], rows["known_day"]))
    if GONE not in rows.columns:
        return rows
    first = rows.filter(rows["decided_day"].notnull()).group_by(decided_term="subscription_id", leaves="leaving")
    first = first.agg(first_day=lambda t: t["decided_day"].min())
    last = rows.filter(rows[GONE].isnull())
    joined = last.left_join(
        first, [last["subscription_id"] == first["decided_term"], last["leaving"] == first["leaves"]]
    )
    return joined.mutate(decided_day=joined["first_day"]).drop("decided_term", "leaves", "first_day", GONE)


def _once_all_are_decided(final: Any, gone: Any, rule: LabelRule) -> Any:
    """account_id, lost_day: while a term still runs undecided beside the last one, the account is not yet lost."""
    beside = gone.select(
        beside_account=gone["account_id"],
        beside_starts=gone["starts"],
        beside_over=gone["over"],
        beside_decided=gone["decided_day"],
    )
    joined = final.left_join(
        beside,
        [
            final["account_id"] == beside["beside_account"],
            beside["beside_starts"] <= final["over"] + rule.lapse_days,
            beside["beside_over"] > final["decided_day"],
        ],
    )
    found = joined.group_by("account_id", "subscription_id", "decided_day").agg(last=joined["beside_decided"].max())
    last, decided = found["last"], found["decided_day"]
    return found.select("account_id", lost_day=(last > decided).ifelse(last, decided))


def _by_decision(facts: Facts, base: Any, rule: LabelRule) -> Any:
    lost = losses(facts, rule)
    lost = lost.select(lost_account=lost["account_id"], lost_day=lost["lost_day"])
    joined = base.left_join(
        lost,
        [
            base["account_id"] == lost["lost_account"],
            lost["lost_day"] >= base["as_of_day"],
            lost["lost_day"] < base["closes"],
        ],
    )
    return joined.group_by("account_id", "as_of", "in_window", "opens", "closes").agg(
        hit=(joined["lost_day"] >= joined["opens"]).any().coalesce(False),
        decided_in_gap=(joined["lost_day"] < joined["opens"]).any().coalesce(False),
    )


def _by_inactivity(facts: Facts, base: Any) -> Any:
    life = signs_of_life(facts.tables)
    life = life.filter(life[GONE].isnull()) if GONE in life.columns else life
    active = life.select(active_account="account_id", day="day").distinct()
    joined = base.left_join(
        active,
        [
            base["account_id"] == active["active_account"],
            active["day"] >= base["opens"],
            active["day"] < base["closes"],
        ],
    )
    grouped = joined.group_by("account_id", "as_of", "in_window", "opens", "closes").agg(seen=joined["day"].count())
    return grouped.mutate(hit=grouped["seen"] == 0, decided_in_gap=False)


def data_until(facts: Facts) -> date:
    """The day after the newest fact of an account under contract: up to here the data can speak.

    Facts dated after an account's last term (a stray date, a straggler) do not stretch it: they would declare labels
    mature that are not.
    """
    term = terms(facts.tables)
    if GONE in term.columns:
        term = term.filter(term[GONE].isnull())
    last = term.group_by(last_account="account_id").agg(last_end=term["ends"].max())
    newest: list[int] = []
    for name, at in (*ACTIVITY.items(), ("subscriptions", "decision_at")):
        if name not in facts.tables:
            continue
        table = facts.tables[name].filter(lambda t, at=at: t[at].notnull())
        rows = table.select("account_id", day=day_of(table[at]))
        joined = rows.inner_join(last, rows["account_id"] == last["last_account"])
        day = joined.filter(joined["day"] < joined["last_end"])["day"].max().execute()
        if day is not None and day == day:
            newest.append(int(day))
    if not newest:
        raise NotEnoughData(
            "no fact falls into any account's term.", cure="Look at what `churn check` says of the dates."
        )
    return EPOCH + timedelta(days=max(newest) + 1)
