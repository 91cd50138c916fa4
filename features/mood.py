"""The mood of ticket messages, where the source gives text and no number (H14)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from data_contracts.sources import ACCEPTED, Facts

VERSION = "vader-3.3.2"
TABLE = "ticket_messages_with_mood"


def with_moods(facts: Facts, engine: Any) -> Facts:
    """The facts with every customer message that has text but no sentiment scored by VADER, −1 to 1.

    VADER is a fixed English word list: the same text always gives the same number, offline. VERSION names it; training
    runs record it.
    """
    if "ticket_messages" not in facts.tables:
        return facts
    messages = facts.tables["ticket_messages"]
    silent = messages["sentiment"].isnull() & messages["text"].notnull() & (messages["author"] == "customer")
    texts = messages.filter(silent).select("text").distinct().to_pyarrow()["text"].to_pylist()
    if not texts:
        return facts
    import ibis
    import pyarrow as pa
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    moods = [float(analyzer.polarity_scores(text)["compound"]) for text in texts]
    # By text and not by message: a restated message has several rows.
    scored = ibis.memtable(pa.table({"scored": pa.array(texts, pa.string()), "mood": pa.array(moods, pa.float64())}))
    joined = messages.left_join(scored, messages["text"] == scored["scored"])
    filled = joined.mutate(sentiment=silent.ifelse(joined["mood"], joined["sentiment"])).select(*messages.columns)
    table = engine.create_table(TABLE, filled, database=ACCEPTED, overwrite=True)
    return replace(facts, tables={**facts.tables, "ticket_messages": table})
