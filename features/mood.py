"""The mood of ticket messages, where the source gives text and no number (H14)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from data_contracts.sources import ACCEPTED, Facts

VERSION = "vader-3.3.2"
TABLE = "ticket_messages_with_mood"


def with_moods(facts: Facts, engine: Any) -> Facts:
    """The facts with every customer message that has text but no sentiment scored by VADER, −1 to 1.

    VADER is a fixed English word list: the same text always gives the same number, offline.
    """
    if "ticket_messages" not in facts.tables:
        return facts
    messages = facts.tables["ticket_messages"]
    silent = messages.filter(
        messages["sentiment"].isnull() & messages["text"].notnull() & (messages["author"] == "customer")
    )
    frame = silent.select("message_id", "text").to_pyarrow()
    if not len(frame):
        return facts
    import ibis
    import pyarrow as pa
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    texts = frame["text"].to_pylist()
    known = {text: float(analyzer.polarity_scores(text)["compound"]) for text in set(texts)}
    scored = ibis.memtable(
        pa.table({"scored_id": frame["message_id"], "mood": pa.array([known[t] for t in texts], pa.float64())})
    )
    joined = messages.left_join(scored, messages["message_id"] == scored["scored_id"])
    filled = joined.mutate(sentiment=joined["sentiment"].coalesce(joined["mood"])).drop("scored_id", "mood")
    table = engine.create_table(TABLE, filled, database=ACCEPTED, overwrite=True)
    return replace(facts, tables={**facts.tables, "ticket_messages": table})
