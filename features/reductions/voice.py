"""What customers say and whether they answer: surveys, touchpoints, and what CSMs record about the relation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import GONE, OPEN, dated, kept, latest_states, sooner, thousandths, until_next
from features.snapshots import day_of

Tables = Mapping[str, Any]
TOP_OF_SCALE = {"nps": 10.0, "csat": 5.0, "ces": 7.0, "outcome": 100.0}
# On the scale of 0–10 that NPS is asked on; the names are the method's own.
PROMOTER, DETRACTOR = 9_000, 6_000


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
    """The latest answer of each contact; several on one day count as their mean, each once it is known."""

    def rows(tables: Tables) -> Any:
        found = _survey(kind, tables)
        daily = _daily_where_restated(found) if GONE in found.columns else _daily(found)
        return daily.mutate(
            promoter=(daily["answer"] >= PROMOTER).cast("int64"), detractor=(daily["answer"] <= DETRACTOR).cast("int64")
        )

    return rows


@cache
def nps_between(low: float, high: float) -> Reduction:
    """The latest NPS answers of the contacts that lie between two, both inclusive."""

    def rows(tables: Tables) -> Any:
        found = _latest("nps")(tables)
        return found.filter(found["answer"].between(round(low * 1000), round(high * 1000)))

    return Reduction(f"nps_{low:g}_to_{high:g}".replace(".", "p"), "survey_responses", rows)


def _daily(found: Any) -> Any:
    import ibis

    learned = found.group_by("account_id", "person", "day", "known_day").agg(
        total=found["answer"].sum(), answers=found.count()
    )
    so_far = ibis.window(group_by=["account_id", "person", "day"], order_by="known_day", rows=(None, 0))
    mean = learned["total"].sum().over(so_far) // learned["answers"].sum().over(so_far)
    daily = learned.mutate(answer=mean.cast("int64")).drop("total", "answers")
    return until_next(daily, by=("account_id", "person"))


def _daily_where_restated(found: Any) -> Any:
    held = latest_states(kept(found, "person", "answer"), by=("account_id", "person"))
    grouped = held.group_by("account_id", "person", "day", "known_day", "end_day")
    return grouped.agg(answer=(held["answer"].sum() // held.count()).cast("int64"))


def _answers(*kinds: str) -> Any:
    def rows(tables: Tables) -> Any:
        import ibis

        found = ibis.union(*(_survey(kind, tables) for kind in kinds)) if len(kinds) > 1 else _survey(kinds[0], tables)
        return kept(found, answers=1, answer=found["answer"])

    return rows


def _touches(tables: Tables) -> Any:
    rows = dated(tables["touchpoints"], "occurred_at")
    theirs = rows["direction"] == "theirs"
    met = rows["kind"].isin(["meeting", "qbr", "call"])

    def flag(condition: Any) -> Any:
        return condition.coalesce(False).cast("int64")

    return kept(
        rows,
        ours=flag(~theirs),
        theirs=flag(theirs),
        mails=flag(~theirs & (rows["kind"] == "email")),
        meetings=flag(met & rows["attended"].notnull()),
        attended=flag(met & rows["attended"]),
        missed=flag(met & ~rows["attended"]),
        learning=flag(rows["kind"].isin(["training", "webinar"]) & rows["attended"].coalesce(True)),
        community=flag((rows["kind"] == "community") & theirs),
        feedback=flag(rows["kind"].isin(["feedback", "feature_request"]) & theirs),
        requests=flag((rows["kind"] == "feature_request") & theirs),
    )


def _when(column: str, value: str, *kinds: str) -> Any:
    """What customers did with contacts of ours; when we answered one of theirs says nothing of them."""

    def rows(tables: Tables) -> Any:
        found = dated(tables["touchpoints"], column)
        found = found.filter(found["direction"] == "ours")
        found = found.filter(found["kind"].isin(kinds)) if kinds else found
        passed = day_of(found[column]) - day_of(found["occurred_at"])
        return kept(found, waited=passed, **{value: 1})

    return rows


def _last(choose: Any, at: str = "occurred_at") -> Any:
    """The last touchpoint that `choose` keeps, as a state that the next one ends."""

    def rows(tables: Tables) -> Any:
        found = dated(tables["touchpoints"], at)
        found = kept(found.filter(choose(found).coalesce(False)))
        if GONE not in found.columns:
            found = found.group_by("account_id", "day").agg(known_day=found["known_day"].min())
        return until_next(found, by=("account_id",))

    return rows


def _taking_part(tables: Tables) -> Any:
    """The contacts who came, learned, wrote or gave feedback: whose relation it is, not how often we asked."""
    rows = dated(tables["touchpoints"], "occurred_at")
    rows = rows.filter(rows["user_id"].notnull() & ((rows["direction"] == "theirs") | rows["attended"].coalesce(False)))
    return kept(rows, entity=rows["user_id"])


def _answered(rows: Any) -> Any:
    return (rows["direction"] == "ours") & rows["responded_at"].notnull()


def _came(rows: Any) -> Any:
    return rows["kind"].isin(["meeting", "qbr", "call"]) & rows["attended"]


def _sponsor(tables: Tables) -> Any:
    """The latest rating; several on one day count as the lowest, until the last of them expires."""
    import ibis

    rows = dated(tables["crm_feedback"], "recorded_at")
    rows = rows.filter(rows["kind"] == "sponsor_rating")
    rows = rows.mutate(rating=rows["value"].try_cast("int64"), expiry=day_of(rows["expires_on"]).coalesce(OPEN))
    rows = rows.filter(rows["rating"].notnull())
    if GONE in rows.columns:
        held = latest_states(kept(rows, "rating", "expiry"), by=("account_id",))
        grouped = held.group_by("account_id", "day", "known_day", "end_day")
        states = grouped.agg(rating=held["rating"].min(), expiry=held["expiry"].max())
    else:
        learned = rows.group_by("account_id", "day", "known_day").agg(
            rating=rows["rating"].min(), expiry=rows["expiry"].max()
        )
        so_far = ibis.window(group_by=["account_id", "day"], order_by="known_day", rows=(None, 0))
        daily = learned.mutate(rating=learned["rating"].min().over(so_far), expiry=learned["expiry"].max().over(so_far))
        states = until_next(daily, by=("account_id",))
    # The rating stops counting on its expiry day, or when a newer one becomes known.
    return states.mutate(end_day=sooner(states["end_day"].coalesce(OPEN), states["expiry"] - 1))


latest_nps = Reduction("latest_nps", "survey_responses", _latest("nps"))
latest_csat = Reduction("latest_csat", "survey_responses", _latest("csat"))
latest_ces = Reduction("latest_ces", "survey_responses", _latest("ces"))
latest_outcome = Reduction("latest_outcome", "survey_responses", _latest("outcome"))
outcomes = Reduction("outcomes", "survey_responses", _answers("outcome"))
nps_answers = Reduction("nps_answers", "survey_responses", _answers("nps"))
csat_answers = Reduction("csat_answers", "survey_responses", _answers("csat"))
opinions = Reduction("opinions", "survey_responses", _answers("nps", "csat", "ces"))
touches = Reduction("touches", "touchpoints", _touches)
replies = Reduction("replies", "touchpoints", _when("responded_at", "replies"), needs=("responded_at",))
opens = Reduction("opens", "touchpoints", _when("opened_at", "opens", "email"), needs=("opened_at",))
last_reply = Reduction("last_reply", "touchpoints", _last(_answered, "responded_at"), needs=("responded_at",))
last_meeting = Reduction("last_meeting", "touchpoints", _last(_came), needs=("attended",))
last_contact = Reduction("last_contact", "touchpoints", _last(lambda t: t["direction"] == "theirs"))
contacts = Reduction("contacts", "touchpoints", _taking_part, needs=("user_id",))
sponsor = Reduction("sponsor", "crm_feedback", _sponsor)
