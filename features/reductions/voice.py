"""What customers say and whether they answer: surveys, touchpoints, and what CSMs record about the relation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import OPEN, dated, thousandths, until_next
from features.snapshots import day_of

Tables = Mapping[str, Any]
TOP_OF_SCALE = {"nps": 10.0, "csat": 5.0, "ces": 7.0, "outcome": 100.0}


def _survey(kind: str, tables: Tables) -> Any:
    import ibis

    rows = dated(tables["survey_responses"], "answered_at")
    rows = rows.filter(rows["kind"] == kind)
    top = rows["scale_max"].coalesce(ibis.literal(TOP_OF_SCALE[kind]))
    # Everything on the kind's own usual scale, whatever scale the survey used.
    return rows.mutate(
        answer=thousandths(rows["score"] * TOP_OF_SCALE[kind] / top), person=rows["user_id"].coalesce("")
    )


def _latest(kind: str) -> Any:
    def rows(tables: Tables) -> Any:
        """The latest answer of each contact; several on one day count as their mean, each once it is known."""
        import ibis

        found = _survey(kind, tables)
        learned = found.group_by("account_id", "person", "day", "known_day").agg(
            total=found["answer"].sum(), answers=found.count()
        )
        so_far = ibis.window(group_by=["account_id", "person", "day"], order_by="known_day", rows=(None, 0))
        mean = learned["total"].sum().over(so_far) // learned["answers"].sum().over(so_far)
        daily = learned.mutate(answer=mean.cast("int64")).drop("total", "answers")
        return until_next(daily, by=("account_id", "person"))

    return rows


def _answers(kind: str) -> Any:
    def rows(tables: Tables) -> Any:
        found = _survey(kind, tables)
        return found.select("account_id", "day", "known_day", answers=1, answer=found["answer"])

    return rows


def _touches(tables: Tables) -> Any:
    rows = dated(tables["touchpoints"], "occurred_at")
    theirs = rows["direction"] == "theirs"
    met = rows["kind"].isin(["meeting", "qbr", "call"])

    def flag(condition: Any) -> Any:
        return condition.coalesce(False).cast("int64")

    return rows.select(
        "account_id",
        "day",
        "known_day",
        ours=flag(~theirs),
        theirs=flag(theirs),
        mails=flag(~theirs & (rows["kind"] == "email")),
        meetings=flag(met & rows["attended"].notnull()),
        attended=flag(met & rows["attended"]),
        learning=flag(rows["kind"].isin(["training", "webinar"]) & rows["attended"].coalesce(True)),
        community=flag((rows["kind"] == "community") & theirs),
        feedback=flag(rows["kind"].isin(["feedback", "feature_request"]) & theirs),
    )


def _when(column: str, value: str) -> Any:
    def rows(tables: Tables) -> Any:
        found = dated(tables["touchpoints"], column)
        return found.select("account_id", "day", "known_day", **{value: 1})

    return rows


def _sponsor(tables: Tables) -> Any:
    """The latest rating; several on one day count as the lowest, until the last of them expires."""
    import ibis

    rows = dated(tables["crm_feedback"], "recorded_at")
    rows = rows.filter(rows["kind"] == "sponsor_rating")
    rows = rows.mutate(rating=rows["value"].try_cast("int64"), expiry=day_of(rows["expires_on"]).coalesce(OPEN))
    rows = rows.filter(rows["rating"].notnull())
    learned = rows.group_by("account_id", "day", "known_day").agg(
        rating=rows["rating"].min(), expiry=rows["expiry"].max()
    )
    so_far = ibis.window(group_by=["account_id", "day"], order_by="known_day", rows=(None, 0))
    daily = learned.mutate(rating=learned["rating"].min().over(so_far), expiry=learned["expiry"].max().over(so_far))
    states = until_next(daily, by=("account_id",))
    # The rating stops counting on its expiry day, or when a newer one becomes known.
    newer, last = states["end_day"].coalesce(OPEN), states["expiry"] - 1
    return states.mutate(end_day=(newer < last).ifelse(newer, last))


latest_nps = Reduction("latest_nps", "survey_responses", _latest("nps"))
latest_csat = Reduction("latest_csat", "survey_responses", _latest("csat"))
latest_ces = Reduction("latest_ces", "survey_responses", _latest("ces"))
latest_outcome = Reduction("latest_outcome", "survey_responses", _latest("outcome"))
outcomes = Reduction("outcomes", "survey_responses", _answers("outcome"))
nps_answers = Reduction("nps_answers", "survey_responses", _answers("nps"))
touches = Reduction("touches", "touchpoints", _touches)
replies = Reduction("replies", "touchpoints", _when("responded_at", "replies"), needs=("responded_at",))
opens = Reduction("opens", "touchpoints", _when("opened_at", "opens"), needs=("opened_at",))
sponsor = Reduction("sponsor", "crm_feedback", _sponsor)
